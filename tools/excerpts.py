"""Python shown in documents: a definition from a module, with all that it needs of the module."""

import ast
import sys


def excerpt(source: str, name: str) -> str:
    """A top-level definition, the definitions that it uses, and their imports, as a module.

    Raises:
        KeyError: the source has no such definition.
    """
    tree, lines = ast.parse(source), source.splitlines()
    definitions: dict[str, ast.stmt] = {}
    texts: dict[str, str] = {}
    end = 0
    for node in tree.body:
        if defined := _defined(node):
            definitions[defined] = node
            # From the end of the one before, so that comments and empty lines come along.
            texts[defined] = "\n".join(lines[end : node.end_lineno])
        end = node.end_lineno or end

    wanted, found = {name}, set[str]()
    while wanted:
        one = wanted.pop()
        found.add(one)
        wanted |= (_used(definitions[one]) & definitions.keys()) - found

    used = set[str]().union(*(_used(definitions[one]) for one in found))
    body = "\n".join(text for defined, text in texts.items() if defined in found)
    return f"{_imports(tree, used)}\n\n{body.lstrip()}\n"


def _defined(node: ast.stmt) -> str | None:
    match node:
        case ast.FunctionDef(name=str(name)) | ast.ClassDef(name=str(name)):
            return name
        case (
            ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name))
            | ast.TypeAlias(name=ast.Name(id=name))
        ):
            return name
    return None


def _used(node: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _imports(tree: ast.Module, used: set[str]) -> str:
    """Those that bind a name in use, the standard library's first."""
    groups: dict[bool, list[str]] = {False: [], True: []}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [
                alias
                for alias in node.names
                if (alias.asname or alias.name).partition(".")[0] in used
            ]
            module = node.module if isinstance(node, ast.ImportFrom) else None
            for first in [module or alias.name for alias in node.names][:1]:
                third_party = first.partition(".")[0] not in sys.stdlib_module_names
                groups[third_party].append(ast.unparse(node))
    return "\n\n".join("\n".join(group) for group in groups.values() if group)
