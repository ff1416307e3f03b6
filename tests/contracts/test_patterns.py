r"""Patterns that pass mean the same to every engine and take linear time; `$` does neither."""

import re
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import fastjsonschema
import pytest
import regress
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.contracts.patterns import END, accepts_all_of, lengths, problems

CURRENCY = (
    "(?:AED|AUD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY|COP|CRC|CUP"
    "|CVE|CZK|EUR|GBP|JPY|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NOK|PLN|SEK|SGD"
    "|USD|ZAR)"
)

ACCEPTED = [
    "",
    "[A-Z]{2}",
    "[A-Za-z0-9-]*",
    "[A-Za-z0-9][A-Za-z0-9._:-]*",
    "[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*",
    "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
    "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])",
    "[a-z]+@[a-z]+\\.[a-z]{2,3}",
    "(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}",
    "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?",
    "-?[0-9]+(?:\\.[0-9]{1,2})?",
    "\\$[0-9]+/[0-9]+",
    "\\$",
    "[\\]a\\-&|~.+\\^]{1,3}",
    "[-+]?[-a-c]*",
    "(a|b(?:c|d)*)e",
    "(?:a|ab)*",
    "[ -~]{1,4000}",
    f"(?:{CURRENCY},)*{CURRENCY}",
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_plain_patterns_are_accepted(body: str) -> None:
    assert problems(f"^{body}{END}") == []


@pytest.mark.parametrize("body", ACCEPTED)
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_python_and_ecma_read_what_is_accepted_alike(body: str, data: st.DataObject) -> None:
    pattern = f"^{body}{END}"
    near = st.from_regex(f"^{body}\\Z", alphabet=st.characters(max_codepoint=0x2FF))
    endings = st.sampled_from(["", "\n", "\r", "\r\n", "\u2028", "\x85", "x", "\N{GRINNING FACE}"])
    # regress alone takes minutes for 40 characters of a host's name with many dots.
    short = near.map(lambda text: text[:20])
    value = data.draw(st.builds(str.__add__, short, endings) | st.text(max_size=20))
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
        ("^a$", "where the pattern ends"),
        ("^a\\$", "where the pattern ends"),
        ("^a\\Z", "not ECMA 262"),
        ("^a(", "not ECMA 262"),
        (f"^[b-a]{END}", "not ECMA 262"),
        (f"^a{{,3}}{END}", "not ECMA 262"),
        (f"^(?P<n>a){END}", "not ECMA 262"),
        (f"^\ud800{END}", "not ECMA 262"),
        (f"a{END}", "not anchored"),
        (f"^a^b{END}", "at the start only"),
        (f"^a$b{END}", "where $ matches"),
        (f"^\\d{END}", "any Unicode digit"),
        (f"^\\w+{END}", "any Unicode letter"),
        (f"^a\\sb{END}", "letters, digits and spaces"),
        (f"^a\\b{END}", "letters, digits and spaces"),
        (f"^[\\w]{END}", "nested classes"),
        (f"^[a&&b]{END}", "nested classes"),
        (f"^[^a]{END}", "half an emoji"),
        (f"^.{END}", "line breaks"),
        (f"^a*?{END}", "lazy and possessive"),
        (f"^a{{1,2}}?{END}", "lazy and possessive"),
        (f"^(?=a)a{END}", "lookaround"),
        (f"^(?<n>a){END}", "named groups"),
        (f"^(a)\\1{END}", "backreference"),
        (f"^\\u0041{END}", "not every engine knows this escape"),
        (f"^\N{LATIN SMALL LETTER E WITH ACUTE}{END}", "printable ASCII"),
        (f"^a\n{END}", "printable ASCII"),
        (f"^a|b{END}", "the anchors bind to one alternative"),
        (f"^a{{5000000000}}{END}", "the count is too large"),
        (f"^a{{1,{'9' * 5000}}}{END}", "the count is too large"),
        (f"^[a-z]*[a-z]{{5000}}{END}", "too large to check"),
    ],
)
def test_what_engines_read_differently_is_refused(pattern: str, what: str) -> None:
    assert [problem for problem in problems(pattern) if what in problem.what]


BLOW_UP = [
    "(?:a+)+",
    "(?:a*)*b",
    "(?:ab|ab)*",
    "(?:a|b|ab)*c",
    "(?:-(?:(?:ab)*)?){3,}",
    "[a-z]*-?[a-z]*",
    "a*aa*",
    "(?:a?){30}a{30}",
    f"{'a?' * 20}a{{20}}",
    "(?:a{1,64}){1,64}",
    "(?:[a-z]{1,64}-?){1,64}",
]


@pytest.mark.parametrize("body", BLOW_UP)
def test_patterns_that_blow_up_are_refused(body: str) -> None:
    assert ["can blow up" in problem.what for problem in problems(f"^{body}{END}")] == [True]


FIVE_DIGITS = "|".join(f"{number:05}" for number in range(10_000))

