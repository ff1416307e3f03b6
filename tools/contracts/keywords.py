"""Every keyword of draft-04: whether schemas here may use it, and what API Gateway does with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.contracts.documents import token

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Keyword:
    """`why` gives the reason of a refusal, or the limits of its use; `gateway` what AWS does."""

    supported: bool
    why: str
    instead: str
    gateway: str


_ENFORCED = "Enforced."
_ANNOTATION = "Taken, and of no effect."

KEYWORDS: dict[str, Keyword] = {
    "$schema": Keyword(
        True,
        "At the root only, as `http://json-schema.org/draft-04/schema#`.",
        '"http://json-schema.org/draft-04/schema#" at the root, and nowhere else',
        "Names the draft; API Gateway knows draft-04 only [1].",
    ),
    "$ref": Keyword(
        True,
        "To `#/definitions/NAME` of the same file only: the API model is one document, whose root "
        "is the envelope.",
        'the definition in this file, as "#/definitions/NAME"',
        "Resolved inside the model, or to another model by its URL [1].",
    ),
    "id": Keyword(
        False,
        "it moves what $ref resolves against, and the API model drops it",
        "nothing: the file's path is its identity",
        "Taken; `$id` of later drafts is refused at deploy [3].",
    ),
    "title": Keyword(True, "A name for people.", "", _ANNOTATION),
    "description": Keyword(True, "Required of every property.", "", _ANNOTATION),
    "default": Keyword(
        False,
        "no validator fills it in, so a reader would expect what never happens",
        "the default in the description",
        _ANNOTATION,
    ),
    "definitions": Keyword(
        True, "At the root only; they move to the root of the API model.", "", "Resolved by `$ref`."
    ),
    "type": Keyword(
        True,
        "One type, or a list of them.",
        "",
        _ENFORCED + " Whether 1.0 is an integer is not documented.",
    ),
    "enum": Keyword(
        True,
        "Of strings only: engines differ on whether 1, 1.0 and true are the same value.",
        "strings",
        _ENFORCED,
    ),
    "multipleOf": Keyword(
        True,
        "A whole number only: engines round fractions differently.",
        "a whole number, of a smaller unit such as cents",
        _ENFORCED,
    ),
    "minimum": Keyword(True, "", "", _ENFORCED),
    "maximum": Keyword(True, "", "", _ENFORCED),
    "exclusiveMinimum": Keyword(
        False,
        "API Gateway's notes list it as not supported",
        "minimum with the smallest value that is allowed",
        "Listed as not supported [2]; a number, as later drafts have it, is refused at deploy.",
    ),
    "exclusiveMaximum": Keyword(
        False,
        "API Gateway's notes list its counterpart as not supported",
        "maximum with the largest value that is allowed",
        "As `exclusiveMinimum`.",
    ),
    "minLength": Keyword(True, "Counts Unicode characters.", "", "Enforced; counts alike [4]."),
    "maxLength": Keyword(True, "Counts Unicode characters.", "", "Enforced; counts alike [4]."),
    "pattern": Keyword(
        True,
        "In the language that ECMA 262, Java and Python read alike; see below.",
        "",
        "Enforced, as ECMA 262 [4].",
    ),
    "format": Keyword(
        False,
        "each validator knows other formats and checks them differently, and the functions none",
        "a pattern, and the format's name in the description",
        "Enforced for some formats; which ones is not documented, and an import refuses some [2].",
    ),
    "items": Keyword(
        True, "One schema for all items, no list of schemas.", "one schema for all items", _ENFORCED
    ),
    "additionalItems": Keyword(
        False,
        "it belongs to lists of schemas in items, which are not supported",
        "an object with named properties",
        _ENFORCED,
    ),
    "minItems": Keyword(True, "", "", "Enforced; only an import of OpenAPI drops it [2]."),
    "maxItems": Keyword(True, "", "", "Enforced; only an import of OpenAPI drops it [2]."),
    "uniqueItems": Keyword(
        True,
        "Where the items are strings only: engines differ on whether 1, 1.0 and true are equal.",
        "items of type string",
        _ENFORCED,
    ),
    "properties": Keyword(True, "", "", _ENFORCED),
    "required": Keyword(True, "", "", _ENFORCED),
    "additionalProperties": Keyword(
        True,
        "`false` at the root of every schema.",
        "",
        "Enforced in a model; the notes on imports list it as not supported [2].",
    ),
    "minProperties": Keyword(True, "", "", _ENFORCED),
    "maxProperties": Keyword(True, "", "", _ENFORCED),
    "patternProperties": Keyword(
        False,
        "names that follow a pattern can be neither documented nor compared between versions",
        "additionalProperties with a schema, in an object of its own",
        _ENFORCED,
    ),
    "dependencies": Keyword(
        False,
        "its effect cannot be compared between versions, nor told in one sentence",
        "an object that holds what belongs together, with required",
        _ENFORCED,
    ),
    "allOf": Keyword(True, "", "", "Enforced in a model; listed as not supported on import [2]."),
    "anyOf": Keyword(True, "", "", "Enforced in a model; listed as not supported on import [2]."),
    "oneOf": Keyword(
        True,
        "Prefer `anyOf`: what `oneOf` refuses besides can hardly be compared between versions.",
        "",
        "Enforced in a model; listed as not supported on import [2].",
    ),
    "not": Keyword(
        False,
        "what is not allowed cannot be told to a partner as a field to fix",
        "what is allowed, with enum, pattern or required",
        _ENFORCED,
    ),
}

LATER_DRAFTS = {
    "$id": "nothing: the file's path is its identity",
    "$defs": "definitions",
    "const": "enum with one value",
    "contains": "items",
    "dependentRequired": "an object that holds what belongs together, with required",
    "example": "a file in examples/valid",
    "examples": "a file in examples/valid",
    "if": "anyOf",
    "nullable": 'a list of types such as ["string", "null"]',
    "propertyNames": "the properties by name",
    "readOnly": "the note in the description",
}


def subschemas(schema: object, pointer: str = "") -> Iterator[tuple[str, Schema]]:
    """The schema and all in it, with their JSON Pointers; supported places only."""
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for keyword in ("properties", "definitions"):
        if isinstance(named := schema.get(keyword), dict):
            for name, inner in named.items():
                yield from subschemas(inner, pointer + token(keyword) + token(name))
    for keyword in ("allOf", "anyOf", "oneOf"):
        if isinstance(listed := schema.get(keyword), list):
            for index, inner in enumerate(listed):
                yield from subschemas(inner, pointer + token(keyword) + token(index))
    for keyword in ("items", "additionalProperties"):
        yield from subschemas(schema.get(keyword), pointer + token(keyword))
