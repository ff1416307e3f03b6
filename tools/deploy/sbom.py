"""What is in the package, as a CycloneDX document: the same lock gives the same bytes."""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from license_expression import get_spdx_licensing
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tools import Json
from tools.errors import UserError

# What a library may be licensed under: nothing here asks for more than that its notice is kept.
LICENCES = frozenset({"Apache-2.0", "BSD-3-Clause", "MIT", "PSF-2.0", "Unicode-3.0"})

# By distribution, where its metadata say it in words of their own.
_READ_BY_HAND = {"python-dateutil": "Apache-2.0 OR BSD-3-Clause"}

_KEPT = ("type", "name", "version", "purl", "licenses", "hashes")
_HASH = re.compile(r"--hash=(\S+)")


class SbomError(UserError):
    """The package holds what may not be in it, or what nobody can tell."""


def document(
    installed: Path, lock: Path, name: str, version: str, requirements: Sequence[str]
) -> bytes:
    """The document of a package that requires what was installed into a directory from a lock.

    Raises:
        SbomError: something is not locked, or has no licence of LICENCES.
    """
    hashes = _locked(lock)
    found = {canonicalize_name(one.name): one for one in distributions(path=[str(installed)])}
    if strange := sorted(found.keys() - hashes.keys()):
        raise SbomError(f"{', '.join(strange)} is installed, but not in {lock.name}: lock it.")

    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, lock.read_text()))
    bom.metadata.component = root = Component(
        name=name, version=version, type=ComponentType.APPLICATION, bom_ref="package"
    )
    components = {key: _component(one, hashes[key]) for key, one in sorted(found.items())}
    required = {key: _required(one.requires or (), components) for key, one in found.items()}
    bom.register_dependency(root, _required(requirements, components))
    for key, component in components.items():
        built_in = list(_built_in(found[key]))
        for part in (component, *built_in):
            _require_allowed(part)
            bom.components.add(part)
        bom.register_dependency(component, [*required[key], *built_in])
    return _printed(bom)


def _locked(lock: Path) -> Mapping[NormalizedName, list[HashType]]:
    """The hashes that a lock has for each distribution."""
    entries = lock.read_text().replace("\\\n", " ").splitlines()
    return {
        canonicalize_name(Requirement(entry.split(" --hash", 1)[0]).name): [
            HashTypeFactory().from_hashlib_alg(*one.split(":")) for one in _HASH.findall(entry)
        ]
        for entry in entries
        if entry[:1].isalnum()
    }


def _component(found: Distribution, hashes: list[HashType]) -> Component:
    name = canonicalize_name(found.name)
    stated = found.metadata.get("License-Expression") or found.metadata.get("License")
    purl = PackageURL("pypi", None, name, found.version)
    return Component(
        name=name,
        version=found.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(_READ_BY_HAND.get(name, stated or ""))],
        # Of the files that may be installed; which one was depends on the platform.
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION, url=XsUri(purl.to_string()), hashes=hashes
            )
        ],
    )


def _built_in(found: Distribution) -> Iterator[Component]:
    """What was compiled into a distribution, as its own documents tell (PEP 770)."""
    for path in found.files or ():
        if path.match("*.dist-info/sboms/*.cyclonedx.json"):
            for told in json.loads(path.read_text())["components"]:
                if told.get("scope") != "excluded":
                    kept = {name: told[name] for name in _KEPT if name in told}
                    yield _read({**kept, "bom-ref": told["purl"]})


def _read(told: Json) -> Component:
    component: Component = Component.from_json(told)  # type: ignore[attr-defined]
    return component


def _required(
    requirements: Iterable[str], components: Mapping[NormalizedName, Component]
) -> list[Component]:
    wanted = [
        requirement
        for requirement in map(Requirement, requirements)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]
    names = {canonicalize_name(requirement.name) for requirement in wanted}
    return [component for name, component in components.items() if name in names]


def _require_allowed(component: Component) -> None:
    stated = [
        licence.value if isinstance(licence, LicenseExpression) else licence.id or licence.name
        for licence in component.licenses
    ]
    if not stated or not all(map(_allowed, stated)):
        raise SbomError(
            f"{component.name} {component.version} is licensed under {' and '.join(stated) or '?'}:"
            " find out whether the package may hold it, and name it in tools/deploy/sbom.py."
        )


@cache
def _allowed(expression: str) -> bool:
    licensing = get_spdx_licensing()
    if licensing.validate(expression).errors:
        return False

    def allowed(part: object) -> bool:
        if isinstance(part, licensing.AND):
            return all(map(allowed, part.args))
        if isinstance(part, licensing.OR):
            return any(map(allowed, part.args))
        return str(part) in LICENCES

    return allowed(licensing.parse(expression))


def _printed(bom: Bom) -> bytes:
    printed = json.loads(JsonV1Dot6(bom).output_as_string())
    del printed["metadata"]["timestamp"]
    return json.dumps(printed, indent=1, sort_keys=True).encode() + b"\n"
