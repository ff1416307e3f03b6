"""Work off the letters of a dead-letter queue: each goes where it can still do some good."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from callbacks.domain.errors import DependencyUnavailable, OperationRefused
from callbacks.domain.ports import Clock, DeadLetters, Letter

# Carries a letter on. Raises OperationRefused, or DependencyUnavailable when a repeat may work.
Deed = Callable[[Letter], None]

EMPTY_RECEIVES = 5


@dataclass(frozen=True, slots=True)
class Worked:
    """Ids of letters: those done with, those that stay, each with the reason, and those not seen.

    `more` says that there was no time to look at all.
    """

    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    more: bool = False


def drop(_letter: Letter) -> None:
    """The deed of letting a letter go."""


def work_off(
    letters: DeadLetters,
    deed: Deed,
    clock: Clock,
    until: float,
    wanted: Mapping[str, None] | None = None,
) -> Worked:
    """Does the deed for each wanted letter, or for all, and removes the letter after it.

    The letter goes last: if this process dies, the deed is done twice, and never not at all.
    `until` is when no other letter is begun, in seconds since the epoch.

    Raises:
        DependencyUnavailable: the queue cannot be reached.
    """
    worked, kept, seen, empty = Worked(), [], set[str](), 0
    more = False
    while empty < EMPTY_RECEIVES and (wanted is None or not seen.issuperset(wanted)):
        if clock.now() > until:
            more = True
            break
        received = [letter for letter in letters.receive() if letter.id not in seen]
        empty = 0 if received else empty + 1
        for letter in received:
            seen.add(letter.id)
            if wanted is not None and letter.id not in wanted:
                kept.append(letter)
            elif why := _undone(letters, deed, letter):
                worked.refused[letter.id] = why
                kept.append(letter)
            else:
                worked.done.append(letter.id)
    for letter in kept:
        letters.release(letter)
    missing = [] if more else [id_ for id_ in wanted or () if id_ not in seen]
    return Worked(worked.done, worked.refused, missing, more)


def _undone(letters: DeadLetters, deed: Deed, letter: Letter) -> str | None:
    """Why the letter stays; None if it is done with."""
    try:
        deed(letter)
        letters.delete(letter)
    except (OperationRefused, DependencyUnavailable) as error:
        return str(error)
    return None
