"""Reads the literal part of HCL, with lines: what a tfvars file says, what variables.tf declares.

Terraform itself ignores, or only warns about, what it does not know in a tfvars file.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import tree_sitter
import tree_sitter_hcl

MOST_LEVELS = 200  # Of the syntax, which has some five for each object.


class InvalidHclError(Exception):
    """A text that is not HCL; carries the line."""

    def __init__(self, line: int) -> None:
        super().__init__("is not HCL")
        self.line = line


@dataclass(frozen=True, slots=True)
class Expression:
    """What stands behind an equals sign."""

    node: tree_sitter.Node

    @property
    def source(self) -> str:
        """The text as it is written."""
        return _text(self.node)

    @property
    def attributes(self) -> "list[Attribute]":
        """Those of an object, in order; none of anything else."""
        return [
            _attribute(name, value)
            for element in _of(self.node, "object_elem")
            for name, value in [_of(element, "expression")]
        ]

    @property
    def call(self) -> "tuple[str, list[Expression]]":
        """A function's name and its arguments; a name alone has none."""
        if self.node.type != "function_call":
            return _text(self.node), []
        name, *arguments = self.node.named_children
        return _text(name), [
            _expression(node) for one in arguments for node in _of(one, "expression")
        ]

    @property
    def value(self) -> Any:
        """Objects as dicts and lists as lists; of anything else the text, without quotes."""
        match self.node.type:
            case "object":
                return {one.name: one.expression.value for one in self.attributes}
            case "tuple":
                return [_expression(one).value for one in _of(self.node, "expression")]
        return _text(self.node).strip('"')


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name, the line it is on, and what it is set to."""

    name: str
    line: int
    expression: Expression


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it is written; `labels` are its kind and its names, as in variable, region."""

    labels: list[str]
    attributes: dict[str, Expression]
    source: str


def settings(content: bytes) -> list[Attribute]:
    """The attributes of a tfvars file.

    Raises:
        InvalidHclError: it is not HCL.
    """
    return [one for body in _bodies(content) for one in _attributes(body)]


def blocks(content: bytes) -> list[Block]:
    """The blocks of a file of Terraform code, in order.

    Raises:
        InvalidHclError: it is not HCL.
    """
    return [
        Block(
            [
                _text(one).strip('"')
                for one in block.named_children
                if one.type in {"identifier", "string_lit"}
            ],
            {one.name: one.expression for body in _of(block, "body") for one in _attributes(body)},
            _text(block),
        )
        for top in _bodies(content)
        for block in _of(top, "block")
    ]


def variable_types(content: bytes) -> dict[str, Expression | None]:
    """The variables that a file declares, with their types.

    Raises:
        InvalidHclError: it is not HCL.
    """
    return {
        block.labels[1]: block.attributes.get("type")
        for block in blocks(content)
        if block.labels[0] == "variable" and len(block.labels) == 2
    }


def _attributes(body: tree_sitter.Node) -> list[Attribute]:
    return [
        _attribute(*_of(node, "identifier"), *_of(node, "expression"))
        for node in _of(body, "attribute")
    ]


def _attribute(name: tree_sitter.Node, value: tree_sitter.Node) -> Attribute:
    return Attribute(_text(name).strip('"'), name.start_point.row + 1, _expression(value))


def _bodies(content: bytes) -> list[tree_sitter.Node]:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise InvalidHclError(content.count(b"\n", 0, error.start) + 1) from None
    root = _parser().parse(content).root_node
    level = [root]
    for _ in range(MOST_LEVELS):
        for node in level:
            if node.is_error or node.is_missing:
                raise InvalidHclError(node.start_point.row + 1)
        level = [child for node in level for child in node.children]
    if level:
        raise InvalidHclError(level[0].start_point.row + 1)
    return _of(root, "body")


def _expression(node: tree_sitter.Node) -> Expression:
    while node.type in {"collection_value", "expression", "literal_value", "variable_expr"}:
        node = node.named_children[0]
    return Expression(node)


def _of(node: tree_sitter.Node, kind: str) -> list[tree_sitter.Node]:
    return [child for child in node.named_children if child.type == kind]


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
