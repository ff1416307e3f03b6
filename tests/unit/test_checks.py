"""That checks run side by side, whatever becomes of each, and that failures are named last."""

import re
from pathlib import Path

import pytest

from tools import checks, show
from tools.errors import UserError

# Each waits for the other.
MAKEFILE = """
one:
\t@echo noise; touch one; while [ ! -e other ]; do sleep 0.05; done; echo [fine]
other:
\t@touch other; while [ ! -e one ]; do sleep 0.05; done; echo '[not] fine'; exit {status}
"""


@pytest.fixture
def makefile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "Makefile"


def test_a_check_that_passes_shows_how_it_ended_and_nothing_before(
    makefile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makefile.write_text(MAKEFILE.format(status=0))

    checks.check(["one", "other"])

    told = capsys.readouterr().out
    assert "one passed" in told
    assert "other passed" in told
    assert "[fine]" in told
    assert "noise" not in told


def test_a_check_that_fails_shows_all_it_printed_and_is_named_at_the_end(
    makefile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makefile.write_text(MAKEFILE.format(status=1))

    with pytest.raises(UserError, match=r"^Failed: other\.$"):
        checks.check(["one", "other"])

    told = capsys.readouterr().out
    assert "[not] fine" in told
    assert "other FAILED" in told
    assert "one passed" in told


def test_what_was_left_out_is_said_last(makefile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left_out = "SKIPPED [2] tests/e2e/test_console.py: there is no Chromium here"
    makefile.write_text(f"one:\n\t@echo '{left_out}'; echo 1 passed\nother:\n\t@sleep 0.2\n")

    checks.check(["one", "other"])

    told = capsys.readouterr().out.splitlines()
    assert told[-1] == left_out
    assert told.count(left_out) == 1


def test_what_takes_long_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "QUIET_SECONDS", 0)

    with show.progress("applying") as tell:
        tell("1 of 2")
        tell("2 of 2")

    told = re.sub(r"  \d+ s$", "", capsys.readouterr().out, flags=re.MULTILINE)
    assert told.splitlines()[:2] == ["applying: 1 of 2", "applying: 2 of 2"]
