"""JSON values: one text for each, whatever its spelling, and nothing rounded."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from callbacks.domain.exact_json import canonical_json, parse_json
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("spellings", "text"),
    [
        (["1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1"], "1"),
        (["0", "-0", "0.0", "-0.0e7", "0e9999999999999999999"], "0"),
        (["0.1", "0.10", "1e-1"], "0.1"),
        (["12345678901234560", "1234567890123456e1"], "12345678901234560"),
        (["9007199254740993", "9007199254740993.0"], "9007199254740993"),
        (["1e21", "1000000000000000000000", "1000000000000000000000.0"], "1e+21"),
        (["0.1000000000000000055", "0.10000000000000000550"], "0.1000000000000000055"),
        (["1.00000000000000000001e-9"], "1.00000000000000000001E-9"),
        (["1234567890123456789012.5"], "1234567890123456789012.5"),
        (["5e-324"], "5e-324"),
        ([f"{'7' * 300}.5", f"{'7' * 300}.50"], f"{'7' * 300}.5"),
    ],
)
def test_a_number_has_one_text_however_it_is_spelled(spellings: list[str], text: str) -> None:
    assert {canonical_json(parse_json(spelling)) for spelling in spellings} == {text}


@pytest.mark.parametrize(
    "pair",
    [
        ("9007199254740993", "9007199254740992"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("0.1", "0.1000000000000000055511151231257827021181583404541015625"),
        ("0.30000000000000004", "0.3"),
        ("1e21", "1000000000000000000001"),
    ],
)
def test_numbers_that_round_alike_are_two(pair: tuple[str, str]) -> None:
    one, other = (canonical_json(parse_json(f'{{"a":[{text}]}}')) for text in pair)

    assert one != other


@pytest.mark.parametrize(
    "text",
    [
        *("1e400", "-1e309", "1e-400", "1e-99999999999999999999", "1e99999999999999999999"),
        *("9" * 10**6, "NaN", "-Infinity", f"0.{'1' * 400}", "[" * 100_000),
    ],
    ids=lambda text: text[:20],
)
def test_what_other_systems_could_not_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"too|JSON"):
        parse_json(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "{", "{'a': 1}", "order_id=1", "<a/>", '{"a": NaN}', '{"a": Infinity}'),
        *('{"a": 1e999}', '{"a": 1}{"b": 2}', "\ufeff{}", "1" * 5000),
        *("[" * 100_000 + "]" * 100_000, '{"a":' * 100_000),
        *('{"a": "\\ud800"}', '{"\\udfff": 1}', '["\\uD83D"]'),
        *('{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_json_or_not_the_same_to_all_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(text)


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '["\\uD83D\\uDE00"]', '"\N{GRINNING FACE}"'])
def test_a_surrogate_pair_is_one_character(text: str) -> None:
    assert "\N{GRINNING FACE}" in parse_json(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("innermost", ["0", "0.1000000000000000055"])
def test_two_hundred_levels_can_be_read_and_written(
    opening: str, closing: str, innermost: str
) -> None:
    def nested(levels: int) -> str:
        return opening * levels + innermost + closing * levels

    assert canonical_json([parse_json(nested(200))]) == f"[{nested(200)}]"
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(nested(201))


def test_many_lists_beside_each_other_are_no_levels() -> None:
    deep = "[" * 199 + "0" + "]" * 199
    beside = f"[{deep},{deep}]"

    assert canonical_json(parse_json(beside)) == beside
    with pytest.raises(ValueError, match=r"^nested too deeply$"):
        parse_json(f"[{beside},{beside}]")


def test_a_whole_number_that_no_double_has_is_written_in_full() -> None:
    assert canonical_json(parse_json("10000000000000000000010")) == "10000000000000000000010"


def test_brackets_in_a_text_are_no_levels() -> None:
    assert parse_json(f'"{"[{" * 500}"') == "[{" * 500


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)
@settings(deadline=None, max_examples=500)
def test_a_number_is_what_it_was_written_as(text: str) -> None:
    try:
        read = parse_json(text)
    except ValueError:
        assert not 1e-300 < abs(Decimal(text)) < Decimal("1e300")
    else:
        assert Decimal(repr(read) if isinstance(read, float) else read) == Decimal(text)


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.just(0.125)
        | texts,
        lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
        max_leaves=8,
    ),
    st.sampled_from(["0.25", "0.1000000000000000055"]),
)
@settings(deadline=None)
def test_a_document_is_the_same_after_any_number_of_readings(document: Any, number: str) -> None:
    """Among them those with a Decimal, which are written in another way."""
    spelled = f'{{"b": {json.dumps(document)}, "\\u0061": {number}}}'

    text = canonical_json(parse_json(spelled))

    assert canonical_json(parse_json(text)) == text
    assert json.loads(text, parse_int=float) == json.loads(spelled, parse_int=float)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"0.{'1' * 399}", "a number has too many characters"),
        ("1e400", "a number is too large or too small"),
        (f"0.{'0' * 330}1", "a number is too large or too small"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["long", "large", "small", "deep"],
)
def test_what_is_refused_is_told_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        parse_json(text)


def test_a_number_may_have_400_characters() -> None:
    text = f"0.{'1' * 398}"

    assert canonical_json(parse_json(text)) == text


def test_plain_values_nested_too_deeply_are_refused() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]

    with pytest.raises(ValueError, match=r"^nested too deeply$"):
        canonical_json(nested)


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_what_is_no_number_has_no_text(number: str) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float(number))


def test_text_is_written_as_it_is_read() -> None:
    assert canonical_json({"name": "\u00e9"}) == '{"name":"\u00e9"}'


@pytest.mark.parametrize(
    ("opening", "closing", "deeper"),
    [("[", "]", lambda inner: [inner]), ('{"a":', "}", lambda inner: {"a": inner})],
    ids=["lists", "objects"],
)
def test_exact_numbers_are_written_in_some_more_levels_than_are_read(
    opening: str, closing: str, deeper: Callable[[Any], Any]
) -> None:
    nested: Any = Decimal("0.1000000000000000055")
    for _ in range(207):
        nested = deeper(nested)

    assert canonical_json(nested) == opening * 207 + "0.1000000000000000055" + closing * 207
    for further in (1, 5000):
        for _ in range(further):
            nested = deeper(nested)
        with pytest.raises(ValueError, match=r"^nested too deeply$"):
            canonical_json(nested)
