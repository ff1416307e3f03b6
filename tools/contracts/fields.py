"""A schema as rows for a person: each field with its type, its limits and its meaning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.contracts.inclusion import resolve
from tools.contracts.patterns import END, START


@dataclass(frozen=True, slots=True)
class Field:
    """`path` is dotted, with [] for the items of an array."""

    path: str
    depth: int
    type: str
    required: bool
    limits: list[str]
    values: list[str]
    description: str


def fields(schema: Mapping[str, Any]) -> list[Field]:
    return list(_properties(schema, schema, "", 0))


def _properties(
    schema: Mapping[str, Any], root: Mapping[str, Any], path: str, depth: int
) -> Iterator[Field]:
    for name, declared in schema.get("properties", {}).items():
        inner, _ = resolve(declared, root, "")
        here = f"{path}{name}"
        yield Field(
            path=here,
            depth=depth,
            type=_type(inner, root),
            required=name in schema.get("required", []),
            limits=list(_limits(inner)),
            values=[str(value) for value in inner.get("enum", [])],
            description=declared.get("description", inner.get("description", "")),
        )
        while "items" in inner:
            inner, _ = resolve(inner["items"], root, "")
            here += "[]"
        yield from _properties(inner, root, f"{here}.", depth + 1)


def _type(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    types = schema.get("type", "any")
    if types == "array" and "items" in schema:
        items, _ = resolve(schema["items"], root, "")
        return f"array of {_type(items, root)}"
    return types if isinstance(types, str) else " or ".join(types)


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    for unit, least, most in (
        ("characters", "minLength", "maxLength"),
        ("items", "minItems", "maxItems"),
        ("properties", "minProperties", "maxProperties"),
        ("", "minimum", "maximum"),
    ):
        if found := _range(schema.get(least), schema.get(most), unit):
            yield found
    if "multipleOf" in schema:
        yield f"a multiple of {schema['multipleOf']}"
    if schema.get("uniqueItems"):
        yield "no item twice"
    if "pattern" in schema:
        yield f"all of it matches {schema['pattern'].removeprefix(START).removesuffix(END)}"


def _range(least: float | None, most: float | None, unit: str) -> str:
    least = None if unit and least == 0 else least
    if least is None and most is None:
        return ""
    if least == most:
        words = f"exactly {most}"
    elif most is None:
        words = f"{least} or more"
    elif least is None:
        words = f"at most {most}"
    else:
        words = f"{least} to {most}"
    return f"{words} {unit}".strip()
