"""JSON files with the line of every value, so that a finding can say where."""

import difflib
import errno
import json
import os
import stat
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_json
from callbacks.domain.exact_json import parse_json

MOST_BYTES = 2 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in a file: where, what, and what to write instead."""

    path: Path
    line: int
    what: str
    instead: str

    def __str__(self) -> str:
        where, what, instead = map(_visible, (str(self.path), self.what, self.instead))
        return f"{where}:{self.line}: {what}\n    write: {instead}"


class UnreadableError(Exception):
    """What stands where a file should, and cannot be read as one; says why."""


class InvalidJsonError(Exception):
    """A file that is no JSON text (RFC 8259) in UTF-8; carries why, and the line."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed JSON file; lines are counted from one and keyed by JSON Pointer (RFC 6901)."""

    path: Path
    size: int
    text: str = field(repr=False)
    value: Any
    lines: dict[str, int] = field(repr=False)
    duplicates: list[str]

    def finding(self, pointer: str, what: str, instead: str) -> Finding:
        return Finding(self.path, self.line(pointer), what, instead)

    def line(self, pointer: str) -> int:
        """The line of the value, or of what it would stand in if it is missing."""
        while pointer not in self.lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)


type Reading = Generator[Finding, None, Document | None]


def read(root: Path, path: Path) -> Reading:
    """Yields what is wrong with the file as JSON, and returns the Document, or None."""
    content = yield from contents(root, path)
    return None if content is None else (yield from examined(path, content))


def contents(root: Path, path: Path) -> Generator[Finding, None, bytes | None]:
    """Yields why the file cannot be read, and returns its bytes, or None."""
    try:
        return read_bytes(root / path)
    except FileNotFoundError:
        yield Finding(path, 1, "the file is missing", "the file, as the other types have it")
    except UnreadableError as error:
        yield Finding(path, 1, str(error), "a file, of the size that its like have")
    return None


def read_bytes(file: Path) -> bytes:
    """All of a regular file; no pipe is waited for.

    Raises:
        FileNotFoundError: there is nothing.
        UnreadableError: it is something else, too large, or may not be read.
    """
    try:
        with open(file, "rb", opener=_open) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise UnreadableError("what stands there is no file")
            content = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnreadableError("what stands there is a link, which may lead anywhere") from None
        raise UnreadableError(f"what stands there cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise UnreadableError(f"the file has over {MOST_BYTES} bytes")
    return content


def examined(path: Path, content: bytes) -> Reading:
    """As `read`, of content that is there already."""
    try:
        document = parse(path, content)
    except InvalidJsonError as error:
        yield Finding(path, error.line, f"the file {error}", "JSON (RFC 8259) in UTF-8")
        return None
    for pointer in document.duplicates:
        yield document.finding(
            pointer, f"{pointer} is there twice, and the last one counts", "each name once"
        )
    if document.duplicates:
        return None
    try:
        parse_json(document.text)
    except ValueError as error:
        yield document.finding(
            "", f"the functions could not read the file: {error}", "what every system can hold"
        )
        return None
    return document


def load(path: Path) -> Document:
    """Raises InvalidJsonError."""
    return parse(path, path.read_bytes())


def parse(path: Path, content: bytes) -> Document:
    """Raises InvalidJsonError."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidJsonError("is not UTF-8", line) from None
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidJsonError(f"is not JSON: {error.msg}", error.lineno) from None
    except ValueError as error:
        raise InvalidJsonError(f"is not JSON: {error}", 1) from None
    except RecursionError:
        raise InvalidJsonError("is nested too deeply to be read", 1) from None
    lines: dict[str, int] = {}
    duplicates: list[str] = []
    try:
        for pointer, line in _positions(_parser().parse(content).root_node, ""):
            if pointer in lines and pointer not in duplicates:
                duplicates.append(pointer)
            lines[pointer] = line
    except RecursionError:
        raise InvalidJsonError("is nested too deeply to be read", 1) from None
    return Document(path, len(content), text, value, lines, duplicates)


def token(part: str | int) -> str:
    """One reference token of a JSON Pointer, with its slash."""
    return "/" + str(part).replace("~", "~0").replace("/", "~1")


def nearest(word: str, known: Collection[str]) -> str:
    """The known word that was most likely meant, or all of them."""
    spelt = {one.casefold(): one for one in known}
    close = [*spelt] if len(spelt) == 1 else difflib.get_close_matches(word.casefold(), spelt, n=1)
    if close:
        return spelt[close[0]]
    return f"one of {', '.join(sorted(known))}" if known else "nothing: there is none"


def _positions(node: tree_sitter.Node, pointer: str) -> Iterator[tuple[str, int]]:
    match node.type:
        case "document":
            for child in node.named_children:
                yield pointer, child.start_point.row + 1
                yield from _positions(child, pointer)
        case "object":
            for pair in node.named_children:
                key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if key is None or key.text is None or value is None:
                    continue
                inner = pointer + token(json.loads(key.text))
                yield inner, pair.start_point.row + 1
                yield from _positions(value, inner)
        case "array":
            for index, value in enumerate(node.named_children):
                yield pointer + token(index), value.start_point.row + 1
                yield from _positions(value, pointer + token(index))


def _open(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _visible(text: str) -> str:
    """Without signs that a terminal obeys, hides or cannot show."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_json.language()))
