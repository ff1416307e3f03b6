"""Alarms of a plan, and when each goes off over datapoints.

moto keeps alarms and evaluates none. This has as much of CloudWatch as the alarms use: each minute
it looks at the periods that end then. CloudWatch looks a few periods further back where some are
missing, which lets an alarm end later, and not begin otherwise.
"""

import ast
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.policies.plan import resources
from tools import Json

type Value = float | None  # None: there is no datapoint.

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
_STATISTICS: dict[str, Callable[[list[float]], float]] = {"Maximum": max, "Sum": sum}


@dataclass(frozen=True, order=True)
class Metric:
    """`dimensions` are pairs of name and value, sorted; `unit` is None where any will do."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    unit: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Metric":
        """What an alarm of a plan, or one of its queries, looks at."""
        dimensions = tuple(sorted((values.get("dimensions") or {}).items()))
        return cls(values["namespace"], values["metric_name"], dimensions, values.get("unit"))


@dataclass
class Datapoints:
    """What was emitted, by metric and minute."""

    values: dict[Metric, dict[int, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def put(self, metric: Metric, minutes: Iterable[int], value: float = 1) -> None:
        """The same value at each of these minutes."""
        for minute in minutes:
            self.values[metric][minute].append(value)

    def statistic(self, metric: Metric, name: str, minutes: range) -> Value:
        """Over these minutes."""
        by_minute = self.values.get(metric, {})
        found = [value for minute in minutes for value in by_minute.get(minute, [])]
        return _STATISTICS[name](found) if found else None


@dataclass(frozen=True)
class Query:
    """A metric's statistic over each period."""

    metric: Metric
    statistic: str
    minutes: int


@dataclass(frozen=True)
class Alarm:
    """One alarm; its value is that of the query or expression `returned`."""

    name: str
    description: str
    queries: Mapping[str, Query]
    expressions: Mapping[str, ast.expr]
    returned: str
    periods: int
    threshold: float
    comparison: str
    missing: str

    @property
    def kind(self) -> str:
        """The name of its page in the runbook."""
        return self.description.rpartition("/")[2].removesuffix(".md")

    def is_on(self, datapoints: Datapoints, minute: int) -> bool:
        """Whether all of its periods, the last of which ends with the minute, breach."""
        (length,) = {query.minutes for query in self.queries.values()}
        ends = [minute + 1 - length * number for number in range(self.periods)]
        return all(self._breaches(datapoints, range(end - length, end)) for end in ends)

    def _breaches(self, datapoints: Datapoints, minutes: range) -> bool:
        value = self._value(self.returned, datapoints, minutes)
        if value is None:
            return self.missing == "breaching"
        return _COMPARISONS[self.comparison](value, self.threshold)

    def _value(self, name: str, datapoints: Datapoints, minutes: range) -> Value:
        if query := self.queries.get(name):
            return datapoints.statistic(query.metric, query.statistic, minutes)
        return _evaluate(
            self.expressions[name], lambda other: self._value(other, datapoints, minutes)
        )


def alarms(plan: Json) -> dict[str, Alarm]:
    """All alarms of a plan (`terraform show -json`), by address."""
    found = resources(plan, "aws_cloudwatch_metric_alarm")
    return {address: _alarm(values) for address, values in found.items()}


def begins(alarm: Alarm, datapoints: Datapoints, minutes: range) -> list[int]:
    """The minutes in which it goes off."""
    on = {minute for minute in minutes if alarm.is_on(datapoints, minute)}
    return sorted(minute for minute in on if minute - 1 not in on)


def _alarm(values: Json) -> Alarm:
    queried: list[Json] = values["metric_query"] or []
    # An alarm on one metric is one with a single query.
    metrics = {one["id"]: one["metric"][0] for one in queried if one["metric"]} or {
        "metric": {**values, "stat": values["statistic"]}
    }
    assert not values.get("datapoints_to_alarm")
    return Alarm(
        name=values["alarm_name"],
        description=values["alarm_description"],
        queries={
            name: Query(Metric.of(one), one["stat"], one["period"] // 60)
            for name, one in metrics.items()
        },
        expressions={
            one["id"]: ast.parse(one["expression"], mode="eval").body
            for one in queried
            if one["expression"]
        },
        returned=next((one["id"] for one in queried if one["return_data"]), "metric"),
        periods=values["evaluation_periods"],
        threshold=values["threshold"],
        comparison=values["comparison_operator"],
        missing=values["treat_missing_data"],
    )


def _evaluate(node: ast.expr, value: Callable[[str], Value]) -> Value:
    """What is missing stays missing, but in FILL and in the branch that IF does not take."""
    match node:
        case ast.Constant(float() | int() as number):
            return number
        case ast.Name(name):
            return value(name)
        case ast.Call(ast.Name("FILL"), [filled, by]):
            found = _evaluate(filled, value)
            return _evaluate(by, value) if found is None else found
        case ast.Call(ast.Name("IF"), [condition, then, otherwise]):
            holds = _evaluate(condition, value)
            return None if holds is None else _evaluate(then if holds else otherwise, value)
        case ast.BinOp(left, sign, right) | ast.Compare(left, [sign], [right]):
            one, other = _evaluate(left, value), _evaluate(right, value)
            return None if one is None or other is None else _OPERATORS[type(sign)](one, other)
    raise NotImplementedError(ast.unparse(node))
