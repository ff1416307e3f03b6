"""Builds the functions' package: the same sources give the same bytes."""

import argparse
import base64
import compileall
import fnmatch
import gzip
import hashlib
import json
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools import REPOSITORY
from tools.errors import UserError

LAMBDAS = REPOSITORY / "lambdas"
REQUIREMENTS = LAMBDAS / "requirements.txt"
PROJECT = REPOSITORY / "pyproject.toml"
DIST = REPOSITORY / "dist"
# In the package and beside it; named as CycloneDX documents are.
SBOM = "lambdas.cdx.json"
SOURCES = ("callbacks", "functions")
KINDS = ("json", "py")
# Lambda's Amazon Linux 2023 has glibc 2.34.
PLATFORMS = {"arm64": "aarch64-manylinux_2_34", "x86_64": "x86_64-manylinux_2_34"}
PYTHONS = ("3.13", "3.14")

# What the adapters call. Without the other 400 services' data, botocore starts in two thirds of
# the time and the package holds.
SERVICES = frozenset({"dynamodb", "lambda", "secretsmanager", "sns", "sqs", "stepfunctions", "sts"})

# What is never read at run time. Licences stay.
UNUSED = (
    ".lock",
    "bin/*",
    "*/__pycache__/*",
    "*/tests/*",
    "*.pyi",
    "*/py.typed",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/WHEEL",
    "*.dist-info/sboms/*",
    "*.dist-info/top_level.txt",
    "*.dist-info/zip-safe",
    "aws_lambda_powertools/event_handler/*",
    "aws_lambda_powertools/utilities/data_classes/*",
    "aws_lambda_powertools/utilities/parser/*",
    "botocore/data/*/examples-1.json",
    "dateutil/zoneinfo/*.tar.gz",
    "urllib3/contrib/emscripten/*",
)


class PackageError(UserError):
    """The package cannot be built."""


def build(architecture: str, python: str) -> Path:
    """Write dist/ARCHITECTURE/lambdas.zip, its SBOM and its manifest; return the path of the zip.

    Raises PackageError if the architecture or the Python version is not offered, a dependency has
    no wheel for them, or a source does not compile, and SbomError if a dependency's licence is not
    allowed. What was there before is then left as it was.
    """
    if architecture not in PLATFORMS:
        raise PackageError(f"ARCH={architecture} is not offered: use {' or '.join(PLATFORMS)}.")
    if python not in PYTHONS:
        raise PackageError(f"PYTHON={python} is not offered: use {' or '.join(PYTHONS)}.")

    target = DIST / architecture
    target.mkdir(parents=True, exist_ok=True)
    archive = target / "lambdas.zip"
    sources = dict(_files(LAMBDAS, *(f"{name}/**/*.{kind}" for name in SOURCES for kind in KINDS)))
    inputs = _digest(_dependency_inputs(architecture, python), _digests(sources))
    with TemporaryDirectory(dir=target) as scratch:
        if _inputs_of(archive) != inputs:
            tree = Path(scratch, "sources")
            for name, content in sources.items():
                _write(tree / name, content)
            _compile(tree, python)
            files = dict(_files(_dependencies(architecture, python), "**/*"))
            files.update(_files(tree, "**/*"))
            _write_archive(Path(scratch, archive.name), files, comment=inputs)
            Path(scratch, archive.name).replace(archive)

        with zipfile.ZipFile(archive) as packed:
            _write(Path(scratch, SBOM), packed.read(SBOM))
        Path(scratch, SBOM).replace(target / SBOM)

        sha256 = base64.b64encode(hashlib.sha256(archive.read_bytes()).digest()).decode()
        package = {
            "path": archive.relative_to(DIST.parent).as_posix(),
            "sha256_base64": sha256,
            "runtime": f"python{python}",
            "architecture": architecture,
        }
        manifest = Path(scratch, "package.tfvars.json")
        _write(manifest, json.dumps({"package": package}, indent=2).encode() + b"\n")
        manifest.replace(target / manifest.name)
    return archive


def manifest(architecture: str) -> Path:
    """Build the package for a processor, and return the path of its Terraform variables.

    Raises PackageError and SbomError as `build` does.
    """
    return build(architecture, PYTHONS[0]).with_name("package.tfvars.json")


def host_architecture() -> str:
    """The processor of this machine, in Lambda's words."""
    machine = platform.machine().lower()
    return {"aarch64": "arm64", "amd64": "x86_64"}.get(machine, machine)


def _dependency_inputs(architecture: str, python: str) -> str:
    return _digest(
        architecture,
        python,
        _compiles_for(python),
        Path(__file__).read_bytes(),
        Path(__file__).with_name("sbom.py").read_bytes(),
        _project(),
        REQUIREMENTS.read_bytes(),
    )


def _project() -> tuple[str, str, list[str]]:
    """Its name, its version, and what the functions require."""
    project = tomllib.loads(PROJECT.read_text())
    requirements = project["dependency-groups"]["lambdas"]
    return project["project"]["name"], project["project"]["version"], requirements


