"""Alarms and dashboards of a plan rest on what is emitted, and go off for what needs people."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.support.alarms import Alarm, Datapoints, Metric, alarms, begins
from tests.support.e2e.plans import plan_for_aws
from tests.support.incidents import INCIDENTS, Incident
from tests.support.metrics import EMITTED
from tests.support.policies.plan import resources
from tools import REPOSITORY, Json
from tools.devenv.environment import Environment
from tools.devenv.state import ACCOUNTS

RUNBOOK = REPOSITORY / "docs" / "runbook"
COST = REPOSITORY / "docs" / "cost.md"
NOT_SHOWN = {"OldestWaitPercent"}  # The alarm tells, and OldestOpenSeconds is shown.
SEARCH = re.compile(r"SEARCH\('\{\"([^,}]+)\",([^}]+)\} MetricName=\"(\w+)\"', 'Sum', 300\)")
# What AWS's services emit: namespace, name, and the dimensions, each with what it is the name of.
OF_SERVICES: dict[tuple[str, str], dict[str, tuple[str, str]]] = {
    ("AWS/ApiGateway", "5XXError"): {
        "ApiName": ("aws_api_gateway_rest_api", "name"),
        "Stage": ("aws_api_gateway_stage", "stage_name"),
    },
    ("AWS/Events", "FailedInvocations"): {"RuleName": ("aws_cloudwatch_event_rule", "name")},
    ("AWS/Events", "InvocationsFailedToBeSentToDlq"): {
        "RuleName": ("aws_cloudwatch_event_rule", "name")
    },
    ("AWS/Lambda", "DestinationDeliveryFailures"): {
        "FunctionName": ("aws_lambda_function", "function_name")
    },
    ("AWS/Lambda", "Errors"): {"FunctionName": ("aws_lambda_function", "function_name")},
    ("AWS/Lambda", "Invocations"): {"FunctionName": ("aws_lambda_function", "function_name")},
    ("AWS/Lambda", "Throttles"): {},
    ("AWS/SNS", "NumberOfNotificationsFailed"): {"TopicName": ("aws_sns_topic", "name")},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName": ("aws_sqs_queue", "name")},
    ("AWS/States", "ExecutionsAborted"): {"StateMachineArn": ("aws_sfn_state_machine", "arn")},
    ("AWS/States", "ExecutionsFailed"): {"StateMachineArn": ("aws_sfn_state_machine", "arn")},
    ("AWS/States", "ExecutionsSucceeded"): {"StateMachineArn": ("aws_sfn_state_machine", "arn")},
    ("AWS/States", "ExecutionsTimedOut"): {"StateMachineArn": ("aws_sfn_state_machine", "arn")},
}


@pytest.fixture(scope="module")
def plans(as_applied: Environment) -> dict[str, Json]:
    return {root: plan_for_aws(as_applied, root) for root in ACCOUNTS}


@pytest.fixture(scope="module")
def plan(plans: dict[str, Json]) -> Json:
    return plans["platform"]


def test_each_alarm_links_a_page_of_the_runbook(plans: dict[str, Json]) -> None:
    found = [alarm for plan in plans.values() for alarm in alarms(plan).values()]

    assert {"oldest-wait", "partner-dead-letters"} <= {alarm.kind for alarm in found}
    for alarm in found:
        assert alarm.description.endswith(f" See docs/runbook/{alarm.kind}.md"), alarm.name
        assert alarm.name.endswith(f"-{alarm.kind}")
        assert (RUNBOOK / f"{alarm.kind}.md").is_file()


def test_alarms_rest_on_metrics_that_are_emitted(plans: dict[str, Json]) -> None:
    for plan in plans.values():
        watched = {
            query.metric for alarm in alarms(plan).values() for query in alarm.queries.values()
        }

        assert watched - set(_emitted(plan)) == set()
        assert watched


def test_widgets_rest_on_metrics_that_are_emitted(plan: Json) -> None:
    shown = set(_shown(plan))

    assert shown - set(_emitted(plan)) == set()
    assert {name for name, dimensions, _ in EMITTED if not dimensions} - {
        metric.name for metric in shown
    } == NOT_SHOWN


def test_dashboards_search_for_metrics_that_are_emitted(plan: Json) -> None:
    searched = set(_searched(plan))
    emitted = {
        (_namespace(plan), dimensions, name) for name, dimensions, _ in EMITTED if dimensions
    }

    assert searched - emitted == set()
    assert len(searched) == 2


def test_a_percentage_is_compared_with_a_percentage(plan: Json) -> None:
    units = {name: unit for name, _, unit in EMITTED}

    for alarm in alarms(plan).values():
        for query in alarm.queries.values():
            if units.get(query.metric.name) == "Percent":
                assert 0 < alarm.threshold <= 100
                assert query.statistic == "Maximum"


def test_a_metric_that_is_missing_raises_no_alarm_but_the_sweep_s(plans: dict[str, Json]) -> None:
    silent = Datapoints()
    on = [
        alarm.kind
        for plan in plans.values()
        for alarm in alarms(plan).values()
        if alarm.is_on(silent, 0)
    ]

    assert on == ["sweep-stopped"]


@pytest.mark.parametrize(
    ("whose", "place", "most"),
    [
        ("of a channel with AWS", 'module.channel["ORDER_SHIPPING_SERVICE"]', 1),
        ("of a channel for one partner without AWS", 'module.channel["ORDER_FRAUD_REVIEW"]', 3),
        ("of a workflow", 'module.workflow["order_processing"]', 1),
        ("of the platform itself, with its API", "module.(platform|release)", 5),
    ],
)
def test_the_cost_of_alarms_is_as_documented(
    whose: str, place: str, most: float, plan: Json
) -> None:
    own = {
        address
        for address in resources(plan, "aws_cloudwatch_metric_alarm")
        if re.match(re.escape(place) if "[" in place else place, address)
    }
    metrics = sum(len(alarm.queries) for address, alarm in alarms(plan).items() if address in own)

    assert f"| {whose} | {len(own)} | {metrics} | {metrics * 0.1:.2f} |" in COST.read_text()
    assert metrics * 0.1 <= most


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.title)
def test_the_runbook_says_which_alarms_an_incident_raises_and_when(
    incident: Incident, plan: Json
) -> None:
    raised = _raised(incident, alarms(plan).values())

    assert set(incident.datapoints().values) - set(_emitted(plan)) == set()
    assert f"| {incident.title} | {raised} |" in (RUNBOOK / "README.md").read_text()


def _raised(incident: Incident, of_plan: Iterable[Alarm]) -> str:
    datapoints, minutes = incident.datapoints(), range(-1, incident.minutes)
    when = {
        (begun[0], alarm.kind) for alarm in of_plan if (begun := begins(alarm, datapoints, minutes))
    }
    assert all(minute >= 0 for minute, _ in when)
    return ", ".join(f"`{kind}` {minute}" for minute, kind in sorted(when)) or "none"


def _emitted(plan: Json) -> Iterator[Metric]:
    """By the functions, for each channel and partner; by filters of logs; by AWS's services."""
    namespace, webhooks, task_types = _namespace(plan), [*_webhooks(plan)], {*_task_types(plan)}
    for name, dimensions, unit in EMITTED:
        match dimensions:
            case ():
                yield Metric(namespace, name, (), unit)
            case ("task_type",):
                for task_type in task_types:
                    yield Metric(namespace, name, (("task_type", task_type),), unit)
            case ("partner", "task_type"):
                for task_type, partner in webhooks:
                    yield Metric(
                        namespace, name, (("partner", partner), ("task_type", task_type)), unit
                    )
    for values in resources(plan, "aws_cloudwatch_log_metric_filter").values():
        (made,) = values["metric_transformation"]
        yield Metric(made["namespace"], made["name"], (), made["unit"])
    for (service, name), kinds in OF_SERVICES.items():
        named = [
            [(dimension, values[attribute]) for values in resources(plan, kind).values()]
            for dimension, (kind, attribute) in sorted(kinds.items())
        ]
        yield from (Metric(service, name, one) for one in itertools.product(*named))


