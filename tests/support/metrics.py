"""The metrics that the functions emit: name, dimensions and unit.

Alarms and dashboards may rest on these, and on no others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Metric = tuple[str, tuple[str, ...], str]

_BY_TASK_TYPE_AND_IN_ALL = {
    "TasksDispatched": "Count",
    "DispatchesRefused": "Count",
    "DispatchesUnavailable": "Count",
    "CallbacksSucceeded": "Count",
    "CallbacksFailed": "Count",
    "CallbacksRefused": "Count",
    "CallbackErrors": "Count",
    "TasksExpired": "Count",
    "TasksUndeliverable": "Count",
    "OutcomesHeld": "Count",
    "OutcomesRequeued": "Count",
    "RedeliveriesTried": "Count",
    "TimeToCallback": "Seconds",
    "OpenTasks": "Count",
    "OldestOpenSeconds": "Seconds",
    "OldestWaitPercent": "Percent",
    "OverdueTasks": "Count",
    "HeldOutcomes": "Count",
    "OldestHeldSeconds": "Seconds",
}


def _emitted() -> Iterator[Metric]:
    for name, unit in _BY_TASK_TYPE_AND_IN_ALL.items():
        yield name, (), unit
        yield name, ("task_type",), unit
    yield "CallbacksRefused", ("problem",), "Count"
    yield "WebhooksTaken", ("partner", "task_type"), "Count"
    yield "WebhooksRefused", ("partner", "task_type"), "Count"


EMITTED: frozenset[Metric] = frozenset(_emitted())


@dataclass(frozen=True)
class Reading:
    """The values of one metric for one set of dimensions, in one document."""

    metric: Metric
    dimensions: Mapping[str, str]
    values: tuple[float, ...]
    namespace: str


def readings(lines: Iterable[Mapping[str, Any]]) -> Iterator[Reading]:
    """What CloudWatch takes from printed lines; logs are among them."""
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            for asked in directive["Metrics"]:
                for names in directive["Dimensions"]:
                    yield Reading(
                        (asked["Name"], tuple(sorted(names)), asked["Unit"]),
                        {name: line[name] for name in names},
                        tuple(line[asked["Name"]]),
                        directive["Namespace"],
                    )
