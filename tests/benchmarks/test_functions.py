"""The functions' benchmark, for one short round from the sources."""

import sys
from contextlib import closing
from pathlib import Path

from benchmarks.functions import worst
from benchmarks.functions.cases import CASES
from benchmarks.functions.measuring import measure
from tests.support import functions
from tools.deploy import package


def test_each_function_is_measured_beside_a_bare_handler() -> None:
    with closing(measure(CASES, package.LAMBDAS, Path(sys.executable), warm_calls=1)) as rounds:
        measured = next(rounds)

    assert sorted(measured) == sorted(functions.NAMES)
    for own, bare in measured.values():
        assert min(own.cold_ms, own.cpu_ms, own.peak_mb) > 0
        assert min(bare.cold_ms, bare.cpu_ms, bare.peak_mb) > 0


def test_the_worst_callbacks_are_measured_beside_a_good_one() -> None:
    every = worst.bodies()
    names = {worst.GOOD, "the longest message", "empty objects"}
    some = [body for body in every if body.contract == every[0].contract and body.name in names]
    measured = worst.measure(some, package.LAMBDAS, Path(sys.executable), warm_calls=1)
    with closing(measured) as rounds:
        samples = {which: [sample] for which, sample in next(rounds).items()}

    table, largest = worst.report(some, samples)

    assert len(samples) == len(some) == 3
    assert [line.split(" | ")[1] for line in table.splitlines()[2:]] == [
        "a good one",
        "taken: the longest message",
        "refused: empty objects",
    ]
    assert largest > 0


def test_every_live_contract_gets_the_same_bodies() -> None:
    named: dict[str, set[str]] = {}
    for body in worst.bodies():
        named.setdefault(body.contract, set()).add(body.name)

    assert len(named) >= 2
    assert len({frozenset(names) for names in named.values()}) == 1
