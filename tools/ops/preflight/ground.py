"""What checks stand on, and how each is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from tools.ops.place import LOCAL, Place
from tools.ops.preflight.intended import Intended

# The action that an operation needs, where its name is not the whole of it.
ACTIONS = {
    "DescribeAlarms": "cloudwatch:DescribeAlarms",
    "GetAccount": "apigateway:GET",
    "GetAccountSettings": "lambda:GetAccountSettings",
    "GetFunctionConcurrency": "lambda:GetFunctionConcurrency",
    "GetMetricData": "cloudwatch:GetMetricData",
    "GetServiceQuota": "servicequotas:GetServiceQuota",
    "GetTopicAttributes": "sns:GetTopicAttributes",
    "HeadBucket": "s3:ListBucket",
    "ListSubscriptionsByTopic": "sns:ListSubscriptionsByTopic",
}


class Verdict(StrEnum):
    """FAILED is what an apply or an alarm would fail at."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Checked:
    """`check` is what was found, `do` what to do about it, if there is anything."""

    verdict: Verdict
    check: str
    do: str = ""


@dataclass(frozen=True)
class Ground:
    """An environment and the account for it; `shell_region` is where other commands would look."""

    place: Place
    intended: Intended
    shell_region: str | None

    @property
    def is_local(self) -> bool:
        return self.place.name == LOCAL


type Check = Callable[[Ground], Iterator[Checked]]


def asked(ground: Ground, check: Check) -> Iterator[Checked]:
    """What a check finds; what it may not ask, or the local engine lacks, is a warning."""
    try:
        yield from check(ground)
    except ClientError as error:
        yield _unanswered(ground, error)
    except BotoCoreError as error:
        yield Checked(
            Verdict.FAILED, f"AWS could not be reached: {error}", "See to network and region."
        )


def _unanswered(ground: Ground, error: ClientError) -> Checked:
    operation = error.operation_name
    if status(error) == 403 or "AccessDenied" in _code(error):
        action = ACTIONS.get(operation, operation)
        return Checked(
            Verdict.WARNING, f"You may not call {operation}.", f"Have yourself allowed {action}."
        )
    if ground.is_local:
        return Checked(Verdict.WARNING, f"The local engine has no {operation}.")
    return Checked(Verdict.FAILED, f"{operation} failed: {error}", "Try again, or look it up.")


def status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
