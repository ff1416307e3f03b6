"""Shows that every document one schema accepts is accepted by another; draft-04.

The rules are sound and not complete: what they cannot show is reported as well, since a partner is
better served by a second version than by a guess.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from jsonschema import Draft4Validator

from tools.contracts import patterns
from tools.contracts.documents import token
from tools.contracts.keywords import Schema, subschemas

COMPARISONS = 10_000  # Nested alternatives are compared each with each.
PATTERNS = 100  # Each pair may take a second.
CONJUNCTS = 100

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_ANNOTATIONS = ("$schema", "default", "description", "id", "title")
_OPEN: Schema = {}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A keyword of the wider schema, and the documents of the narrower that it may refuse."""

    pointer: str
    keyword: str
    documents: str


def obstacles(narrower: Schema, wider: Schema) -> list[Obstacle]:
    """What keeps documents of `narrower` from being accepted by `wider`; pointers are `wider`'s."""
    try:
        narrower, wider = _without_annotations(narrower), _without_annotations(wider)
        return list(dict.fromkeys(_Inclusion(narrower, wider).check(narrower, wider, "")))
    except RecursionError:
        return [Obstacle("", "", _TOO_LARGE)]


@dataclass(slots=True)
class _Inclusion:
    narrower_root: Schema
    wider_root: Schema
    _open: list[tuple[Schema, Schema]] = field(default_factory=list)
    _comparisons: int = 0
    _patterns: int = 0

    def check(self, narrower: Schema, wider: Schema, pointer: str) -> Iterator[Obstacle]:
        narrower, _ = resolve(narrower, self.narrower_root, "")
        wider, pointer = resolve(wider, self.wider_root, pointer)
        if any(narrower is one and wider is other for one, other in self._open):
            return  # A recursive schema: it holds here if it holds everywhere else.
        if self._equal(narrower, wider):
            return
        self._comparisons += 1
        if self._comparisons > COMPARISONS:
            yield Obstacle(pointer, "", _TOO_LARGE)
            return
        self._open.append((narrower, wider))
        try:
            yield from self._keywords(narrower, wider, pointer)
        finally:
            self._open.pop()

    def _equal(self, narrower: Schema, wider: Schema) -> bool:
        before, now = json.dumps(narrower, sort_keys=True), json.dumps(wider, sort_keys=True)
        return before == now and ('"$ref"' not in now or self._same_definitions())

    def _same_definitions(self) -> bool:
        before, now = self.narrower_root.get("definitions"), self.wider_root.get("definitions")
        return json.dumps(before, sort_keys=True) == json.dumps(now, sort_keys=True)

    def _holds(self, narrower: Schema, wider: Schema) -> bool:
        return next(self.check(narrower, wider, ""), None) is None

    def _keywords(self, narrower: Schema, wider: Schema, pointer: str) -> Iterator[Obstacle]:
        if "enum" in narrower:
            yield from self._each_value(narrower, wider, pointer)
            return
        parts = [narrower, *islice(self._conjuncts(narrower), CONJUNCTS)]
        for keyword in wider:
            if keyword == "definitions":
                continue
            found = [list(self._keyword(keyword, part, wider, pointer)) for part in parts]
            if all(found) and not self._alternatives_hold(parts, keyword, wider):
                yield from found[0]

    def _conjuncts(self, narrower: Schema) -> Iterator[Schema]:
        """What every document of `narrower` meets besides: its allOf, to any depth."""
        for inner in narrower.get("allOf", []):
            resolved, _ = resolve(inner, self.narrower_root, "")
            yield resolved
            yield from self._conjuncts(resolved)

    def _alternatives_hold(self, parts: list[Schema], keyword: str, wider: Schema) -> bool:
        """Whether every alternative of some part meets the keyword by itself."""
        pair = {"properties", "additionalProperties"}
        together = pair if keyword in pair else {keyword}
        alone = {name: wider[name] for name in wider if name in together}
        return any(
            all(self._holds(alternative, alone) for alternative in part[several])
            for part in parts
            for several in ("anyOf", "oneOf")
            if several in part
        )

    def _each_value(self, narrower: Schema, wider: Schema, pointer: str) -> Iterator[Obstacle]:
        accepts = _validator(narrower, self.narrower_root)
        still = _validator(wider, self.wider_root)
        for value in narrower["enum"]:
            if accepts.is_valid(value):
                for error in still.iter_errors(value):
                    where = "".join(map(token, error.relative_schema_path))
                    yield Obstacle(pointer + where, str(error.validator), json.dumps(value))

    def _keyword(
        self, keyword: str, narrower: Schema, wider: Schema, pointer: str
    ) -> Iterator[Obstacle]:
        where = pointer + token(keyword)
        types = _types(narrower)
        if any(keyword in keywords and not types & set(of) for of, keywords in _APPLIES_TO.items()):
            return
        match keyword:
            case "properties" | "additionalProperties":
                yield from self._properties(narrower, wider, pointer)
            case "items" if isinstance(wider["items"], dict):
                items = narrower.get("items", _OPEN)
                if isinstance(items, list):
                    yield Obstacle(where, keyword, _UNKNOWN)
                elif narrower.get("maxItems") != 0:
                    yield from self.check(items, wider["items"], where)
            case "allOf":
                for index, inner in enumerate(wider["allOf"]):
                    yield from self.check(narrower, inner, where + token(index))
            case "anyOf":
                if not self._one_holds(narrower, wider["anyOf"]):
                    yield Obstacle(where, keyword, _UNKNOWN)
            case "pattern" if self._too_many_patterns():
                yield Obstacle(where, keyword, _UNKNOWN)
            case _ if rule := _RULES.get(keyword):
                if documents := rule(narrower, wider[keyword]):
                    yield Obstacle(where, keyword, documents)
            case "oneOf" if self._equal(_in_order(narrower), _in_order(wider)):
                pass
            case _:
                yield Obstacle(where, keyword, _UNKNOWN)

    def _one_holds(self, narrower: Schema, alternatives: list[Schema]) -> bool:
        """Whether one alternative takes all documents, or for each of their types another does."""
        if any(self._holds(narrower, one) for one in alternatives):
            return True
        types = _types(narrower)
        return len(types) > 1 and all(
            any(self._holds({**narrower, "type": each}, one) for one in alternatives)
            for each in sorted(types)
        )

    def _too_many_patterns(self) -> bool:
        self._patterns += 1
        return self._patterns > PATTERNS

    def _properties(self, narrower: Schema, wider: Schema, pointer: str) -> Iterator[Obstacle]:
        where = pointer + "/additionalProperties"
        if "patternProperties" in narrower:
            yield Obstacle(where, "patternProperties", _UNKNOWN)
            return
        named, allowed = narrower.get("properties", {}), wider.get("properties", {})
        rest, others = _rest(narrower), _rest(wider)
        for name in [*named, *(name for name in allowed if name not in named)]:
            before = named.get(name, rest)
            after = allowed.get(name, others)
            if before is None:
                continue
            if after is None:
                yield Obstacle(where, "additionalProperties", f"objects with {name}")
            elif name in allowed:
                yield from self.check(before, after, pointer + "/properties" + token(name))
            else:
                yield from self.check(before, after, where)
        if rest is not None and others is None:
            yield Obstacle(where, "additionalProperties", "objects with names that are not listed")
        elif rest is not None and others is not None:
            yield from self.check(rest, others, where)