def _dependencies(architecture: str, python: str) -> Path:
    """The directory of the installed, pruned and compiled dependencies, and of their SBOM.

    It is made if it is not there.
    """
    inputs = _dependency_inputs(architecture, python)
    directory = DIST / architecture / f"dependencies-{inputs[:16]}"
    if directory.exists():
        return directory
    with TemporaryDirectory(dir=directory.parent) as scratch:
        tree = Path(scratch, "dependencies")
        _install(tree, architecture, python)
        _write(tree / SBOM, _sbom(tree))
        for path in tree.rglob("*"):
            name = path.relative_to(tree).as_posix()
            if path.is_file() and any(fnmatch.fnmatchcase(name, unused) for unused in UNUSED):
                path.unlink()
        _prune_botocore(tree)
        _compile(tree, python)
        tree.replace(directory)
    return directory


def _sbom(tree: Path) -> bytes:
    # Imports a second's worth of libraries, needed after the lock has changed only.
    from tools.deploy import sbom

    return sbom.document(tree, REQUIREMENTS, *_project())


def _install(tree: Path, architecture: str, python: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--color", "never"]
    command += ["--requirements", str(REQUIREMENTS), "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--target", str(tree), "--system-certs"]
    command += ["--python", sys.executable, "--python-version", python]
    command += ["--python-platform", PLATFORMS[architecture]]
    # Not linked to uv's cache: what is pruned here would be changed there.
    command += ["--link-mode", "copy"]
    uv = subprocess.run(command, capture_output=True, text=True, check=False)
    if uv.returncode == 0:
        return
    if missing := re.search(r"no version of (\S+)|(\S+==\S+) has no (usable )?wheel", uv.stderr):
        raise PackageError(
            f"No wheel of {missing[1] or missing[2]} for {architecture} and Python {python} was "
            "found: pin a version that has one."
        )
    if differs := re.search(r"Hash mismatch for `(\S+)`", uv.stderr):
        raise PackageError(
            f"{differs[1]} does not match its hash in lambdas/requirements.txt: find out who "
            "changed it before you lock it anew."
        )
    reason = (uv.stderr.strip() or "it gave no reason").splitlines()[0].removeprefix("error: ")
    raise PackageError(f"uv could not install the dependencies: {reason}")


def _prune_botocore(tree: Path) -> None:
    """Leave the data of SERVICES, as plain JSON and without its documentation."""
    data = tree / "botocore" / "data"
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    endpoints = set()
    for packed in sorted(data.rglob("*.json.gz")):
        model = json.loads(gzip.decompress(packed.read_bytes()), object_hook=_undocumented)
        if packed.name == "service-2.json.gz":
            endpoints.add(model["metadata"]["endpointPrefix"])
        _write_json(packed.with_suffix(""), model)
        packed.unlink()

    regions = json.loads((data / "endpoints.json").read_bytes())
    for partition in regions["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: value for name, value in services if name in endpoints}
    _write_json(data / "endpoints.json", regions)
    # Its licence asks that changed files say so; JSON cannot.
    changes = b"Left out of this copy: services that are not called, examples, documentation.\n"
    _write(data / "CHANGES", changes)


def _undocumented(value: dict[str, Any]) -> dict[str, Any]:
    # A structure may have a member of that name: it is no string.
    if isinstance(value.get("documentation"), str):
        del value["documentation"]
    return value


def _compile(tree: Path, python: str) -> None:
    # /var/task is read-only: without these, every cold start compiles all that it imports. Python
    # runs none that is not of the source beside it.
    if not _compiles_for(python):
        return
    compiled = compileall.compile_dir(
        tree,
        maxlevels=32,
        quiet=1,
        optimize=0,
        stripdir=tree,
        prependdir="/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )
    if not compiled:
        raise PackageError("A source does not compile; what Python says of it stands above.")


def _compiles_for(python: str) -> bool:
    return f"{sys.version_info.major}.{sys.version_info.minor}" == python


def _write_archive(path: Path, files: dict[str, bytes], comment: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=9)
        archive.comment = comment.encode()


def _inputs_of(archive: Path) -> str | None:
    try:
        with zipfile.ZipFile(archive) as existing:
            return existing.comment.decode()
    except (FileNotFoundError, zipfile.BadZipFile):
        return None


def _files(root: Path, *patterns: str) -> Iterator[tuple[str, bytes]]:
    for pattern in patterns:
        for path in root.glob(pattern):
            if path.is_file():
                yield path.relative_to(root).as_posix(), path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_json(path: Path, value: object) -> None:
    _write(path, json.dumps(value, separators=(",", ":")).encode())


def _digests(files: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items())]


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", default="arm64", help=" or ".join(PLATFORMS))
    parser.add_argument("--python", default="3.13", help=" or ".join(PYTHONS))
    arguments = parser.parse_args()
    try:
        archive = build(arguments.arch, arguments.python)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if not _compiles_for(arguments.python):
        sys.stderr.write(
            f"The package has no bytecode, which only Python {arguments.python} can make: cold "
            "starts are slower without.\n"
        )
    size = archive.stat().st_size / 1_000_000
    sys.stdout.write(
        f"{os.path.relpath(archive)}: {size:.1f} MB, {arguments.arch}, Python {arguments.python}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
