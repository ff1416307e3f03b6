"""Fills the marked blocks of Markdown files, which say again what other files say.

    <!-- inputs -->                         a table of variables.tf beside the file
    <!-- outputs -->                        a table of outputs.tf beside it
    <!-- code: PATH NAME -->                a definition of a Python file, with all that it needs,
                                            or a block of a Terraform file, such as module.release

Each goes on to the next `<!-- end -->`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tree_sitter
import tree_sitter_hcl

from tools.excerpts import excerpt

FILES = ("*.md", "docs/**/*.md", "examples/**/*.md", "terraform/**/*.md")

_BLOCK = re.compile(
    r"(<!-- (inputs|outputs|code)(?:: (\S+) (\S+))? -->\n).*?(?=<!-- end -->)", re.S
)


def documents(root: Path) -> list[Path]:
    """All Markdown files, relative to `root`."""
    return sorted(path.relative_to(root) for pattern in FILES for path in root.glob(pattern))


def render(root: Path) -> dict[Path, str]:
    """Each file with marked blocks, relative to `root` => its content, with all of them filled."""
    texts = {path: (root / path).read_text() for path in documents(root)}
    return {path: _filled(root, path, text) for path, text in texts.items() if _BLOCK.search(text)}


def write(root: Path) -> list[Path]:
    """Fill the blocks, and return the files."""
    rendered = render(root)
    for path, text in rendered.items():
        (root / path).write_text(text)
    return list(rendered)


def _filled(root: Path, path: Path, text: str) -> str:
    def content(block: re.Match[str]) -> str:
        opening, kind, source, name = block.groups()
        match kind:
            case "inputs":
                return opening + _inputs(root / path.with_name("variables.tf"))
            case "outputs":
                return opening + _outputs(root / path.with_name("outputs.tf"))
        if source.endswith(".tf"):
            return f"{opening}```hcl\n{_terraform(root / source, name)}\n```\n"
        return f"{opening}```python\n{excerpt((root / source).read_text(), name)}```\n"

    return _BLOCK.sub(content, text)


def _inputs(path: Path) -> str:
    rows = [
        (f"`{one.name}`", _type(one), _default(one), _description(one)) for one in _blocks(path)
    ]
    return _table(("input", "type", "default", "description"), rows)


def _outputs(path: Path) -> str:
    rows = [(f"`{one.name}`", _description(one)) for one in _blocks(path)]
    return _table(("output", "description"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cells)} |\n" for cells in (head, *rows)]
    return "".join([lines[0], f"|{'---|' * len(head)}\n", *lines[1:]])


def _terraform(path: Path, address: str) -> str:
    (found,) = (one.source for one in _blocks(path) if one.address == address)
    return found


@dataclass(frozen=True)
class _Block:
    """A block of a Terraform file as it is written, and its attributes."""

    labels: list[str]
    attributes: dict[str, tree_sitter.Node]
    source: str

    @property
    def address(self) -> str:
        return ".".join(self.labels)

    @property
    def name(self) -> str:
        return self.labels[-1]


def _blocks(path: Path) -> Iterator[_Block]:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    (body,) = parser.parse(path.read_bytes()).root_node.named_children
    for block in body.named_children:
        if block.type == "block":
            *labels, _, content, _ = block.named_children
            attributes = {
                _text(one.named_children[0]): one.named_children[1]
                for one in content.named_children
                if one.type == "attribute"
            }
            yield _Block([_text(label).strip('"') for label in labels], attributes, _text(block))


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def _type(variable: _Block) -> str:
    """Without the attributes of its objects."""
    return f"`{''.join(_without_objects(variable.attributes['type']))}`"


def _without_objects(node: tree_sitter.Node) -> Iterator[str]:
    if node.type == "function_call" and _text(node.named_children[0]) == "object":
        yield "object"
    elif node.children:
        for child in node.children:
            yield from _without_objects(child)
    else:
        yield _text(node)


def _default(variable: _Block) -> str:
    if "default" not in variable.attributes:
        return "required"
    return f"`{' '.join(_text(variable.attributes['default']).split())}`"


def _description(block: _Block) -> str:
    """What a string or a heredoc says, on one line of a table."""
    text = _text(block.attributes["description"])
    said = text.split("\n", 1)[1].rpartition("\n")[0] if text.startswith("<<") else json.loads(text)
    return " ".join(str(said).split()).replace("|", "\\|")
