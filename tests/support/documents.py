"""Draws documents that a schema accepts, and near misses of them, for what schemas here may say."""

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tools.contracts.patterns import END

Schema = Mapping[str, Any]

TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10)
    | st.floats(-10, 10)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=3,
)
TAILS = ["\n", "\r\n", " ", "\x00", "\u00e9", "\N{GRINNING FACE}", "x" * 5000]


def documents(schema: Schema, root: Schema | None = None) -> st.SearchStrategy[Any]:
    """Documents that the schema most likely accepts: what several keywords ask may collide."""
    root = schema if root is None else root
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        return st.deferred(lambda: documents(root["definitions"][name], root))
    if "allOf" in schema:
        return documents(_merged(schema, "allOf", *schema["allOf"]), root)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return st.one_of(
                [documents(_merged(schema, several, inner), root) for inner in schema[several]]
            )
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    types = schema.get("type", TYPES)
    listed = [types] if isinstance(types, str) else types
    return st.one_of([_of_type(one, schema, root) for one in listed])


@st.composite
def near_misses(draw: st.DrawFn, schema: Schema) -> Any:
    """A document with one thing changed, which a validator may or may not accept."""
    document = copy.deepcopy(draw(documents(schema)))
    holder = [document]
    places: list[tuple[Any, Any]] = [(holder, 0)]
    for container, key in places:
        value = container[key]
        if isinstance(value, dict):
            places += [(value, name) for name in value]
        elif isinstance(value, list):
            places += [(value, index) for index in range(len(value))]
    container, key = draw(st.sampled_from(places))
    value = container[key]
    container[key] = draw(_changed(value))
    return holder[0]


def _changed(value: Any) -> st.SearchStrategy[Any]:
    changes: list[st.SearchStrategy[Any]] = [ANYTHING]
    match value:
        case bool():
            changes += [st.just(int(value)), st.just(str(value).lower())]
        case int() | float():
            changes += [
                st.sampled_from([value - 1, value + 1, -value, value + 0.5, 10**6, str(value)])
            ]
        case str():
            tails = st.sampled_from(TAILS).map(lambda tail: value + tail)
            changes += [
                tails,
                tails,
                st.just(value[:-1]),
                st.just(value.lower()),
                st.just("\u00e9" + value[1:]),
            ]
        case list():
            changes += [st.just(value[:-1]), st.just(value + value), st.just([*value, None])]
        case dict():
            changes += [
                st.just({**value, "unknown": 1}),
                *[
                    st.just({name: inner for name, inner in value.items() if name != gone})
                    for gone in value
                ],
            ]
    return st.one_of(changes)


def _of_type(one: str, schema: Schema, root: Schema) -> st.SearchStrategy[Any]:
    match one:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "string":
            return _strings(schema)
        case "array":
            items = documents(schema.get("items", {}), root) if "items" in schema else ANYTHING
            least = schema.get("minItems", 0)
            most = max(least, min(schema.get("maxItems", least + 3), least + 3))
            return st.lists(items, min_size=least, max_size=most)
        case "object":
            return _objects(schema, root)
        case _:
            return _numbers(one, schema)


def _numbers(one: str, schema: Schema) -> st.SearchStrategy[Any]:
    least = schema.get("minimum", min(-10, schema.get("maximum", 0) - 20))
    most = max(least, schema.get("maximum", least + 40))
    step = schema.get("multipleOf", 1)
    whole = st.integers(-(-least // step), max(-(-least // step), most // step))
    integers = whole.map(lambda count: count * step)
    return integers if one == "integer" or step != 1 else integers | st.floats(least, most)


def _strings(schema: Schema) -> st.SearchStrategy[str]:
    least = schema.get("minLength", 0)
    most = max(least, schema.get("maxLength", least + 10))
    if "pattern" not in schema:
        characters = st.characters(exclude_categories=["Cs"])
        return st.text(characters, min_size=least, max_size=min(most, least + 20))
    pattern = schema["pattern"].removesuffix("$").removesuffix(END) + r"\Z"
    return st.from_regex(pattern).map(lambda text: text[:most])


def _objects(schema: Schema, root: Schema) -> st.SearchStrategy[dict[str, Any]]:
    properties = dict(schema.get("properties", {}))
    rest = schema.get("additionalProperties", True)
    extra = documents(rest, root) if isinstance(rest, dict) else ANYTHING
    named = {name: documents(inner, root) for name, inner in properties.items()}
    required = {name: named.get(name, extra) for name in schema.get("required", [])}
    optional = {name: named[name] for name in named if name not in required}
    fixed = st.fixed_dictionaries(required, optional=optional)
    if not rest:
        return fixed
    others = st.dictionaries(
        st.sampled_from("abcdefg").filter(lambda name: name not in named), extra, max_size=3
    )
    return st.builds(lambda one, other: {**other, **one}, fixed, others)


def _merged(schema: Schema, keyword: str, *inner: Schema) -> dict[str, Any]:
    """The schema with alternatives put in; where both ask something, the last one counts."""
    merged = {name: value for name, value in schema.items() if name != keyword}
    for one in inner:
        merged = {
            **merged,
            **one,
            "properties": {**merged.get("properties", {}), **one.get("properties", {})},
            "required": sorted({*merged.get("required", []), *one.get("required", [])}),
        }
        for name in ("properties", "required"):
            if not merged[name]:
                del merged[name]
    for part in merged.pop("not", {}).get("anyOf", []) or [schema.get("not", {})]:
        for name in part.get("required", []):
            merged.get("properties", {}).pop(name, None)
    return merged