def _namespace(plan: Json) -> str:
    """Into which every function emits; none, where there are no functions."""
    functions = resources(plan, "aws_lambda_function").values()
    (namespace,) = {_variables(values)["POWERTOOLS_METRICS_NAMESPACE"] for values in functions} or {
        ""
    }
    return namespace


def _task_types(plan: Json) -> Iterator[str]:
    for values in resources(plan, "aws_lambda_function").values():
        if task_type := _variables(values).get("TASK_TYPE"):
            yield task_type


def _webhooks(plan: Json) -> Iterator[tuple[str, str]]:
    """Task type and name of each partner without AWS."""
    for values in resources(plan, "aws_lambda_function").values():
        if partner := _variables(values).get("PARTNER"):
            yield _variables(values)["TASK_TYPE"], partner


def _variables(function: Json) -> dict[str, str]:
    variables: dict[str, str] = function["environment"][0]["variables"]
    return variables


def _rows(plan: Json) -> Iterator[list[Any]]:
    """The metrics of all widgets, as CloudWatch takes them."""
    for values in resources(plan, "aws_cloudwatch_dashboard").values():
        for widget in json.loads(values["dashboard_body"])["widgets"]:
            yield from widget["properties"]["metrics"]


def _shown(plan: Json) -> Iterator[Metric]:
    for *named, _ in _rows(plan):
        if named:
            namespace, name, *dimensions = named
            pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
            yield Metric(namespace, name, tuple(sorted(pairs)))


def _searched(plan: Json) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for *named, last in _rows(plan):
        if not named:
            found = SEARCH.fullmatch(last["expression"])
            assert found, last
            namespace, dimensions, name = found.groups()
            yield namespace, tuple(one.strip('"') for one in dimensions.split(",")), name
