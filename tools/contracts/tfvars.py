"""What differs between environments, terraform/roots/*/envs/*.tfvars: read and checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import hcl
from tools.contracts import tree
from tools.contracts.documents import Finding, nearest

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
        partners = self.settings.get("partners", {})
        return {name for name, one in partners.items() if NEEDED[auth] in one}


def environments(root: Path) -> list[Environment]:
    """The environments of the platform.

    Raises:
        InvalidHclError: a file is not HCL.
    """
    return [
        Environment(
            path.relative_to(root),
            {one.name: one.expression.value for one in hcl.settings(path.read_bytes())},
        )
        for path in sorted((root / PLATFORM / "envs").glob("*.tfvars"))
    ]


def lint(root: Path) -> Iterator[Finding]:
    """Settings that do not exist: Terraform ignores them."""
    for folder in sorted((root / tree.ROOTS).iterdir()):
        types = hcl.variable_types((folder / "variables.tf").read_bytes())
        for path in sorted((folder / "envs").glob("*.tfvars")):
            where = path.relative_to(root)
            try:
                settings = hcl.settings(path.read_bytes())
            except hcl.InvalidHclError as error:
                yield Finding(where, error.line, f"the file {error}", "NAME = VALUE on each line")
                continue
            for setting in settings:
                if setting.name not in types:
                    yield _unknown(where, setting, types)
                elif kind := types[setting.name]:
                    yield from _dropped(where, setting.expression, kind)


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
