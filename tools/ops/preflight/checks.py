"""All checks, in the order in which what they find is put right.

They change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.ops.preflight.account import account, gateway_logs, region, state_bucket
from tools.ops.preflight.alarm_destinations import alarm_destinations
from tools.ops.preflight.ground import Checked, Ground, Verdict, asked
from tools.ops.preflight.quotas import alarms, api_resources, lambda_concurrency, open_executions

CHECKS = (
    region,
    state_bucket,
    gateway_logs,
    lambda_concurrency,
    open_executions,
    api_resources,
    alarms,
    alarm_destinations,
)


def run(ground: Ground) -> Iterator[Checked]:
    """All of them; of an account that is not the environment's, only that it is another."""
    about_account = list(asked(ground, account))
    yield from about_account
    if all(checked.verdict is Verdict.OK for checked in about_account):
        for check in CHECKS:
            yield from asked(ground, check)
