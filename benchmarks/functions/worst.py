"""What the worst callbacks cost `external_callback`, beside a good one that is as large.

Each live contract gets the largest bodies that it lets through, and the worst that it does not.
"""

import json
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Self

from callbacks.domain.channel import Channel, Contract
from callbacks.domain.task import TaskKey

from benchmarks.functions.aws import serving
from benchmarks.functions.cases import WAITING, Case
from benchmarks.functions.measuring import HERE, MeasuringError, Sample, environment, sample_process
from benchmarks.functions.recording import recorded
from tests.support import hostile
from tests.support.channels import example, schema, shipping_channel
from tests.support.functions import callback_event
from tools import REPOSITORY, markdown
from tools.contracts import settings, tree

AIM = 5
MEMORY_MB = 512
MB_A_CPU = 1769
GOOD = "a good one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """A body for a contract; `taken` is whether the contract lets it through."""

    contract: str
    name: str
    taken: bool
    case: Case


def bodies() -> Sequence[Worst]:
    """Of every live contract, the good one first."""
    channels = settings.read(REPOSITORY)
    return [
        worst
        for version in tree.versions(REPOSITORY)
        if version.name in channels[version.task_type]["versions"]
        for worst in _of_contract(version, channels[version.task_type]["max_output_bytes"])
    ]


def measure(
    worst: Iterable[Worst], task: Path, python: Path, warm_calls: int
) -> Generator[Mapping[tuple[str, str], Sample]]:
    """Rounds without end, each by contract and name. As `measuring.measure` has it.

    Raises:
        MeasuringError: a body got another response than it should, or took other calls.
    """
    recordings = {str(index): recorded(each.case) for index, each in enumerate(worst)}
    with serving(recordings) as (aws, called):

        def sample(index: str, each: Worst) -> Sample:
            called.clear()
            module = "functions.external_callback.handler"
            measured = sample_process(
                [python, "-P", HERE / "runtime.py", module, str(warm_calls)],
                environment(recordings[index], f"{aws}/{index}") | {"PYTHONPATH": str(task)},
                each.case.event,
            )
            if called != recordings[index].methods(1 + warm_calls):
                raise MeasuringError(f"{each.contract}, {each.name}: other calls: {called}")
            if measured.status not in ({200} if each.taken else {400, 413}):
                raise MeasuringError(f"{each.contract}, {each.name}: {measured.status}")
            return measured

        while True:
            yield {
                (each.contract, each.name): sample(index, each)
                for index, each in zip(recordings, worst, strict=True)
            }


def report(
    worst: Iterable[Worst], samples: Mapping[tuple[str, str], Sequence[Sample]]
) -> tuple[str, float]:
    """A table of what costs most of each contract, in Markdown, and the largest ratio in it."""
    rows: list[tuple[str, ...]] = []
    largest = 0.0
    groups: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for each in worst:
        groups[each.contract, each.taken].append(each.name)
    for (contract, taken), names in groups.items():
        good = samples[contract, GOOD]
        costs = {name: _Cost.of(samples[contract, name], good) for name in names if name != GOOD}
        by_cpu = max(costs, key=lambda name: costs[name].cpu_ratio)
        by_memory = max(costs, key=lambda name: costs[name].memory_ratio)
        if taken:
            rows.append((contract, GOOD, *_Cost.of(good, good).cells(alone=True)))
        for name in dict.fromkeys((by_cpu, by_memory)):
            told = f"{'taken' if taken else 'refused'}: {name}"
            rows.append((contract, told, *costs[name].cells()))
            largest = max(largest, costs[name].cpu_ratio, costs[name].memory_ratio)
    return markdown.table(("Contract", "Callback", "CPU ms", "Peak MiB"), rows).rstrip(), largest


def wall_ms(samples: Mapping[tuple[str, str], Sequence[Sample]]) -> float:
    """How long the worst takes on the share of a CPU that goes with the memory."""
    worst = max(median(each.cpu_ms for each in of_one) for of_one in samples.values())
    return worst * MB_A_CPU / MEMORY_MB


@dataclass(frozen=True, slots=True)
class _Cost:
    """Medians, and medians of the rounds' ratios to a good callback."""

    cpu_ms: float
    peak_mb: float
    cpu_ratio: float
    memory_ratio: float

    @classmethod
    def of(cls, samples: Sequence[Sample], good: Sequence[Sample]) -> Self:
        rounds = [*zip(samples, good, strict=True)]
        return cls(
            median(own.cpu_ms for own in samples),
            median(own.peak_mb for own in samples),
            median(own.cpu_ms / other.cpu_ms for own, other in rounds),
            median(own.peak_mb / other.peak_mb for own, other in rounds),
        )

    def cells(self, *, alone: bool = False) -> tuple[str, str]:
        if alone:
            return f"{self.cpu_ms:.1f}", f"{self.peak_mb:.0f}"
        return (
            f"{self.cpu_ms:.1f}: {self.cpu_ratio:.1f}",
            f"{self.peak_mb:.0f}: {self.memory_ratio:.1f}",
        )


def _of_contract(version: tree.Version, max_output_bytes: int) -> Iterable[Worst]:
    task_type = version.task_type
    channel = shipping_channel(
        task_type=task_type,
        max_output_bytes=max_output_bytes,
        versions={"v1": _contract(version)},
    )
    most = channel.max_body_bytes
    success = {
        "order_id": WAITING.key.order_id,
        "task_type": task_type,
        "task_status": "SUCCESS",
        "task_output": example("valid", "output", task_type, version.name),
    }
    good = {GOOD: json.dumps(success).ljust(most)}
    for taken, named in (
        (True, {**good, **hostile.taken(success, most)}),
        (False, hostile.refused(success, most)),
    ):
        for name, body in named.items():
            yield Worst(
                contract=f"{task_type} {version.name}",
                name=name,
                taken=taken,
                case=_case(channel, body, taken=taken),
            )


def _contract(version: tree.Version) -> Contract:
    callback = (REPOSITORY / version.model).read_text(encoding="utf-8")
    return Contract(json.dumps(schema("request", version.task_type, version.name)), callback)


def _case(channel: Channel, body: str, *, taken: bool) -> Case:
    send = "send_task_failure" if '"FAILURE"' in body else "send_task_success"
    event = callback_event(
        body,
        callback_id=WAITING.callback_id,
        resource=f"/externalCallback/{channel.task_type}",
    )
    return Case(
        function="external_callback",
        event=event,
        calls=("update_item", send, "update_item") if taken else (),
        given=replace(WAITING, key=TaskKey(WAITING.key.order_id, channel.task_type)),
        channel=channel,
    )
