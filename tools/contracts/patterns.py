r"""Regular expressions that ECMA 262, Java and Python read alike, and that cannot blow up.

A pattern is `^`, then literals, positive classes, groups, alternatives and greedy quantifiers, then
`(?![\s\S])`. That ending is the only spelling of "the very end" that all three agree on: Python
lets `$` match before a trailing line feed, and Java before any line terminator.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import regress

START = "^"
END = r"(?![\s\S])"

_ITEM = r"(?:[^\\\[\]^&|~\x00-\x1f\x7f-\U0010ffff-]|&(?!&)|\|(?!\|)|~(?!~)|\\[\\.*+?()\[\]{}|^$/-])"
_RANGE = re.compile(rf"({_ITEM})(?:-({_ITEM}))?|-")
_TOKEN = re.compile(
    rf"\[(?P<items>-?(?:{_ITEM}(?:-{_ITEM})?)+-?)\]"
    r"|(?P<quantifier>[*+?]|\{[0-9]{1,5}(?:,[0-9]{0,5})?\})(?![?+])"
    r"|(?P<open>\((?:\?:|(?!\?)))|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<literal>[A-Za-z0-9 _:;,@#%&=~\"'<>!/`-]|\\[\\.*+?()\[\]{}|^$/])"
)
_TOKENS = re.compile(f"(?:{_TOKEN.pattern})*")

_ADVICE = [
    (r"\$|\\[Zz]", "engines differ on where $ matches", f"{END}, at the very end only"),
    (r"\^|\\A", "^ belongs at the start only", "^ as the first character only"),
    (r"\\d", r"\d matches any Unicode digit in Python", "[0-9]"),
    (r"\\w", r"\w matches any Unicode letter in Python", "[A-Za-z0-9_]"),
    (r"\\[sbBDWS]", "engines differ on letters, digits and spaces", "a class that lists them"),
    (r"\.", "engines differ on which line breaks the dot matches", "a class such as [ -~]"),
    (r"\[\^", "a negated class matches half an emoji in some engines", "a class such as [ -~]"),
    (r"\[", "engines differ on nested classes, && and bare punctuation", "a class such as [a-z-]"),
    (r"\(\?<?[=!]", "lookaround is not supported", "minLength, or alternatives"),
    (r"\(\?", "engines differ on named groups and flags", "(?:...)"),
    (r"\{[0-9,]+\}(?![?+])", "the count is too large", "minLength and maxLength"),
    (r"[*+?{]", "engines differ on lazy and possessive quantifiers", "the greedy quantifier"),
    (r"\\[0-9k]", "a backreference can blow up", "the alternatives, written out"),
    (r"\\", "not every engine knows this escape", "the character itself"),
    (r"", "only printable ASCII is spelled alike everywhere", "ASCII only"),
]

WAYS = 100  # A list of currency codes has some twenty that begin with the same letter.
EFFORT = 20_000_000  # About a second.
SIZE = 200_000  # Counted repetitions are written out, and these are some 50 MB.


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a pattern is refused, and what to write instead."""

    what: str
    instead: str


def problems(pattern: str) -> list[Problem]:
    try:
        regress.Regex(pattern, "u")
    except (regress.RegressError, UnicodeEncodeError) as error:
        return [Problem(f"the pattern is not ECMA 262: {error}", "a pattern of ECMA 262")]
    found = []
    body = pattern.removeprefix(START)
    if body == pattern:
        found.append(Problem("the pattern is not anchored: it matches anywhere", "^ first"))
    if body.endswith(END):
        body = body.removesuffix(END)
    else:
        body = body.removesuffix("$")
        found.append(
            Problem(
                "engines differ on where the pattern ends: in Python and Java, $ also matches "
                "before a trailing line break",
                f"{END} last, in place of $",
            )
        )
    if unread := _TOKENS.sub("", body, count=1):
        what, instead = next(row[1:] for row in _ADVICE if re.match(row[0], unread))
        found.append(Problem(f"engines may read {unread[:20]!r} differently: {what}", instead))
        return found
    try:
        if len(_branches(body)) > 1:
            found.append(Problem("the anchors bind to one alternative only", f"^(?:...|...){END}"))
        else:
            _follow(body)
    except _RefusedError as refused:
        found.append(refused.problem)
    return found


