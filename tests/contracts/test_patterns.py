r"""Patterns that pass mean the same to every engine and take linear time; `$` does neither."""

import re
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import fastjsonschema
import pytest
import regress
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.contracts.patterns import END, accepts_all_of, problems

ACCEPTED = [
    "",
    "[A-Z]{2}",
    "[A-Za-z0-9-]*",
    "[A-Za-z0-9][A-Za-z0-9._:-]*",
    "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*",
    "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "(?:PROCESSING|PENDING|LOST)",
    "[a-z]+@[a-z]+\\.[a-z]{2,3}",
    "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
    "-?[0-9]+(?:\\.[0-9]{1,2})?",
    "\\$[0-9]+/[0-9]+",
    "[\\]a\\-&|~.+^]{1,3}".replace("^", "\\^"),
    "(a|b(?:c|d)*)e",
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_accepts(body: str) -> None:
    assert problems(f"^{body}{END}") == []


@pytest.mark.parametrize("body", ACCEPTED)
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_python_and_ecma_read_what_is_accepted_alike(body: str, data: st.DataObject) -> None:
    pattern = f"^{body}{END}"
    near = st.from_regex(f"^{body}\\Z", alphabet=st.characters(max_codepoint=0x2FF))
    endings = st.sampled_from(["", "\n", "\r", "\r\n", "\u2028", "\x85", "x", "\N{GRINNING FACE}"])
    value = data.draw(st.builds(str.__add__, near, endings) | st.text())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        python = re.search(pattern, value) is not None

    try:
        fastjsonschema.validate({"pattern": pattern}, value)
        function = True
    except fastjsonschema.JsonSchemaValueException:
        function = False

    assert python == function == (regress.Regex(pattern).find(value) is not None)


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("^a$", "the end of the value differs"),
        ("^a\\Z", "not ECMA 262"),
        ("^a(", "not ECMA 262"),
        (f"^[b-a]{END}", "not ECMA 262"),
        (f"^a{{,3}}{END}", "not ECMA 262"),
        (f"^(?P<n>a){END}", "not ECMA 262"),
        (f"a{END}", "not anchored at the start"),
        (f"^a^b{END}", "the start can be asked for once"),
        (f"^a$b{END}", "the end of the value differs"),
        (f"^\\d{END}", "any Unicode digit"),
        (f"^\\w+{END}", "any Unicode letter"),
        (f"^a\\sb{END}", "different set of spaces"),
        (f"^a\\b{END}", "engines differ on what is a letter"),
        (f"^[\\w]{END}", "nested classes"),
        (f"^[a&&b]{END}", "nested classes"),
        (f"^[^a]{END}", "half of an emoji"),
        (f"^.{END}", "line terminators"),
        (f"^a*?{END}", "lazy and possessive"),
        (f"^(?=a)a{END}", "lookaround"),
        (f"^(?<n>a){END}", "groups with names"),
        (f"^(a)\\1{END}", "back reference"),
        (f"^\\u0041{END}", "not known to all engines"),
        (f"^\N{LATIN SMALL LETTER E WITH ACUTE}{END}", "outside ASCII"),
        (f"^a|b{END}", "the anchors bind to one alternative"),
        (f"^(?:a+)+{END}", "can blow up"),
        (f"^(?:a*)*b{END}", "can blow up"),
        (f"^(?:a|ab)*{END}", "can blow up"),
        (f"^(?:ab|ab)*{END}", "can blow up"),
        (f"^[a-z]*-?[a-z]*{END}", "can blow up"),
        (f"^a*aa*{END}", "can blow up"),
        (f"^(?:a?){{30}}a{{30}}{END}", "can blow up"),
        (f"^{'a?' * 20}a{{20}}{END}", "can blow up"),
    ],
)
def test_refuses(pattern: str, what: str) -> None:
    assert [problem for problem in problems(pattern) if what in problem.what]


ATOMS = st.sampled_from(["a", "b", "[ab]", "[a-c]", "ab", "-"])
BODIES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}"])),
    ),
    max_leaves=6,
)


class BlewUpError(Exception):
    """A match took more than a second of processor time."""


@contextmanager
def a_second_of_work() -> Iterator[None]:
    """Matching looks at signals now and then, so that it can be stopped."""

    def stop(*_: object) -> None:
        raise BlewUpError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def test_a_pattern_that_blows_up_is_stopped() -> None:
    with pytest.raises(BlewUpError), a_second_of_work():
        re.search("^(a+)+$", "a" * 40 + "!")


@settings(deadline=None)
@given(BODIES, st.sampled_from(["a", "ab", "aab", "abc", "ba"]))
def test_accepted_patterns_do_not_blow_up(body: str, pump: str) -> None:
    pattern = f"^{body}{END}"
    if problems(pattern):
        return
    compiled = re.compile(pattern)

    with a_second_of_work():
        compiled.search(pump * 20_000 + "!")


@pytest.mark.parametrize(
    ("wider", "narrower", "expected"),
    [
        ("^[A-Z]{2}$", f"^[A-Z]{{2}}{END}", True),
        (f"^[A-Z]{{2}}{END}", "^[A-Z]{2}$", True),
        ("^[A-Z]{1,3}$", "^[A-Z]{2}$", True),
        ("^[A-Z]{2}$", "^[A-Z]{1,3}$", False),
        ("^[A-Za-z]*$", "^(?:[A-Z]|[a-z])+$", True),
        ("^a", "^ab", None),
        ("^\\w*$", "^a$", None),
        ("^a{1,4000}$", "^a{1,3000}$", None),
        ("^a|b$", "^a$", None),
    ],
)
def test_compares(wider: str, narrower: str, expected: bool | None) -> None:
    assert accepts_all_of(wider, narrower) is expected
