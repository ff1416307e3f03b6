"""Refuses a workflow in which an outage costs an order, or a callback's result can be lost.

Infrastructure errors are retried for hours and then left uncaught, since a redrive runs only a Task
that failed uncaught; errors of the business are caught by name. docs/decisions has the reasons.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from callbacks.domain import errors
from callbacks.domain.outcome import FAILED, RETRYABLE, UNDELIVERABLE

from tools.contracts import tree, workflows
from tools.contracts.documents import (
    Document,
    Finding,
    Reading,
    contents,
    examined,
    nearest,
    read,
    token,
)
from tools.contracts.settings import Settings

HOUR = 3600
SHORTEST_OUTAGE = 6 * HOUR
LONGEST_OUTAGE = 7 * 24 * HOUR
EXECUTION_SECONDS = 365 * 24 * HOUR
# An execution has 25,000 events; a retry makes four, and half are left for what a redrive adds.
EVENTS, EVENTS_OF_A_TRY = 12_500, 4

ANYTHING = {"States.ALL", "States.TaskFailed"}
TIMEOUTS = {"States.Timeout", "States.HeartbeatTimeout"}
BUSINESS = [
    FAILED,
    RETRYABLE,
    UNDELIVERABLE,
    errors.InvalidDispatch.__name__,
    errors.InvalidRequest.__name__,
    errors.PayloadTooLarge.__name__,
    errors.TaskAlreadyPending.__name__,
    "States.Timeout",
]
_EXPRESSION = re.compile(r"(?<!\$)\$\{([^}\n]*)\}|(?<!%)(%\{)")
_RETOLD = re.compile(r"States\.JsonToString\(\$[^()]*\)")
# name => default, least and greatest of the Amazon States Language
_NUMBERS = {
    "BackoffRate": (2, 1, 10**6),
    "IntervalSeconds": (1, 1, 99_999_999),
    "MaxAttempts": (3, 0, 99_999_999),
    "MaxDelaySeconds": (31_622_399, 2, 31_622_399),
}

type Json = Mapping[str, Any]


def lint(root: Path, channels: Mapping[str, Settings | None]) -> Iterator[Finding]:
    """Findings in all workflows; of `channels`, None are settings that are refused."""
    retrier = yield from read(root, tree.INFRASTRUCTURE_RETRIER)
    if retrier is None:
        return
    broken = [*_misshapen(retrier, "", "the retrier", retrier.value)]
    yield from broken
    if broken:
        return
    values = workflows.placeholders(root, channels)
    for file in sorted((root / tree.WORKFLOWS).glob("*.asl.json")):
        path = file.relative_to(root)
        content = yield from contents(root, path)
        document = None if content is None else (yield from _rendered(path, content, values))
        if document is not None:
            yield from _Workflow(document, retrier.value["ErrorEquals"], channels).findings()


def _rendered(path: Path, content: bytes, values: Mapping[str, str]) -> Reading:
    """The workflow with its placeholders filled in, each on the line where it stands."""
    unknown = False
    for number, line in enumerate(content.decode(errors="replace").split("\n"), start=1):
        for name, directive in _EXPRESSION.findall(line):
            if name not in values:
                unknown = True
                what = f"there is no placeholder {directive or name}"
                yield Finding(path, number, what, nearest(name, [*values]))
    if unknown:
        return None
    text = content.decode(errors="surrogateescape")
    return (
        yield from examined(path, workflows.render(text, values).encode(errors="surrogateescape"))
    )


@dataclass(frozen=True)
class _Workflow:
    document: Document
    infrastructure: Sequence[str]
    channels: Mapping[str, Settings | None]

    def findings(self) -> Iterator[Finding]:
        if not _object(_object(self.document.value).get("States")):
            yield self.document.finding("", "the workflow has no States", '"States": {...}')
        events = 0
        for pointer, name, state, siblings in _states(self.document.value, ""):
            if state.get("Type") == "Fail":
                yield from self._fail(pointer, name, state)
            task = _Task(
                self.document, pointer, name, state, siblings, self.infrastructure, self.channels
            )
            if state.get("Type") in ("Map", "Parallel"):
                yield from task.container()
            if state.get("Type") == "Task":
                yield from task.findings()
                tries = 1 + sum(_number(one, "MaxAttempts") for one in task.retriers)
                events += EVENTS_OF_A_TRY * int(tries)
        if events > EVENTS:
            yield self.document.finding(
                "",
                f"its retries can make {events:,} events, and an execution ends at 25,000",
                "fewer retries, further apart",
            )

    def _fail(self, pointer: str, name: str, state: Json) -> Iterator[Finding]:
        cause = state.get("CausePath")
        if not isinstance(cause, str) or not _RETOLD.fullmatch(cause):
            yield self.document.finding(
                pointer,
                f"{name} does not retell the error that was caught, and close_execution would take "
                "it for a Task that failed uncaught",
                '"CausePath": "States.JsonToString($.error)"',
            )


@dataclass(frozen=True)
class _Task:
    document: Document
    pointer: str
    name: str
    state: Json
    siblings: Json
    infrastructure_errors: Sequence[str]
    channels: Mapping[str, Settings | None]

    def container(self) -> Iterator[Finding]:
        """What it catches, its branches or items have failed with."""
        broken = [*self._misshapen()]
        yield from broken or self._catch()

    def findings(self) -> Iterator[Finding]:
        if not self.resource:
            yield self._finding("/Resource", "has no Resource", '"Resource": "arn:..."')
            return
        if not self.state.keys() & {"TimeoutSeconds", "TimeoutSecondsPath"}:
            yield self._finding(
                "", "has no time-out, and would wait for a year", '"TimeoutSeconds": 30'
            )
        if self.waits:
            yield from self._wait()
        elif self.channel is not None:
            yield self._finding(
                "/Resource",
                f"calls the dispatcher of {self.channel} and does not wait",
                '"Resource": "arn:${partition}:states:::lambda:invoke.waitForTaskToken"',
            )
        broken = [*self._misshapen()]
        yield from broken
        if not broken:
            yield from self._order()
            yield from self._infrastructure()
            yield from self._catch()
            if self.waits:
                yield from self._business()

    @property
    def resource(self) -> str:
        resource = self.state.get("Resource")
        return resource if isinstance(resource, str) else ""

    @property
    def waits(self) -> bool:
        return self.resource.endswith(".waitForTaskToken")

    @property
    def infrastructure(self) -> list[str]:
        """What is retried for hours, and not caught. A wait's own time-out is the partner's."""
        if self.waits:
            return [*self.infrastructure_errors]
        if ":lambda:" in self.resource or not self.resource:
            return [*self.infrastructure_errors, "States.Timeout"]
        return ["States.TaskFailed", "States.Timeout"]

    @cached_property
    def retriers(self) -> list[Json]:
        return _objects(self.state.get("Retry"))

    @cached_property
    def channel(self) -> str | None:
        """The task type whose dispatcher the state calls."""
        arns = {workflows.function_arn(one.lower()): one for one in self.channels}
        function = _object(self.state.get("Parameters")).get("FunctionName")
        return arns.get(function) if isinstance(function, str) else None

    @property
    def settings(self) -> Settings | None:
        """Those of the channel, unless they are refused."""
        return None if self.channel is None else self.channels[self.channel]

    def _misshapen(self) -> Iterator[Finding]:
        for field in ("Retry", "Catch"):
            entries = self.state.get(field, [])
            if not isinstance(entries, list):
                yield self._finding(f"/{field}", f"has a {field} that is no list", f'"{field}": []')
                continue
            for index, entry in enumerate(entries):
                where = f"{self.pointer}/{field}/{index}"
                yield from _misshapen(self.document, where, f"{field} of {self.name}", entry)

    def _order(self) -> Iterator[Finding]:
        for index, retrier in enumerate(self.retriers):
            names = retrier["ErrorEquals"]
            if "States.ALL" in names and (len(names) > 1 or index < len(self.retriers) - 1):
                yield self._finding(
                    f"/Retry/{index}",
                    "retries States.ALL beside or before others: Step Functions refuses it",
                    "States.ALL alone, in the last retrier",
                )
            overtaken = [name for name in names if self._first(name) != index]
            if overtaken:
                yield self._finding(
                    f"/Retry/{index}",
                    f"never comes to the retrier of {_listed(overtaken)}: an earlier one has it, "
                    "and the first counts",
                    "each error in one retrier, the wildcards last",
                )

    def _infrastructure(self) -> Iterator[Finding]:
        groups: dict[int | None, list[str]] = defaultdict(list)
        for error in self.infrastructure:
            groups[self._first(error)].append(error)
        for index, names in groups.items():
            if index is None:
                yield self._finding("/Retry", f"does not retry {_listed(names)}", self._retrier)
                continue
            seconds = _pauses(self.retriers[index])
            if seconds < SHORTEST_OUTAGE:
                yield self._finding(
                    f"/Retry/{index}",
                    f"retries {_listed(names)} for {seconds:,.0f} seconds, and an outage can last "
                    f"{SHORTEST_OUTAGE:,}",
                    self._retrier,
                )
            if seconds > LONGEST_OUTAGE:
                yield self._finding(
                    f"/Retry/{index}",
                    f"retries {_listed(names)} for {seconds / 24 / HOUR:,.0f} days, in which no "
                    "alarm goes off",
                    self._retrier,
                )

    @property
    def _retrier(self) -> str:
        if self.waits:
            return f'"Retry": ${{{(self.channel or "TYPE").lower()}_retry}}'
        kind = "function" if ":lambda:" in self.resource else "service"
        return f'"Retry": [${{{kind}_retrier}}]'

    def _catch(self) -> Iterator[Finding]:
        for index, catcher in enumerate(_objects(self.state.get("Catch"))):
            where = f"/Catch/{index}"
            swallowed = [
                name
                for name in catcher["ErrorEquals"]
                if name in ANYTHING or name in self.infrastructure or name.startswith("Lambda.")
            ]
            if swallowed:
                yield self._finding(
                    where + "/ErrorEquals",
                    f"catches {_listed(swallowed)}, and infrastructure errors with it: a redrive "
                    "could not run the state again",
                    "the errors of the business, by name",
                )
            if catcher.get("ResultPath", "$") == "$":
                yield self._finding(
                    where,
                    "lets an error replace its input, and the results of callbacks with it",
                    '"ResultPath": "$.error"',
                )
            target = catcher.get("Next")
            if not isinstance(target, str) or target not in self.siblings:
                yield self._finding(
                    where + "/Next",
                    f"goes on at {target}, which is not there",
                    nearest(str(target), [*self.siblings]),
                )
            elif (
                errors.TaskAlreadyPending.__name__ in catcher["ErrorEquals"]
                and _object(self.siblings[target]).get("Type") != "Fail"
            ):
                yield self._finding(
                    where + "/Next",
                    "goes on after TaskAlreadyPending, and the order is another execution's",
                    "a Fail state of its own",
                )

    def _wait(self) -> Iterator[Finding]:
        if "ResultPath" in self.state and self.state["ResultPath"] is None:
            yield self._finding(
                "/ResultPath", "throws the callback's result away", '"ResultPath": "$.result"'
            )
        if self.channel is None:
            yield self._finding(
                "/Parameters/FunctionName",
                "waits on no channel",
                nearest("", [f"${{{name.lower()}_function_arn}}" for name in self.channels]),
            )
            return
        payload = _object(_object(self.state.get("Parameters")).get("Payload"))
        for key, value in [
            ("token.$", "$$.Task.Token"),
            ("execution_arn.$", "$$.Execution.Id"),
            ("input.$", payload.get("input.$", "$")),
        ]:
            if key not in payload or payload[key] != value:
                yield self._finding(
                    f"/Parameters/Payload{token(key)}",
                    f"does not tell the dispatcher its {key.removesuffix('.$')}",
                    f'"{key}": "{value}"',
                )
        if self.settings is not None:
            yield from self._seconds("timeout", self.settings["timeout_seconds"])
            yield from self._seconds("heartbeat", self.settings["heartbeat_seconds"])

    def _seconds(self, which: str, agreed: int | None) -> Iterator[Finding]:
        """The state, what it tells the dispatcher, and the channel have to say the same."""
        payload = _object(_object(self.state.get("Parameters")).get("Payload"))
        for where, said in [
            (f"/{which.capitalize()}Seconds", self.state.get(f"{which.capitalize()}Seconds")),
            (f"/Parameters/Payload/{which}_seconds", payload.get(f"{which}_seconds")),
        ]:
            key = where.rpartition("/")[2]
            if type(said) is not type(agreed) or said != agreed:
                assert self.channel is not None
                yield self._finding(
                    where,
                    f"has {key} {said}, and schemas/{self.channel}/channel.json {agreed}",
                    f"no {key}"
                    if agreed is None
                    else f'"{key}": ${{{self.channel.lower()}_{which}_seconds}}',
                )

    def _business(self) -> Iterator[Finding]:
        silence = ["States.HeartbeatTimeout"] if "HeartbeatSeconds" in self.state else []
        business = [*BUSINESS, *silence]
        caught = {name for one in _objects(self.state.get("Catch")) for name in one["ErrorEquals"]}
        missing = [name for name in business if name not in caught]
        if missing:
            yield self._finding(
                "/Catch",
                f"does not catch {_listed(missing)}: the order would stall, and not fail",
                "the error in the Catch that leads to MarkOrderFailed; TaskAlreadyPending in one "
                "of its own",
            )
        own = self._first(RETRYABLE)
        if self.settings is not None:
            _, expected = workflows.retriers({}, self.settings)
            if own is None or any(
                self.retriers[own].get(key) != value for key, value in expected.items()
            ):
                yield self._finding(
                    "/Retry" if own is None else f"/Retry/{own}",
                    f"does not retry {RETRYABLE} as retry in schemas/{self.channel}/channel.json "
                    "says, in a retrier of its own",
                    self._retrier,
                )
        infrastructural = {self._first(name) for name in self.infrastructure} - {None}
        for index in sorted(one for one in infrastructural if one is not None):
            final = [name for name in business if name != RETRYABLE and self._first(name) == index]
            if final and _number(self.retriers[index], "MaxAttempts"):
                yield self._finding(
                    f"/Retry/{index}",
                    f"retries {_listed(final)} as if the infrastructure had failed",
                    self._retrier,
                )
        if own is not None:
            tries = 1 + _number(self.retriers[own], "MaxAttempts")
            seconds = self.state.get("TimeoutSeconds")
            longest = tries * min(seconds, EXECUTION_SECONDS) if isinstance(seconds, int) else 0
            longest += sum(_pauses(one) for one in self.retriers)
            if longest > EXECUTION_SECONDS:
                yield self._finding(
                    "/TimeoutSeconds",
                    f"can last {longest / 24 / HOUR:,.0f} days with its retries, and an execution "
                    "lasts 365",
                    "a shorter timeout_seconds, or fewer max_attempts, in channel.json",
                )

    def _first(self, error: str) -> int | None:
        """The retrier that counts."""
        for index, retrier in enumerate(self.retriers):
            names = retrier["ErrorEquals"]
            if error in names or "States.ALL" in names:
                return index
            if "States.TaskFailed" in names and error not in TIMEOUTS:
                return index
        return None

    def _finding(self, where: str, what: str, instead: str) -> Finding:
        return self.document.finding(self.pointer + where, f"{self.name} {what}", instead)


def _states(value: object, pointer: str) -> Iterator[tuple[str, str, Json, Json]]:
    """Pointer, name, the state and its siblings, of branches and item processors too."""
    machine = _object(value)
    states = _object(machine.get("States"))
    for name, state in states.items():
        here = f"{pointer}/States{token(name)}"
        if isinstance(state, dict):
            yield here, name, state, states
            for field in ("ItemProcessor", "Iterator"):
                yield from _states(state.get(field), f"{here}/{field}")
            for index, branch in enumerate(_objects(state.get("Branches"))):
                yield from _states(branch, f"{here}/Branches/{index}")


def _misshapen(document: Document, pointer: str, what: str, entry: object) -> Iterator[Finding]:
    """Why it is no retrier and no catcher."""
    names = _object(entry).get("ErrorEquals")
    if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
        yield document.finding(
            pointer, f"{what} has no ErrorEquals of names of errors", '"ErrorEquals": ["..."]'
        )
        return
    for name, (default, least, most) in _NUMBERS.items():
        value = _object(entry).get(name, default)
        if not _valid(name, value):
            yield document.finding(
                f"{pointer}/{name}",
                f"{what} has a {name} that is no number from {least} to {most}",
                f'"{name}": {default}',
            )


def _valid(name: str, value: object) -> bool:
    _, least, most = _NUMBERS[name]
    kinds = int | float if name == "BackoffRate" else int
    return isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most


def _number(entry: Json, name: str) -> float:
    """The field, or its default where it is left out, or no such number."""
    value: Any = entry.get(name)
    return float(value) if _valid(name, value) else _NUMBERS[name][0]


def _pauses(retrier: Json) -> float:
    """The sum of the longest pauses, in seconds; with full jitter they are half that on average."""
    total, pause = 0.0, _number(retrier, "IntervalSeconds")
    longest = _number(retrier, "MaxDelaySeconds")
    for _ in range(min(int(_number(retrier, "MaxAttempts")), EVENTS)):
        pause = min(pause, longest)
        total += pause
        pause *= _number(retrier, "BackoffRate")
    return total


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