def resolve(schema: Schema, root: Schema, pointer: str) -> tuple[Schema, str]:
    definitions = root.get("definitions", {})
    for _ in definitions:
        name = str(schema.get("$ref", "")).removeprefix("#/definitions/")
        if "$ref" not in schema or name not in definitions:
            break
        schema, pointer = definitions[name], "/definitions" + token(name)
    return schema, pointer


def _in_order(schema: Schema) -> Schema:
    """Its oneOf alone, whose alternatives mean the same in any order."""
    listed = schema.get("oneOf", [])
    return {"oneOf": sorted(listed, key=lambda one: json.dumps(one, sort_keys=True))}


def _without_annotations(schema: Schema) -> Schema:
    bare = copy.deepcopy(dict(schema))
    for _, inner in subschemas(bare):
        for annotation in _ANNOTATIONS:
            cast(dict[str, Any], inner).pop(annotation, None)
    return bare


def _validator(schema: Schema, root: Schema) -> Draft4Validator:
    return Draft4Validator({**schema, "definitions": root.get("definitions", {})})


def _types(schema: Schema) -> frozenset[str]:
    given = schema.get("type", [*_TYPES])
    types = {given} if isinstance(given, str) else set(given)
    return frozenset(types | ({"integer"} if "number" in types else set()))


