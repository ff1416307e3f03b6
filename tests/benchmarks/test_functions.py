"""The functions' benchmark, for one short round from the sources."""

import sys
from contextlib import closing
from pathlib import Path

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
