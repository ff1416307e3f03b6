"""That `make mutants` tries mutants of all code it is meant for, and shows which are left."""

from pathlib import Path

import pytest

from tools import mutants
from tools.errors import UserError
from tools.mutants import Change, Mutant

KILLED = Mutant("callbacks.domain.task.x_claimed__mutmut_1", "killed")
HUNG = Mutant("callbacks.domain.task.xǁTaskKeyǁis_task__mutmut_12", "timeout")
SURVIVED = Mutant("callbacks.usecases.settle.x__past__mutmut_3", "survived")
UNREACHED = Mutant("callbacks.usecases.settle.x__past__mutmut_4", "no tests")
PROPERTIES = """
class Thing:
    @property
    def size(self) -> int:
        return 1

    @staticmethod
    def other() -> int:
        return 2

    @property
    def name(self) -> str:
        return "a"
"""
PLAIN = """
class Thing:
    def size(self) -> int:
        return 1
    size = property(size)

    @staticmethod
    def other() -> int:
        return 2

    def name(self) -> str:
        return "a"
    name = property(name)
"""
PAGE = """
```diff
@@ _past @@
- a
+ b
@@ Thing.size @@
- c
```

Judged.

```hcl
@@ not @@
- d
```
"""


def test_mutants_of_one_module_are_made_of_functions_and_methods_and_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutants, "TESTS", (*mutants.SUPPORT, "unit/domain/test_routes.py"))

    tried = mutants.run(tmp_path / "copy", "callbacks.domain.routes.*")

    assert {one.function for one in tried} == {"suffix", "route", "parse_route"}
    assert {one.status for one in tried} == {"killed"}


def test_a_property_is_a_method_first() -> None:
    assert mutants.with_plain_properties(PROPERTIES) == PLAIN


def test_a_mutant_says_where_it_is() -> None:
    assert (HUNG.module, HUNG.function) == ("domain.task", "TaskKey.is_task")
    assert (SURVIVED.module, SURVIVED.function) == ("usecases.settle", "_past")


def test_what_hangs_is_killed_and_what_no_test_reaches_is_not() -> None:
    assert [one.is_killed for one in (KILLED, HUNG, SURVIVED, UNREACHED)] == [
        True,
        True,
        False,
        False,
    ]
    assert mutants.percent([KILLED, HUNG, SURVIVED, UNREACHED]) == 50


def test_the_table_has_a_row_for_each_module_and_one_for_all() -> None:
    columns = mutants.table([KILLED, HUNG, SURVIVED, UNREACHED]).columns

    assert list(zip(*(column.cells for column in columns), strict=True)) == [
        ("domain.task", "2", "2", "0", "0", "100.0"),
        ("usecases.settle", "2", "0", "1", "1", "0.0"),
        ("all", "4", "2", "1", "1", "50.0"),
    ]


def test_judgements_are_of_changes_in_blocks_of_diff() -> None:
    assert list(mutants.changes(PAGE)) == [
        Change("_past", ("- a", "+ b")),
        Change("Thing.size", ("- c",)),
    ]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Judgements of changes, and a mutant that makes the first of them."""
    path = tmp_path / "mutants.md"
    path.write_text(PAGE)
    monkeypatch.setattr(mutants, "JUDGEMENTS", path)
    monkeypatch.setattr(
        mutants, "change_of", lambda mutant, _: Change(mutant.function, ("- a", "+ b"))
    )
    return path


def given(monkeypatch: pytest.MonkeyPatch, *tried: Mutant) -> None:
    monkeypatch.setattr(mutants, "run", lambda _: list(tried))


@pytest.mark.usefixtures("page")
def test_few_survivors_that_are_judged_are_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, *[KILLED] * 9, SURVIVED)

    mutants.check()

    told = capsys.readouterr().out
    assert "Not judged" not in told
    assert "Judged, and survives no more:\n@@ Thing.size @@\n- c\n" in told


@pytest.mark.usefixtures("page")
def test_too_many_survivors_are_an_error_even_if_they_are_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, *[KILLED] * 8, SURVIVED)

    with pytest.raises(UserError, match=r"^88\.9 % of the mutants are killed; 90 % must be\.$"):
        mutants.check()


def test_a_survivor_that_is_not_judged_is_shown(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page.write_text("")
    given(monkeypatch, *[KILLED] * 9, SURVIVED)

    with pytest.raises(UserError, match=r"^Write tests that notice 1 more, or judge them in "):
        mutants.check()

    assert "Not judged (survived):\n@@ _past @@\n- a\n+ b\n" in capsys.readouterr().out


def test_what_mutmut_prints_is_shown_if_it_cannot_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutants, "_make", Path.mkdir)

    with pytest.raises(UserError, match=r"^mutmut could not try the mutants\.$") as refused:
        mutants.run(tmp_path / "copy")

    assert "Could not figure out where the code to mutate is" in refused.value.detail