def accepts_all_of(wider: str, narrower: str) -> bool | None:
    """Whether every value that meets `narrower` meets `wider`; None if it cannot be shown."""
    if wider == narrower:
        return True
    if problems(wider) or problems(narrower):
        return None
    try:
        return _divergence(_Reader(), wider, narrower) is None
    except _RefusedError:
        return None


def counterexample(wider: str, narrower: str) -> str | None:
    """A value that meets `narrower` and not `wider`; None if none is found."""
    if problems(wider) or problems(narrower):
        return None
    reader = _Reader()
    try:
        found = _divergence(reader, wider, narrower)
        return None if found is None else found[0] + _shortest(reader, found[1])
    except _RefusedError:
        return None


def word(pattern: str, length: int) -> str | None:
    """A value of so many characters that meets the pattern; None if none is found."""
    if problems(pattern):
        return None
    reader = _Reader()
    came: list[dict[_Rest, tuple[_Rest, str]]] = []
    rests: Iterable[_Rest] = [_rest(pattern[len(START) : -len(END)])]
    try:
        for _ in range(length):
            came.append({})
            for rest in rests:
                for character, after in reader.read([rest]).items():
                    for left in after if character else ():
                        came[-1].setdefault(left, (rest, character))
            rests = came[-1]
        last = next((rest for rest in rests if "" in reader.read([rest])), None)
    except _RefusedError:
        return None
    if last is None:
        return None
    characters = []
    for step in reversed(came):
        last, character = step[last]
        characters.append(character)
    return "".join(reversed(characters))


def _divergence(
    reader: "_Reader", wider: str, narrower: str
) -> tuple[str, frozenset["_Rest"]] | None:
    """The beginning of a value that only `narrower` matches, and what is left of it then."""
    before, now = (_rest(pattern[len(START) : -len(END)]) for pattern in (narrower, wider))
    pairs = [(frozenset({before}), frozenset({now}))]
    came = [(0, "")]  # From which pair, and by which character.
    seen = set(pairs)
    for index, pair in enumerate(pairs):
        narrow, wide = map(reader.read, pair)
        for character in narrow:
            if character not in wide:
                characters = [character]
                while index:
                    index, step = came[index]
                    characters.append(step)
                return "".join(reversed(characters)), frozenset(narrow[character])
        for character in narrow:
            after = frozenset(narrow[character]), frozenset(wide[character])
            if after not in seen:
                seen.add(after)
                pairs.append(after)
                came.append((index, character))
    return None


def _shortest(reader: "_Reader", rests: frozenset["_Rest"]) -> str:
    """What ends a value of which this is left."""
    waiting = [(rests, "")]
    for left, text in waiting:
        after = reader.read(left)
        if "" in after or not any(left):
            return text
        waiting += [(frozenset(next_), text + one) for one, next_ in after.items()]
    return ""


def lengths(pattern: str) -> tuple[int, float] | None:
    """The least and the most characters of what meets the pattern; None if it cannot be shown."""
    if problems(pattern):
        return None
    reader = _Reader()
    rests = frozenset({_rest(pattern[len(START) : -len(END)])})
    seen: set[frozenset[_Rest]] = set()
    ends: list[int] = []
    try:
        while rests and rests not in seen:
            seen.add(rests)
            after = reader.read(rests)
            if after.pop("", None):
                ends.append(len(seen) - 1)
            rests = frozenset(chain.from_iterable(after.values()))
    except _RefusedError:
        return None
    if not ends:
        return None
    return ends[0], float("inf") if rests else ends[-1]


