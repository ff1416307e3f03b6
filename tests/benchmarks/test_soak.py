"""The soak, for a few hundred steps."""

import sys

import pytest

from benchmarks import soak
from tests.support.protocol.invariants import Violation


@pytest.fixture(autouse=True)
def _arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["soak", "--steps", "300", "--seed", "1"])


def test_it_counts_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    soak.main()

    printed = capsys.readouterr().out
    assert printed.startswith("300 steps, seed 1\n")
    assert "takes effect, and its reply is lost" in printed
    assert "callback: fresh" in printed
    assert "no invariant was violated" in printed


def test_a_violation_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def violate(*_: object, **__: object) -> None:
        raise Violation("an outcome is lost")

    monkeypatch.setattr(soak, "run", violate)

    with pytest.raises(Violation):
        soak.main()

    assert "no invariant was violated" not in capsys.readouterr().out
