r"""Regular expressions that ECMA 262, Java and Python read alike, and that cannot blow up.

A pattern is `^`, then literals, positive classes, groups, alternatives and greedy quantifiers, then
`(?![\s\S])`. That ending is the only spelling of "the very end" that all three agree on: Python
lets `$` match before a trailing line feed, and Java before any line terminator.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import greenery
import greenery.rxelems
import regress

START = "^"
END = r"(?![\s\S])"

LARGEST_REPEAT = 64  # An automaton of more states takes too long to build.

_LITERAL = r"[A-Za-z0-9 _:;,@#%&=~\"'<>!/`-]"
_ESCAPED = r"\\[\\.*+?()\[\]{}|^$/]"
_CLASS_ITEM = (
    r"(?:[^\\\[\]^&|~\x00-\x1f\x7f-\U0010ffff-]|&(?!&)|\|(?!\|)|~(?!~)|\\[\\.*+?()\[\]{}|^$/-])"
)
_CLASS = rf"\[(?:-?{_CLASS_ITEM}(?:-{_CLASS_ITEM})?)+-?\]"
_TOKEN = re.compile(
    rf"(?P<class>{_CLASS})|(?P<escaped>{_ESCAPED})|(?P<literal>{_LITERAL})"
    r"|(?P<quantifier>[*+?]|\{[0-9]+(?:,[0-9]*)?\})|(?P<structure>\((?:\?:|(?!\?))|\)|\|)"
)

_ADVICE = [
    (
        r"\$|\\Z|\\z",
        "the end of the value differs between engines",
        rf"only {END}, at the very end",
    ),
    (r"\^|\\A", "the start can be asked for once only", "^ as the first character only"),
    (r"\\d", "\\d takes any Unicode digit in Python", "[0-9]"),
    (r"\\w", "\\w takes any Unicode letter in Python", "[A-Za-z0-9_]"),
    (r"\\s", "\\s is a different set of spaces in each engine", "the spaces meant, such as [ ]"),
    (r"\\[bBDWS]", "engines differ on what is a letter, digit or space", "a class that lists them"),
    (r"\.", "engines differ on which line terminators the dot leaves out", "a class that lists"),
    (r"\[\^", "a negated class takes half of an emoji in some engines", "a class that lists"),
    (r"\[", "nested classes, && and unescaped punctuation differ", "a plain class such as [a-z]"),
    (r"\(\?<?[=!]", "lookaround cannot be compared between versions", "minLength, or alternatives"),
    (r"\(\?", "groups with names or flags differ between engines", "(?:...)"),
    (r"\\[0-9k]", "a back reference can blow up", "the alternatives written out"),
    (r"[*+?}][+?]", "lazy and possessive quantifiers differ", "the greedy quantifier"),
    (r"\{", "a brace that is no {n}, {n,} or {n,m} differs between engines", "\\{ for the brace"),
    (r"\\", "this escape is not known to all engines", "the character itself"),
    (r"[^\x20-\x7e]", "a character outside ASCII has several spellings", "ASCII only"),
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a pattern is refused, and what to write instead."""

    what: str
    instead: str


def problems(pattern: str) -> list[Problem]:
    try:
        regress.Regex(pattern, "u")
    except regress.RegressError as error:
        return [Problem(f"the pattern is not ECMA 262: {error}", "a pattern of ECMA 262")]
    found = []
    if not pattern.startswith(START):
        found.append(
            Problem("the pattern is not anchored at the start, so it matches anywhere", "^ first")
        )
    if not pattern.endswith(END):
        found.append(
            Problem(
                "the end of the value differs between engines: Python and Java let $ match "
                "before a trailing line break",
                f"{END} last, in place of $",
            )
        )
    body = _body(pattern)
    if difference := _difference(body):
        return [*found, difference]
    if len(_parse(body).concs) > 1:
        return [*found, Problem("the anchors bind to one alternative only", "^(?:...|...)" + END)]
    if _alternatives(_parse(body)) != sum(token[0] == "|" for token in _TOKEN.finditer(body)):
        return [*found, Problem("the pattern can blow up: an alternative is repeated", "it once")]
    if ambiguity := _ambiguity(body):
        found.append(ambiguity)
    return found


def accepts_all_of(wider: str, narrower: str) -> bool | None:
    """Whether every value that meets `narrower` meets `wider`; None if it cannot be shown.

    A final `$` is read as ECMA 262 does: the very end.
    """
    if _whole(narrower) == _whole(wider):
        return True
    if not (_is_whole(narrower) and _is_whole(wider)):
        return None
    bodies = [_body(narrower), _body(wider)]
    if any(_difference(body) or _too_large(body) for body in bodies):
        return None
    narrow, wide = (_parse(body) for body in bodies)
    if len(narrow.concs) > 1 or len(wide.concs) > 1:
        return None
    return bool(narrow.to_fsm() <= wide.to_fsm())


def _is_whole(pattern: str) -> bool:
    return pattern.startswith(START) and _whole(pattern).endswith(END)


def _whole(pattern: str) -> str:
    return f"{pattern[:-1]}{END}" if re.search(r"(?<!\\)(?:\\\\)*\$\Z", pattern) else pattern


def _body(pattern: str) -> str:
    return _whole(pattern).removeprefix(START).removesuffix(END)