def _follow(body: str) -> None:
    """Raises _RefusedError for a pattern that takes too long to match, or to check.

    Having read the beginning of a value, a backtracking engine may try every way to match that
    beginning. While they are never more than WAYS, it takes linear time.
    """
    reader = _Reader()
    states: list[tuple[_Rest, ...]] = [(_rest(body),)]
    seen = set(states)
    for state in states:
        for after in map(tuple, reader.read(state).values()):
            if after not in seen:
                seen.add(after)
                states.append(after)


class _RefusedError(Exception):
    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.problem = Problem(what, instead)


@dataclass(frozen=True, slots=True, eq=False)
class _Fork:
    branches: list["_Rest"]


type _Part = frozenset[str] | _Fork
type _Rest = tuple[_Part, ...]  # What is left of a pattern; "" stands for the end of the value.


class _Reader:
    """Reads as a backtracking engine does, but goes every way at once."""

    def __init__(self) -> None:
        self._effort = 0

    def read(self, rests: Iterable[_Rest]) -> dict[str, list[_Rest]]:
        """What is left after each character that may come next, once for each way there."""
        after: dict[str, list[_Rest]] = defaultdict(list)
        waiting = [rest for rest in rests if rest]
        while waiting:
            whole = waiting.pop()
            first, rest = whole[0], whole[1:]
            if isinstance(first, _Fork):
                waiting += [branch + rest for branch in first.branches]
                self._spend(len(first.branches), rest)
                continue
            for character in first:
                after[character].append(rest)
                if len(after[character]) > WAYS:
                    raise _RefusedError(
                        "the pattern can blow up: one value can match in too many ways",
                        "repetitions that share no character with what follows them, and "
                        "alternatives that begin differently",
                    )
            self._spend(len(first), rest)
        return after

    def _spend(self, choices: int, rest: _Rest) -> None:
        self._effort += choices * (len(rest) + 32)
        if self._effort > EFFORT:
            raise _too_large()


def _too_large() -> _RefusedError:
    return _RefusedError("the pattern is too large to check", "minLength and maxLength")


def _rest(body: str) -> _Rest:
    (rest,) = _branches(body)
    return (*rest, frozenset({""}))


def _branches(body: str) -> list[_Rest]:
    groups: list[list[list[_Part]]] = [[[]]]
    size = 0
    for token in _TOKEN.finditer(body):
        parts = groups[-1][-1]
        match token.lastgroup:
            case "open":
                groups.append([[]])
            case "bar":
                groups[-1].append([])
            case "close":
                fork = _Fork([tuple(branch) for branch in groups.pop()])
                groups[-1][-1].append(fork)
            case "quantifier":
                least, most = _counts(token[0])
                size += max(least, most or 0)
                if size > SIZE:
                    raise _too_large()
                parts += _repeated(parts.pop(), least, most)
            case _:
                parts.append(_characters(token["items"] or token[0][-1]))
    return [tuple(branch) for branch in groups[0]]


def _characters(items: str) -> frozenset[str]:
    ends = [(low[-1:] or "-", high[-1:]) for low, high in _RANGE.findall(items)]
    return frozenset(
        map(chr, chain(*(range(ord(low), ord(high or low) + 1) for low, high in ends)))
    )


def _counts(quantifier: str) -> tuple[int, int | None]:
    counts = {"*": "0,", "+": "1,", "?": "0,1"}.get(quantifier, quantifier.strip("{}"))
    least, comma, most = counts.partition(",")
    return int(least), None if comma and not most else int(most or least)


def _repeated(part: _Part, least: int, most: int | None) -> _Rest:
    required = (part,) * least
    if most is None:
        loop = _Fork([()])
        loop.branches.append((part, loop))
        return (*required, loop)
    optional: _Rest = ()
    for _ in range(least, most):
        optional = (_Fork([(part, *optional), ()]),)
    return required + optional
