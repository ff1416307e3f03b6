"""Checks of the account's quotas against what the environment needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tools.ops.preflight.ground import Checked, Ground, Verdict

LAMBDA_UNRESERVED = 100
OPEN_EXECUTIONS, OPEN_EXECUTIONS_NEAR = 1_000_000, 0.8
API_RESOURCES = 300
ALARMS = 5_000


def lambda_concurrency(ground: Ground) -> Iterator[Checked]:
    """What is reserved already for the environment's own functions is theirs to reserve again.

    Lambda tells its quota, and keeps 100 unreserved:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    intended, client = ground.intended, ground.place.client("lambda")
    wanted = {ground.place.dispatcher(name): size for name, size in intended.reserved.items()}
    if intended.reserved_for_callbacks is not None:
        wanted[ground.place.function("external_callback")] = intended.reserved_for_callbacks
    limits = client.get_account_settings()["AccountLimit"]
    have = limits["UnreservedConcurrentExecutions"] - LAMBDA_UNRESERVED
    have += sum(_reserved(client, function) for function in wanted)
    need = sum(wanted.values())
    check = (
        f"Lambda's concurrency: {need} are to be reserved, and {max(have, 0)} of "
        f"{limits['ConcurrentExecutions']} can be; {LAMBDA_UNRESERVED} stay unreserved."
    )
    if need <= have:
        yield Checked(Verdict.OK, check)
    else:
        yield Checked(
            Verdict.FAILED,
            check,
            f'Have the quota "Concurrent executions" raised by {need - have}, '
            "or set external_callback = { reserved_concurrency = -1 }.",
        )


def _reserved(client: Any, function: str) -> int:
    try:
        found = client.get_function_concurrency(FunctionName=function)
    except client.exceptions.ResourceNotFoundException:
        return 0
    return int(found.get("ReservedConcurrentExecutions", 0))


def open_executions(ground: Ground) -> Iterator[Checked]:
    """Step Functions publishes its quota beside the count, once there have been executions.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html has the metrics,
    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html the default.
    """
    now = time.time()
    metrics = {"count": "OpenExecutionCount", "limit": "OpenExecutionLimit"}
    results = ground.place.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": name,
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/States", "MetricName": metric},
                    "Period": 300,
                    "Stat": "Maximum",
                },
            }
            for name, metric in metrics.items()
        ],
        StartTime=now - 3600,
        EndTime=now,
    )["MetricDataResults"]
    newest = {each["Id"]: int(each["Values"][0]) for each in results if each.get("Values")}
    count, limit = newest.get("count", 0), newest.get("limit", OPEN_EXECUTIONS)
    check = f"Step Functions' open executions: about {count:,} of {limit:,}."
    if count < OPEN_EXECUTIONS_NEAR * limit:
        yield Checked(Verdict.OK, check)
    else:
        yield Checked(
            Verdict.WARNING if count < limit else Verdict.FAILED,
            check,
            "Have Step Functions' quota of open executions raised.",
        )


def api_resources(ground: Ground) -> Iterator[Checked]:
    """The quota is L-01C8A9E0 of apigateway, "Resources/Routes per REST/WebSocket API".

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    """
    need, told = ground.intended.api_resources, ground.intended.api_resource_quota
    check = f"The API needs {need} resources"
    if need > told:
        yield Checked(
            Verdict.FAILED,
            f"{check}, and api_resource_quota is {told}.",
            'Have the quota "Resources per API" raised, and set api_resource_quota.',
        )
    client = ground.place.client("service-quotas")
    try:
        found = client.get_service_quota(ServiceCode="apigateway", QuotaCode="L-01C8A9E0")
        quota = int(found["Quota"]["Value"])
    except client.exceptions.NoSuchResourceException:
        quota = API_RESOURCES
    if need > quota:
        yield Checked(
            Verdict.FAILED,
            f"{check}, and the account's quota is {quota}.",
            'Have the quota "Resources per API" raised.',
        )
    elif told > quota:
        yield Checked(
            Verdict.WARNING,
            f"api_resource_quota is {told}, and the account's quota is {quota}.",
            f"Set api_resource_quota to {quota}, or have the quota raised.",
        )
    elif need <= told:
        yield Checked(Verdict.OK, f"{check}, and the account's quota is {quota}.")


def alarms(ground: Ground) -> Iterator[Checked]:
    """Service Quotas has none of metric alarms: what AWS Support has granted cannot be read.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    """
    pages = ground.place.client("cloudwatch").get_paginator("describe_alarms").paginate()
    own = f"{ground.intended.prefix}-"
    others = sum(
        not alarm["AlarmName"].startswith(own)
        for page in pages
        for alarm in page.get("MetricAlarms", [])
    )
    need = ground.intended.alarms
    check = (
        f"CloudWatch's alarms: about {need} are to be made beside {others} others, "
        f"and a region has {ALARMS:,} unless AWS has granted more."
    )
    if need + others <= ALARMS:
        yield Checked(Verdict.OK, check)
    else:
        yield Checked(Verdict.WARNING, check, "Ask AWS Support whether it has, or to raise it.")