HOSTILE = [
    "(?:" * 64 + "a" + ")" * 64,
    "(?:" * 64 + "a" + ")*" * 64,
    "(?:" * 64 + "a" + "){9}" * 64,
    "(" * 250 + "a" + ")*" * 250,
    "(" * 20_000 + "a" + ")" * 20_000,
    "a" * 60_000,
    "a?" * 1_000 + "a{1000}",
    "(?:|)" * 1_000,
    "(?:|)*",
    "(?:a{99999}){99999}",
    "(?:a{1,99999}b){99999}",
    "(?:[ -~]a?){99999}",
    "(?:(?:a|b)*a(?:a|b){12})*",
    "[ -~]{1,90}" + "[ -~]{999}",
    "[a" + "-a" * 60 + "[]",
    f"(?:{FIVE_DIGITS})*",
    "(?:a|" * 200 + "b" + ")*" * 200,
]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """A guard against hanging, far above what is needed."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:20])
def test_hostile_patterns_are_judged_and_compared_quickly(body: str) -> None:
    pattern = f"^{body}{END}"

    with within(30):
        problems(pattern)
        accepts_all_of(pattern, f"^a{END}")
        accepts_all_of(f"^[ -~]*{END}", pattern)


ATOMS = st.sampled_from(["a", "b", "[ab]", "[a-c]", "ab", "-"])
COUNTS = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{3,}", "{0,20}"])


def _bodies(leaves: int) -> st.SearchStrategy[str]:
    return st.recursive(
        ATOMS,
        lambda inner: st.one_of(
            st.builds("{}{}".format, inner, inner),
            st.builds("(?:{}|{})".format, inner, inner),
            st.builds("(?:{}){}".format, inner, COUNTS),
        ),
        max_leaves=leaves,
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


@settings(deadline=None, max_examples=200)
@given(_bodies(8), st.text("abc-", max_size=3), st.text("abc-", min_size=1, max_size=4))
def test_accepted_patterns_do_not_blow_up(body: str, start: str, pump: str) -> None:
    pattern = f"^{body}{END}"
    if problems(pattern):
        return
    compiled = re.compile(pattern)

    with a_second_of_work():
        compiled.search(start + pump * 20_000 + "!")


@pytest.mark.parametrize(
    ("wider", "narrower", "expected"),
    [
        ("[A-Z]{1,3}", "[A-Z]{2}", True),
        ("[A-Z]{2}", "[A-Z]{1,3}", False),
        ("[A-Za-z]*", "(?:[A-Z]|[a-z])+", True),
        ("[a-z]", "[a-z-]", False),
        ("[ab]?", "a", True),
        ("a", "[ab]?", False),
        (CURRENCY, "(?:EUR|USD)", True),
        ("(?:EUR|USD)", CURRENCY, False),
        ("(?:[a-z]{1,16}-){1,16}", "(?:[a-z]{1,15}-){1,16}", True),
        ("a{1,4000}", "a{1,3000}", True),
        ("[ab]*a[ab]{10}", "[ab]*a[ab]{9}a", True),
        ("(?:a+)+", "(?:a+)+", True),
        ("[a-z]*", "(?:a+)+", None),
        ("\\w*", "a", None),
        ("a|b", "a", None),
    ],
)
def test_patterns_are_compared(wider: str, narrower: str, expected: bool | None) -> None:
    assert accepts_all_of(f"^{wider}{END}", f"^{narrower}{END}") is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", (0, 0)),
        ("a", (1, 1)),
        ("[A-Z]{2,3}(?:-[0-9])?", (2, 5)),
        ("(?:EUR|pound)", (3, 5)),
        ("a*b", (1, float("inf"))),
        ("a{3000}", (3000, 3000)),
        ("(?:ab)*", (0, float("inf"))),
        ("\\w", None),
    ],
)
def test_a_pattern_implies_lengths(body: str, expected: tuple[int, float] | None) -> None:
    assert lengths(f"^{body}{END}") == expected


def test_counts_have_a_bound_in_size() -> None:
    pattern = f"^{'a{99999}' * 5000}{END}"

    with within(30):
        (found,) = problems(pattern)

    assert found.what == "the pattern is too large to check"
    assert lengths(pattern) is None
    assert accepts_all_of(pattern, f"^a{END}") is None


def test_a_comparison_that_takes_too_long_is_given_up() -> None:
    wider, narrower = f"^(?:a{{307}})*a{{0,306}}{END}", f"^(?:a{{211}})*{END}"

    assert (problems(wider), problems(narrower)) == ([], [])
    with within(30):
        assert accepts_all_of(wider, narrower) is None


WORDS = ["".join(word) for length in range(7) for word in product("abc-", repeat=length)]


@settings(deadline=None, max_examples=150)
@given(_bodies(4), _bodies(4))
def test_a_pattern_called_wider_matches_every_word_of_the_narrower(one: str, other: str) -> None:
    wider, narrower = f"^(?:{one}){END}", f"^(?:{other}){END}"
    if not accepts_all_of(wider, narrower):
        return
    before, now = re.compile(narrower), re.compile(wider)

    assert [word for word in WORDS if before.match(word) and not now.match(word)] == []
