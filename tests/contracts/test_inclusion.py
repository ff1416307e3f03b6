"""What one schema accepts and another does not, by rule and by documents drawn at random."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tests.support.documents import documents, near_misses
from tools.contracts.inclusion import obstacles
from tools.contracts.patterns import END

CLOSED = {"type": "object", "additionalProperties": False}
TREE = {
    "definitions": {
        "Tree": {
            "type": "object",
            "properties": {"left": {"$ref": "#/definitions/Tree"}, "size": {"type": "integer"}},
        }
    },
    "$ref": "#/definitions/Tree",
}
LARGER_TREE = {
    "definitions": {
        "Tree": {
            "type": "object",
            "properties": {"left": {"$ref": "#/definitions/Tree"}, "size": {"type": "number"}},
        }
    },
    "$ref": "#/definitions/Tree",
}

INCLUDED: list[tuple[str, Any, Any]] = [
    ("nothing asked", {"type": "string"}, {}),
    ("words only", {"type": "string", "title": "A"}, {"type": "string", "description": "B"}),
    ("type added", {"type": "string"}, {"type": ["string", "null"]}),
    ("integers are numbers", {"type": "integer"}, {"type": "number"}),
    ("value added", {"enum": ["a"]}, {"enum": ["a", "b"]}),
    ("listed values meet a type", {"enum": ["a", "b"]}, {"type": "string", "maxLength": 1}),
    ("lower minimum", {"minimum": 2}, {"minimum": 1}),
    ("higher maximum", {"maximum": 2}, {"maximum": 3}),
    ("shorter", {"minLength": 2}, {"minLength": 1}),
    ("longer", {"maxLength": 2}, {}),
    ("of no consequence", {"type": "string"}, {"type": "string", "minimum": 3}),
    ("multiple", {"multipleOf": 10}, {"multipleOf": 5}),
    ("wider pattern", {"pattern": f"^[A-Z]{{2}}{END}"}, {"pattern": f"^[A-Z]+{END}"}),
    ("property added", CLOSED, {**CLOSED, "properties": {"a": {}}}),
    ("no longer required", {"required": ["a", "b"]}, {"required": ["a"]}),
    ("opened", CLOSED, {"type": "object"}),
    ("fewer items", {"minItems": 3, "maxItems": 4}, {"minItems": 2, "maxItems": 5}),
    ("repeats", {"uniqueItems": True}, {"uniqueItems": False}),
    ("wider items", {"items": {"type": "integer"}}, {"items": {"type": "number"}}),
    ("required is enough", {"required": ["a", "b"]}, {"minProperties": 2}),
    ("closed is enough", {**CLOSED, "properties": {"a": {}}}, {"maxProperties": 1}),
    ("alternative added", {"type": "string"}, {"anyOf": [{"type": "null"}, {"type": "string"}]}),
    (
        "each alternative",
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"anyOf": [{"type": "null"}, {"type": "number"}]},
    ),
    ("one of allOf", {"allOf": [{"type": "string"}, {"minLength": 2}]}, {"minLength": 1}),
    ("all of allOf", {"type": "string", "minLength": 1}, {"allOf": [{"type": "string"}]}),
    (
        "equal oneOf",
        {"oneOf": [{"type": "null", "title": "A"}]},
        {"oneOf": [{"type": "null", "title": "B"}]},
    ),
    (
        "by reference",
        {"$ref": "#/definitions/A", "definitions": {"A": {"type": "string"}}},
        {"type": "string"},
    ),
    (
        "oneOf in another order",
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
    ),
    (
        "anyOf in another order, and wider",
        {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 2}]},
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
    ),
    (
        "a list of types is alternatives",
        {"type": ["string", "null"], "maxLength": 2},
        {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 2}]},
    ),
    (
        "alternatives are a list of types",
        {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 2}]},
        {"type": ["string", "null"], "maxLength": 2},
    ),
    ("integers are whole", {"type": "integer"}, {"type": "integer", "multipleOf": 1}),
    (
        "lengths of a pattern",
        {"type": "string", "pattern": f"^[A-Z]{{2,3}}(?:-[0-9])?{END}"},
        {"type": "string", "minLength": 2, "maxLength": 5},
    ),
    ("recursive", TREE, LARGER_TREE),
    ("a property called title", {"properties": {"title": {}}}, {"properties": {"title": {}}}),
]

REFUSED: list[tuple[str, str, Any, Any]] = [
    ("/type", "type", {"type": ["string", "null"]}, {"type": "string"}),
    ("/type", "type", {"type": "number"}, {"type": "integer"}),
    ("/type", "type", {}, {"type": "object"}),
    ("/enum", "enum", {"enum": ["a", "b"]}, {"enum": ["a"]}),
    ("/enum", "enum", {"type": "string"}, {"type": "string", "enum": ["a"]}),
    ("/minimum", "minimum", {"minimum": 1}, {"minimum": 2}),
    ("/maximum", "maximum", {}, {"maximum": 2}),
    ("/minLength", "minLength", {}, {"minLength": 1}),
    ("/maxLength", "maxLength", {"maxLength": 2}, {"maxLength": 1}),
    ("/multipleOf", "multipleOf", {"multipleOf": 5}, {"multipleOf": 10}),
    ("/multipleOf", "multipleOf", {}, {"multipleOf": 1}),
    ("/multipleOf", "multipleOf", {"type": "integer"}, {"multipleOf": 2}),
    ("/oneOf", "oneOf", {"oneOf": [{"type": "null"}]}, {"oneOf": [{"type": "null"}] * 2}),
    (
        "/anyOf",
        "anyOf",
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 2}]},
    ),
    ("/maxLength", "maxLength", {"pattern": f"^[A-Z]{{2,3}}{END}"}, {"maxLength": 2}),
    ("/maxLength", "maxLength", {"pattern": f"^[A-Z]+{END}"}, {"maxLength": 2000}),
    ("/minLength", "minLength", {"pattern": f"^[A-Z]{{2,3}}{END}"}, {"minLength": 3}),
    ("/pattern", "pattern", {}, {"pattern": f"^a{END}"}),
    ("/pattern", "pattern", {"pattern": f"^[A-Z]{{1,3}}{END}"}, {"pattern": f"^[A-Z]{{2}}{END}"}),
    ("/pattern", "pattern", {"pattern": "a"}, {"pattern": "b"}),
    ("/required", "required", {"required": ["a"]}, {"required": ["a", "b"]}),
    (
        "/additionalProperties",
        "additionalProperties",
        {**CLOSED, "properties": {"a": {}}},
        CLOSED,
    ),
    ("/additionalProperties", "additionalProperties", {"type": "object"}, CLOSED),
    ("/properties/a/type", "type", {"type": "object"}, {"properties": {"a": {"type": "null"}}}),
    (
        "/properties/a~1b/type",
        "type",
        {"properties": {"a/b": {}}},
        {"properties": {"a/b": {"type": "null"}}},
    ),
    (
        "/additionalProperties/type",
        "type",
        {"additionalProperties": {"type": "number"}},
        {"additionalProperties": {"type": "integer"}},
    ),
    ("/items/type", "type", {"items": {"type": "number"}}, {"items": {"type": "integer"}}),
    ("/minItems", "minItems", {}, {"minItems": 1}),
    ("/maxItems", "maxItems", {}, {"maxItems": 1}),
    ("/uniqueItems", "uniqueItems", {}, {"uniqueItems": True}),
    ("/minProperties", "minProperties", {}, {"minProperties": 1}),
    ("/maxProperties", "maxProperties", {}, {"maxProperties": 1}),
    (
        "/anyOf",
        "anyOf",
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"anyOf": [{"type": "string"}]},
    ),
    ("/allOf/0/type", "type", {}, {"allOf": [{"type": "string"}]}),
    ("/oneOf", "oneOf", {"type": "string"}, {"oneOf": [{"type": "string"}]}),
    ("/not", "not", {}, {"not": {"type": "string"}}),
    ("/format", "format", {}, {"format": "date"}),
    ("/dependencies", "dependencies", {}, {"dependencies": {"a": ["b"]}}),
    (
        "/exclusiveMinimum",
        "exclusiveMinimum",
        {"minimum": 1, "exclusiveMinimum": False},
        {"minimum": 1, "exclusiveMinimum": True},
    ),
    (
        "/additionalProperties",
        "patternProperties",
        {**CLOSED, "patternProperties": {"a": {}}},
        CLOSED,
    ),
    ("/items", "items", {"items": [{}, {}]}, {"items": {}}),
    (
        "/definitions/A/maxLength",
        "maxLength",
        {"properties": {"a": {"type": "string"}}},
        {
            "properties": {"a": {"$ref": "#/definitions/A"}},
            "definitions": {"A": {"type": "string", "maxLength": 1}},
        },
    ),
    ("/definitions/Tree/properties/size/type", "type", LARGER_TREE, TREE),
    (
        "/properties/title/type",
        "type",
        {"properties": {"title": {}}},
        {"properties": {"title": {"type": "null"}}},
    ),
]


@pytest.mark.parametrize(("narrower", "wider"), [pair[1:] for pair in INCLUDED])
def test_what_only_widens_is_no_obstacle(narrower: Any, wider: Any) -> None:
    assert obstacles(narrower, wider) == []


@pytest.mark.parametrize(("pointer", "keyword", "narrower", "wider"), REFUSED)
def test_what_may_refuse_a_document_is_named(
    pointer: str, keyword: str, narrower: Any, wider: Any
) -> None:
    assert [(found.pointer, found.keyword) for found in obstacles(narrower, wider)] == [
        (pointer, keyword)
    ]


@pytest.mark.parametrize(("before", "after"), [(9, 8), (8, 9)])
def test_deeply_nested_alternatives_are_given_up(before: int, after: int) -> None:
    def nested(longest: int) -> dict[str, Any]:
        definitions: dict[str, Any] = {"A22": {"type": "string", "maxLength": longest}}
        for level in range(22):
            definitions[f"A{level}"] = {"anyOf": [{"$ref": f"#/definitions/A{level + 1}"}] * 2}
        return {"definitions": definitions, "$ref": "#/definitions/A0"}

    assert obstacles(nested(before), nested(after)) != []


def test_nested_conjunctions_are_given_up() -> None:
    def nested(longest: int) -> dict[str, Any]:
        definitions: dict[str, Any] = {"A40": {"type": "string", "maxLength": longest}}
        for level in range(40):
            definitions[f"A{level}"] = {"allOf": [{"$ref": f"#/definitions/A{level + 1}"}] * 2}
        return {"definitions": definitions, "$ref": "#/definitions/A0"}

    assert obstacles(nested(9), nested(8)) != []


def test_a_conjunction_with_itself_is_given_up() -> None:
    itself = {"definitions": {"A": {"allOf": [{"$ref": "#/definitions/A"}]}}}

    assert obstacles({**itself, "$ref": "#/definitions/A"}, {"type": "string"}) != []


def test_many_changed_patterns_are_given_up() -> None:
    def many(least: int) -> dict[str, Any]:
        patterns = [f"^a{{{least},{400 + count}}}b{{0,300}}{END}" for count in range(200)]
        properties = {f"p{count}": {"pattern": pattern} for count, pattern in enumerate(patterns)}
        return {"type": "object", "properties": properties}

    found = obstacles(many(2), many(1))

    assert len(found) == 100
    assert {one.documents for one in found} == {"some documents (its changes cannot be compared)"}


@pytest.mark.parametrize(("before", "after"), [([1, 2], [1, 2]), ([1], [2])])
def test_references_count_as_equal_only_where_definitions_are(before: Any, after: Any) -> None:
    def by_reference(values: list[int]) -> dict[str, Any]:
        listed = {"oneOf": [{"$ref": "#/definitions/A"}, {"type": "null"}]}
        return {"definitions": {"A": {"enum": values}}, "properties": {"a": listed}}

    found = obstacles(by_reference(before), by_reference(after))

    assert (found == []) == (before == after)


def test_equal_documents_of_different_type_are_told_apart() -> None:
    assert obstacles({"enum": [1]}, {"enum": [True]})


SMALL = st.integers(0, 4)
STRINGS: dict[str, st.SearchStrategy[Any]] = {
    "minLength": SMALL,
    "maxLength": SMALL,
    "pattern": st.sampled_from([f"^{body}{END}" for body in ("[ab]*", "a?b{1,2}", "[a-c]+")]),
}
NUMBERS: dict[str, st.SearchStrategy[Any]] = {
    "minimum": SMALL,
    "maximum": SMALL,
    "multipleOf": st.integers(1, 4),
}
ENUMS = st.lists(st.sampled_from(["", "a", "b", "ab"]), min_size=1, unique=True)
NAMES = st.sampled_from(["a", "b", "c"])


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "required": st.lists(NAMES, min_size=1, unique=True),
        "additionalProperties": st.booleans() | inner,
        "minProperties": SMALL,
        "maxProperties": SMALL,
    }


def _arrays(inner: st.SearchStrategy[dict[str, Any]]) -> dict[str, st.SearchStrategy[Any]]:
    return {"items": inner, "minItems": SMALL, "maxItems": SMALL, "uniqueItems": st.booleans()}


def _several(inner: st.SearchStrategy[dict[str, Any]]) -> dict[str, st.SearchStrategy[Any]]:
    listed = st.lists(inner, min_size=1, max_size=2)
    return {"anyOf": listed, "allOf": listed, "oneOf": listed}


SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["string", ["string", "null"]])}, optional=STRINGS
        ),
        st.fixed_dictionaries({"type": st.sampled_from(["integer", "number"])}, optional=NUMBERS),
        st.fixed_dictionaries({"enum": ENUMS}),
        st.just({}),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array")}, optional=_arrays(inner)),
        st.fixed_dictionaries({"type": st.just("object")}, optional=_objects(inner)),
        *(st.fixed_dictionaries({name: listed}) for name, listed in _several(inner).items()),
    ),
    max_leaves=5,
)

KEYWORDS: dict[str, st.SearchStrategy[Any]] = {
    **STRINGS,
    **NUMBERS,
    "enum": ENUMS,
    **_arrays(SCHEMAS),
    **_objects(SCHEMAS),
    **_several(SCHEMAS),
}


@st.composite
def changed(draw: st.DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with a keyword dropped, added, or changed, here or further down."""
    schema = copy.deepcopy(schema)
    places = [schema]
    for place in places:
        places += list(place.get("properties", {}).values())
        places += [
            inner
            for inner in (place.get("items"), place.get("additionalProperties"))
            if isinstance(inner, dict)
        ]
        for several in ("anyOf", "allOf", "oneOf"):
            places += place.get(several, [])
    place = draw(st.sampled_from(places))
    apt = [name for name in place if name in KEYWORDS]
    keyword = draw(st.sampled_from(sorted(KEYWORDS)) | st.sampled_from(apt or ["required"]))
    if keyword in place and draw(st.integers(0, 2)) == 0:
        del place[keyword]
    else:
        place[keyword] = draw(KEYWORDS[keyword])
    return schema


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_documents_of_the_narrower_are_accepted_by_the_wider(data: st.DataObject) -> None:
    narrower = data.draw(SCHEMAS, label="narrower")
    wider = data.draw(changed(narrower), label="wider")
    if obstacles(narrower, wider):
        return
    before, still = Draft4Validator(narrower), Draft4Validator(wider)

    drawn = data.draw(st.lists(documents(narrower) | near_misses(narrower), min_size=4, max_size=8))

    assert [one for one in drawn if before.is_valid(one) and not still.is_valid(one)] == []
