"""Working off letters: the deed first, then the letter; what stays is seen by others again."""

from dataclasses import dataclass

import pytest
from callbacks.domain.errors import DependencyUnavailable, OperationRefused
from callbacks.domain.ports import Letter
from callbacks.usecases.dead_letters import Worked, drop, work_off

from tests.support.fakes import FakeClock, FakeDeadLetters

LATER = 4_000_000_000


def letter(id_: str) -> Letter:
    return Letter(id=id_, body=f"body of {id_}", receipt="r", sent_at=0, receives=1, sender="s")


@pytest.fixture
def letters() -> FakeDeadLetters:
    return FakeDeadLetters([letter(id_) for id_ in "abcde"])


def test_all_letters_are_worked_off_and_removed(letters: FakeDeadLetters) -> None:
    done: list[str] = []

    worked = work_off(letters, lambda one: done.append(one.id), FakeClock(), LATER)

    assert worked == Worked(done=["a", "b", "c", "d", "e"])
    assert done == worked.done
    assert (letters.visible, letters.hidden) == ([], [])


def test_only_the_wanted_letters_are_and_the_search_ends_with_the_last_of_them(
    letters: FakeDeadLetters,
) -> None:
    wanted = ["d", "b"]

    worked = work_off(letters, drop, FakeClock(), LATER, wanted)

    assert worked == Worked(done=["b", "d"])
    assert {one.id for one in letters.visible} == {"a", "c", "e"}
    assert letters.hidden == []


def test_a_letter_that_is_not_there_is_named(letters: FakeDeadLetters) -> None:
    worked = work_off(letters, drop, FakeClock(), LATER, ["b", "z"])

    assert (worked.done, worked.missing, worked.more) == (["b"], ["z"], False)
    assert len(letters.visible) == 4


@pytest.mark.parametrize("error", [OperationRefused("no"), DependencyUnavailable("no")])
def test_a_letter_whose_deed_fails_stays_with_the_reason(
    letters: FakeDeadLetters, error: Exception
) -> None:
    def deed(one: Letter) -> None:
        if one.id == "c":
            raise error

    worked = work_off(letters, deed, FakeClock(), LATER)

    assert worked == Worked(done=["a", "b", "d", "e"], refused={"c": "no"})
    assert [one.id for one in letters.visible] == ["c"]
    assert letters.hidden == []


def test_a_deed_is_done_before_its_letter_is_removed(letters: FakeDeadLetters) -> None:
    class DeadError(Exception):
        pass

    def deed(one: Letter) -> None:
        assert one in letters.hidden
        raise DeadError

    with pytest.raises(DeadError):
        work_off(letters, deed, FakeClock(), LATER)

    # It is seen again once it is no longer hidden.
    assert [one.id for one in letters.hidden] == ["a", "b"]


def test_no_letter_is_begun_once_the_time_is_over_and_the_rest_is_said_to_be_there(
    letters: FakeDeadLetters,
) -> None:
    clock = FakeClock()

    def deed(_: Letter) -> None:
        clock.advance(60)

    worked = work_off(letters, deed, clock, clock.now() + 100, list("aez"))

    assert (worked.done, worked.missing, worked.more) == (["a", "e"], [], True)
    late = FakeDeadLetters([letter("a")])
    assert work_off(late, drop, clock, clock.now() - 1) == Worked(more=True)
    assert len(late.visible) == 1


@dataclass
class Reluctant(FakeDeadLetters):
    """Shows a letter the fifth time it is asked, another the fifth time after that, and no more."""

    asked: int = 0

    def receive(self) -> list[Letter]:
        self.asked += 1
        received = {5: [letter("a")], 10: [letter("b")]}.get(self.asked, [])
        self.hidden += received
        return received


def test_a_queue_that_shows_nothing_is_asked_five_times_over() -> None:
    reluctant = Reluctant()

    worked = work_off(reluctant, drop, FakeClock(), LATER)

    assert worked == Worked(done=["a", "b"])
    assert reluctant.asked == 15


def test_letters_are_begun_until_the_time_is_over_and_at_that_very_moment(
    letters: FakeDeadLetters,
) -> None:
    clock = FakeClock()

    assert work_off(letters, drop, clock, clock.now()).done == ["a", "b", "c", "d", "e"]
