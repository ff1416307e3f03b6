"""What differs between environments, terraform/roots/*/envs/*.tfvars: read and checked."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import hcl
from tools.contracts import tree
from tools.contracts.documents import Finding, contents, nearest, read_bytes

PLATFORM = tree.ROOTS / "platform"

# What a partner of a channel with this auth has in an environment.
NEEDED: Mapping[str, str] = {"AWS_IAM": "account_id", "OAUTH2": "webhook_url"}


@dataclass(frozen=True, slots=True)
class Environment:
    """The platform's settings in one environment; `path` is relative to the repository."""

    path: Path
    settings: Mapping[str, Any]

    def partners(self, auth: str) -> set[str]:
        """The names of partners that can do the work of a channel with this auth."""
        partners = self.settings.get("partners")
        return {
            name
            for name, one in (partners.items() if isinstance(partners, dict) else ())
            if isinstance(one, dict) and NEEDED[auth] in one
        }


def environments(root: Path) -> list[Environment]:
    """The environments of the platform.

    Raises:
        InvalidHclError: a file is not HCL.
        OSError: a file is gone.
        UnreadableError: a file is none.
    """
    return [
        Environment(
            path.relative_to(root),
            {one.name: one.expression.value for one in hcl.settings(read_bytes(path))},
        )
        for path in sorted((root / PLATFORM / "envs").glob("*.tfvars"))
    ]


def lint(root: Path) -> Iterator[Finding]:
    """Settings that do not exist: Terraform ignores them."""
    if not any((root / PLATFORM / "envs").glob("*.tfvars")):
        yield Finding(PLATFORM / "envs", 1, "there is no environment", "ENV.tfvars")
    for folder in tree.folders(root / tree.ROOTS):
        yield from _root(root, folder.relative_to(root))


def _root(root: Path, folder: Path) -> Iterator[Finding]:
    declared = yield from _read(root, folder / "variables.tf", hcl.variable_types)
    if declared is None:
        return
    for path in sorted((root / folder / "envs").glob("*.tfvars")):
        where = path.relative_to(root)
        settings = yield from _read(root, where, hcl.settings)
        for setting in settings or ():
            if setting.name not in declared:
                yield _unknown(where, setting, declared)
            elif kind := declared[setting.name]:
                yield from _dropped(where, setting.expression, kind)


def _read[Read](
    root: Path, path: Path, parse: Callable[[bytes], Read]
) -> Generator[Finding, None, Read | None]:
    content = yield from contents(root, path)
    if content is None:
        return None
    try:
        return parse(content)
    except hcl.InvalidHclError as error:
        yield Finding(path, error.line, f"the file {error}", "NAME = VALUE on each line")
        return None


def _dropped(where: Path, value: hcl.Expression, kind: hcl.Expression) -> Iterator[Finding]:
    """Attributes of objects that the variable's type does not have."""
    match kind.call:
        case ("optional", [inner, *_]):
            yield from _dropped(where, value, inner)
        case ("map", [inner]):
            for attribute in value.attributes:
                yield from _dropped(where, attribute.expression, inner)
        case ("object", [fields]):
            types = {field.name: field.expression for field in fields.attributes}
            for attribute in value.attributes:
                if attribute.name in types:
                    yield from _dropped(where, attribute.expression, types[attribute.name])
                else:
                    yield _unknown(where, attribute, types)


def _unknown(where: Path, setting: hcl.Attribute, known: Mapping[str, Any]) -> Finding:
    return Finding(
        where, setting.line, f"there is no setting {setting.name}", nearest(setting.name, [*known])
    )
