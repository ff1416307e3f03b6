"""Work off the letters of a dead-letter queue: each goes where it can still do some good."""

from collections.abc import Callable, Iterator, Sequence
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


def batches(letters: DeadLetters) -> Iterator[Sequence[Letter]]:
    """Each letter once, some at a time; ends when the queue has shown nothing often enough."""
    seen: set[str] = set()
    empty = 0
    while empty < EMPTY_RECEIVES:
        received = [letter for letter in letters.receive() if letter.id not in seen]
        empty = 0 if received else empty + 1
        seen.update(letter.id for letter in received)
        yield received


def work_off(
    letters: DeadLetters,
    deed: Deed,
    clock: Clock,
    until: float,
    wanted: Sequence[str] | None = None,
) -> Worked:
    """Does the deed for each wanted letter, or for all, and removes the letter after it.

    The letter goes last: if this process dies, the deed is done twice, and never not at all.
    `until` is when no other letter is begun, in seconds since the epoch.

    Raises:
        DependencyUnavailable: the queue cannot be reached.
    """
    worked, kept, missing = Worked(), list[Letter](), list(dict.fromkeys(wanted or ()))
    more = False
    for batch in batches(letters):
        if clock.now() > until:
            more = True
            kept += batch
            break
        for letter in batch:
            if wanted is not None and letter.id not in missing:
                kept.append(letter)
                continue
            if wanted is not None:
                missing.remove(letter.id)
            if why := _undone(letters, deed, letter):
                worked.refused[letter.id] = why
                kept.append(letter)
            else:
                worked.done.append(letter.id)
        if wanted is not None and not missing:
            break
    for letter in kept:
        letters.release(letter)
    return Worked(worked.done, worked.refused, [] if more else missing, more)


def _undone(letters: DeadLetters, deed: Deed, letter: Letter) -> str | None:
    """Why the letter stays; None if it is done with."""
    try:
        deed(letter)
        letters.delete(letter)
    except (OperationRefused, DependencyUnavailable) as error:
        return str(error)
    return None
