"""Fills the marked blocks of Markdown files, which say again what other files say.

    <!-- inputs -->                         a table of variables.tf beside the file
    <!-- outputs -->                        a table of outputs.tf beside it
    <!-- code: PATH NAME -->                a definition of a Python file, with all that it needs,
                                            or a block of a Terraform file, such as module.release
    <!-- skips -->                          a table of the checks of checkov that are skipped

Each goes on to the next `<!-- end -->`.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from tools import hcl
from tools.excerpts import excerpt
from tools.skips import skips

FILES = ("*.md", "docs/**/*.md", "examples/**/*.md", "terraform/**/*.md")

_BLOCK = re.compile(
    r"(<!-- (inputs|outputs|code|skips)(?:: (\S+) (\S+))? -->\n).*?(?=<!-- end -->)", re.S
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
            case "skips":
                return opening + _skips(root)
        if source.endswith(".tf"):
            return f"{opening}```hcl\n{_terraform(root / source, name)}\n```\n"
        return f"{opening}```python\n{excerpt((root / source).read_text(), name)}```\n"

    return _BLOCK.sub(content, text)


def _inputs(path: Path) -> str:
    rows = [
        (_name(one), f"`{_type(one.attributes['type'])}`", _default(one), _description(one))
        for one in hcl.blocks(path.read_bytes())
    ]
    return table(("input", "type", "default", "description"), rows)


def _outputs(path: Path) -> str:
    rows = [(_name(one), _description(one)) for one in hcl.blocks(path.read_bytes())]
    return table(("output", "description"), rows)


def _skips(root: Path) -> str:
    """Together where a check is skipped for one reason, at several places."""
    places: dict[tuple[str, str], list[str]] = {}
    for skip in skips(root):
        places.setdefault((skip.check, skip.reason), []).append(
            f"`{skip.resource}` in {skip.folder.name}"
        )
    rows = [(check, "<br>".join(at), reason) for (check, reason), at in places.items()]
    return table(("check", "skipped for", "because"), rows)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table, a line for each row, with a line break at its end."""
    lines = [f"| {' | '.join(cells)} |\n" for cells in (head, *rows)]
    return "".join([lines[0], f"|{'---|' * len(head)}\n", *lines[1:]])


def _terraform(path: Path, address: str) -> str:
    blocks = hcl.blocks(path.read_bytes())
    (found,) = (one.source for one in blocks if ".".join(one.labels) == address)
    return found


def _name(block: hcl.Block) -> str:
    return f"`{block.labels[-1]}`"


def _type(kind: hcl.Expression) -> str:
    """Without the attributes of its objects."""
    name, arguments = kind.call
    if name == "object" or not arguments:
        return name
    return f"{name}({', '.join(map(_type, arguments))})"


def _default(variable: hcl.Block) -> str:
    default = variable.attributes.get("default")
    return f"`{' '.join(default.source.split())}`" if default else "required"


def _description(block: hcl.Block) -> str:
    """What a string or a heredoc says, on one line of a table."""
    text = block.attributes["description"].source
    said = text.split("\n", 1)[1].rpartition("\n")[0] if text.startswith("<<") else json.loads(text)
    return " ".join(str(said).split()).replace("|", "\\|")