def _rest(schema: Schema) -> Schema | None:
    """The schema of properties that are not listed; None if there may be none."""
    rest = schema.get("additionalProperties", True)
    if rest is False:
        return None
    return _OPEN if rest is True else rest


_Rule = Callable[[Schema, Any], str | None]

_UNKNOWN = "some documents (its changes cannot be compared)"
_TOO_LARGE = "some documents (the schemas are too large to compare)"


def _type(narrower: Schema, given: str | list[str]) -> str | None:
    lost = sorted(_types(narrower) - _types({"type": given}))
    return f"values of type {' and '.join(lost)}" if lost else None


def _at_least(keyword: str, default: float, documents: str) -> _Rule:
    def rule(narrower: Schema, limit: float) -> str | None:
        return documents.format(limit) if narrower.get(keyword, default) < limit else None

    return rule


def _at_most(keyword: str, documents: str) -> _Rule:
    def rule(narrower: Schema, limit: float) -> str | None:
        return documents.format(limit) if narrower.get(keyword, float("inf")) > limit else None

    return rule


def _min_properties(narrower: Schema, limit: int) -> str | None:
    certain = max(narrower.get("minProperties", 0), len(narrower.get("required", [])))
    return f"objects of fewer than {limit} properties" if certain < limit else None


def _max_properties(narrower: Schema, limit: int) -> str | None:
    closed = _rest(narrower) is None and "patternProperties" not in narrower
    named = len(narrower.get("properties", {})) if closed else float("inf")
    possible = min(narrower.get("maxProperties", float("inf")), named)
    return f"objects of more than {limit} properties" if possible > limit else None


def _multiple_of(narrower: Schema, divisor: float) -> str | None:
    whole = "number" not in _types(narrower)
    before = narrower.get("multipleOf", 1 if whole else None)
    if isinstance(before, int) and isinstance(divisor, int) and before % divisor == 0:
        return None
    return f"numbers that are no multiple of {divisor}"


def _pattern(narrower: Schema, pattern: str) -> str | None:
    before = narrower.get("pattern")
    match before is not None and patterns.accepts_all_of(pattern, before):
        case True:
            return None
        case False:
            return f"strings that do not match {pattern}"
        case None:
            return "some strings (the patterns cannot be compared)"


def _min_length(narrower: Schema, limit: int) -> str | None:
    least = narrower.get("minLength", 0)
    if least < limit:
        least = max(least, _lengths(narrower)[0])
    return f"strings of fewer than {limit} characters" if least < limit else None


def _max_length(narrower: Schema, limit: int) -> str | None:
    most = narrower.get("maxLength", float("inf"))
    if most > limit:
        most = min(most, _lengths(narrower)[1])
    return f"strings of more than {limit} characters" if most > limit else None


def _lengths(schema: Schema) -> tuple[float, float]:
    unknown = (0, float("inf"))
    return patterns.lengths(schema["pattern"]) or unknown if "pattern" in schema else unknown


def _unique_items(narrower: Schema, unique: bool) -> str | None:
    if not unique or narrower.get("uniqueItems") or narrower.get("maxItems", 2) <= 1:
        return None
    return "arrays with items that repeat"


def _required(narrower: Schema, names: list[str]) -> str | None:
    new = [name for name in names if name not in narrower.get("required", [])]
    return f"objects without {' and '.join(new)}" if new else None


def _enum(_: Schema, values: list[Any]) -> str | None:
    return f"values other than {', '.join(map(json.dumps, values))}"


_RULES: Mapping[str, _Rule] = {
    "enum": _enum,
    "maxItems": _at_most("maxItems", "arrays of more than {} items"),
    "maxLength": _max_length,
    "maxProperties": _max_properties,
    "maximum": _at_most("maximum", "numbers above {}"),
    "minItems": _at_least("minItems", 0, "arrays of fewer than {} items"),
    "minLength": _min_length,
    "minProperties": _min_properties,
    "minimum": _at_least("minimum", float("-inf"), "numbers below {}"),
    "multipleOf": _multiple_of,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique_items,
}

_APPLIES_TO = {
    ("array",): {"items", "maxItems", "minItems", "uniqueItems"},
    ("integer", "number"): {"maximum", "minimum", "multipleOf"},
    ("object",): {
        "additionalProperties",
        "maxProperties",
        "minProperties",
        "properties",
        "required",
    },
    ("string",): {"maxLength", "minLength", "pattern"},
}