def _difference(body: str) -> Problem | None:
    """The first place that is read differently by some engine."""
    position = 0
    while position < len(body):
        token = _TOKEN.match(body, position)
        lazy = token and token["quantifier"] and body[token.end() : token.end() + 1] in {"?", "+"}
        if token is None or lazy:
            rest = body[position:] if token is None else body[token.end() - 1 :]
            for start, what, instead in _ADVICE:
                if re.match(start, rest):
                    return Problem(f"the pattern is read differently at {rest!r}: {what}", instead)
            return Problem(f"the pattern is not understood at {rest!r}", "a plain class")
        position = token.end()
    return None


def _too_large(body: str) -> bool:
    return any(int(number) > LARGEST_REPEAT for number in re.findall(r"(?<=[{,])[0-9]+", body))


@cache
def _parse(body: str) -> greenery.rxelems.Pattern:
    """The tree of a pattern that `_difference` has nothing against."""
    return greenery.parse("".join(_for_greenery(body)))


def _for_greenery(body: str) -> Iterator[str]:
    """Spells each token as greenery does, which escapes hyphens in classes and fewer signs."""
    for token in _TOKEN.finditer(body):
        if inner := token["class"]:
            parts = re.findall(rf"({_CLASS_ITEM})-({_CLASS_ITEM})|({_CLASS_ITEM}|-)", inner[1:-1])
            ranges = [
                f"{_in_class(low)}-{_in_class(high)}" if low else _in_class(single)
                for low, high, single in parts
            ]
            yield f"[{''.join(ranges)}]"
        elif escaped := token["escaped"]:
            yield escaped[1] if escaped[1] in "/^$" else escaped
        else:
            yield token[0]


def _in_class(item: str) -> str:
    character = item[-1]
    return f"\\{character}" if character in greenery.Charclass.classSpecial else character


@dataclass(frozen=True, slots=True, eq=False)
class _Position:
    characters: greenery.Charclass


@dataclass(slots=True)
class _Automaton:
    """Glushkov's: the positions that a part begins and ends with, and which follow which."""

    nullable: bool
    first: list[_Position] = field(default_factory=list)
    last: list[_Position] = field(default_factory=list)


_Follow = dict[_Position, list[_Position]]

AMBIGUITIES = 8


def _ambiguity(body: str) -> Problem | None:
    """Finds choices that a backtracking engine may have to try again and again.

    Where two ways to read on begin with the same character and both can reach a repetition, a
    value can be split between them in as many ways as it is long, or worse. A pattern without such
    a place is matched in linear time; one in doubt is refused.
    """
    follow: _Follow = {}
    whole = _glushkov(_parse(body), follow)
    repeating = _reaching_a_cycle(follow)
    short = 0
    for choices in [whole.first, *follow.values()]:
        for index, one in enumerate(choices):
            for other in choices[index + 1 :]:
                if (one.characters & other.characters).empty():
                    continue
                if one in repeating and other in repeating:
                    return Problem(
                        "the pattern can blow up: a repetition can end at more than one place",
                        "repetitions that share no character with what follows them, and "
                        "alternatives that begin differently",
                    )
                short += 1
    if short > AMBIGUITIES:
        return Problem("the pattern can blow up: too many optional parts", "fewer optional parts")
    return None


def _alternatives(pattern: greenery.rxelems.Pattern) -> int:
    """How many bars the tree stands for: it holds equal alternatives once."""
    inner = (mult.multiplicand for conc in pattern.concs for mult in conc.mults)
    groups = [part for part in inner if isinstance(part, greenery.rxelems.Pattern)]
    return len(pattern.concs) - 1 + sum(map(_alternatives, groups))


def _glushkov(pattern: greenery.rxelems.Pattern, follow: _Follow) -> _Automaton:
    whole = _Automaton(nullable=False)
    for conc in pattern.concs:
        part = _concatenation(conc, follow)
        whole.nullable |= part.nullable
        whole.first += part.first
        whole.last += part.last
    return whole


def _concatenation(conc: greenery.rxelems.Conc, follow: _Follow) -> _Automaton:
    whole = _Automaton(nullable=True)
    for mult in conc.mults:
        part = _repetition(mult, follow)
        for position in whole.last:
            follow[position] += part.first
        whole.first += part.first if whole.nullable else []
        whole.last = part.last + (whole.last if part.nullable else [])
        whole.nullable &= part.nullable
    return whole


def _repetition(mult: greenery.rxelems.Mult, follow: _Follow) -> _Automaton:
    least, most = mult.multiplier.min.v, mult.multiplier.max.v
    if most == 0:
        return _Automaton(nullable=True)
    single = isinstance(mult.multiplicand, greenery.Charclass)
    if single:
        position = _Position(mult.multiplicand)
        follow[position] = []
        part = _Automaton(nullable=False, first=[position], last=[position])
    else:
        part = _glushkov(mult.multiplicand, follow)
    # A counted repetition is taken for an endless one, unless it leaves no choice of length.
    if most != 1 and not (single and least == most):
        for position in part.last:
            follow[position] += part.first * (2 if part.nullable else 1)
    part.nullable |= least == 0
    return part


def _reaching_a_cycle(follow: _Follow) -> set[_Position]:
    reachable: dict[_Position, set[_Position]] = {}
    for start in follow:
        seen: set[_Position] = set()
        waiting = list(follow[start])
        while waiting:
            position = waiting.pop()
            if position not in seen:
                seen.add(position)
                waiting += follow[position]
        reachable[start] = seen
    cycles = {position for position, seen in reachable.items() if position in seen}
    return {position for position, seen in reachable.items() if position in cycles or seen & cycles}
