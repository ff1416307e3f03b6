"""Changes that break partners and are meant: each is named, with why, until it has landed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.contracts import tree
from tools.contracts.documents import Document, Finding, load, nearest, read, token
from tools.contracts.promise import RULES, Change

_ENTRY = '{"rule": "RULE", "place": "FILE#/POINTER", "reason": "Why, and what partners were told."}'
_FIELDS = {"rule", "place", "reason"}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`place` is the file and the JSON Pointer of a change, with # between; `line` is its own."""

    rule: str
    place: str
    line: int

    def covers(self, change: Change) -> bool:
        return (self.rule, self.place) == (change.rule, change.place)


def acknowledgements(root: Path) -> list[Acknowledgement]:
    """Those of the tree at `root`, which `lint` takes."""
    if not (root / tree.ACKNOWLEDGED).exists():
        return []
    document = load(root / tree.ACKNOWLEDGED)
    return [
        Acknowledgement(one["rule"], one["place"], document.line(token(index)))
        for index, one in enumerate(document.value)
    ]


def unacknowledged(
    changes: Collection[Change], acknowledged: Collection[Acknowledgement]
) -> list[Change]:
    return [one for one in changes if not any(entry.covers(one) for entry in acknowledged)]


def expired(
    changes: Collection[Change], acknowledged: Collection[Acknowledgement]
) -> list[Finding]:
    """What acknowledges none of the changes."""
    return [
        Finding(
            tree.ACKNOWLEDGED,
            entry.line,
            f"there is no {entry.rule} at {entry.place}: it has landed, or was never made",
            "the file without it",
        )
        for entry in acknowledged
        if not any(entry.covers(one) for one in changes)
    ]


def lint(root: Path) -> Iterator[Finding]:
    """What is wrong with the file, which need not be there."""
    if not (root / tree.ACKNOWLEDGED).exists():
        return
    document = yield from read(root, tree.ACKNOWLEDGED)
    if document is None:
        return
    if not isinstance(document.value, list) or not document.value:
        yield document.finding("", "the file lists nothing", f"[{_ENTRY}], or no file")
        return
    for index, entry in enumerate(document.value):
        yield from _entry(document, token(index), entry)
        if entry in document.value[:index]:
            yield document.finding(token(index), "the change is there twice", "it once")


def _entry(document: Document, at: str, entry: object) -> Iterator[Finding]:
    if not isinstance(entry, dict) or {*entry} != _FIELDS:
        yield document.finding(at, f"a change has {', '.join(sorted(_FIELDS))}", _ENTRY)
        return
    for name, value in entry.items():
        if not isinstance(value, str) or not value.strip():
            yield document.finding(at + token(name), f"the change has no {name}", _ENTRY)
            return
    if entry["rule"] not in RULES:
        what = f"there is no rule {entry['rule']}"
        yield document.finding(at + "/rule", what, nearest(entry["rule"], RULES))
    if "#" not in entry["place"]:
        what = "the place is no file with a JSON Pointer"
        yield document.finding(at + "/place", what, "what `make check-contracts` prints")
