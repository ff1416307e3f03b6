"""The package: the same bytes everywhere, whole, and for the architecture asked."""

import importlib.util
import json
import marshal
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from base64 import b64encode
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path

import pytest
from callbacks.adapters.aws import READ_TIMEOUT_SECONDS
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tools import REPOSITORY
from tools.deploy import package

HERE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
ELSEWHERE = {"arm64": "x86_64", "x86_64": "arm64"}[HERE]
ELF_MACHINES = {"arm64": 183, "x86_64": 62}
SIZE_AIM_BYTES = 8_000_000
# PEP 552: by a hash of the source, which Python compares before it runs the bytecode.
CHECKED_HASH = 0b11


def run(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.deploy.package", *arguments],
        env={**os.environ, "PYTHONPATH": str(checkout), **environment},
        cwd=environment.get("PWD", checkout),
        umask=int(environment.get("UMASK", "022"), 8),
        capture_output=True,
        text=True,
        check=False,
    )


def archive(checkout: Path, architecture: str) -> Path:
    return checkout / "dist" / architecture / "lambdas.zip"


def copy_sources(checkout: Path) -> Path:
    lambdas = checkout / "lambdas"
    lambdas.mkdir(parents=True)
    shutil.copyfile(package.LAMBDAS / "requirements.txt", lambdas / "requirements.txt")
    shutil.copyfile(package.PROJECT, checkout / package.PROJECT.name)
    shutil.copytree(REPOSITORY / "tools", checkout / "tools")
    for name in package.SOURCES:
        shutil.copytree(
            package.LAMBDAS / name, lambdas / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return checkout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the package for this machine."""
    checkout = copy_sources(tmp_path_factory.mktemp("built"))
    result = run(checkout, "--arch", HERE)
    assert result.returncode == 0, result.stderr
    return checkout


def test_another_machine_builds_the_same_bytes(built: Path, tmp_path: Path) -> None:
    checkout = copy_sources(tmp_path / "ein anderes Verzeichnis")
    for path in sorted(checkout.rglob("*.py"), reverse=True):
        path.chmod(0o755)
        os.utime(path, (1_000_000_000, 1_000_000_000))

    result = run(
        checkout,
        *("--arch", HERE),
        UMASK="077",
        TZ="Pacific/Chatham",
        LC_ALL="tr_TR.UTF-8",
        PYTHONHASHSEED="7",
        PYTHONOPTIMIZE="2",
        SOURCE_DATE_EPOCH="1700000000",
        PWD="/",
    )

    assert result.returncode == 0, result.stderr
    assert archive(checkout, HERE).read_bytes() == archive(built, HERE).read_bytes()


def test_manifest_describes_the_archive(built: Path) -> None:
    manifest = json.loads((built / "dist" / HERE / "package.tfvars.json").read_text())

    assert manifest == {
        "package": {
            "path": f"dist/{HERE}/lambdas.zip",
            "sha256_base64": b64encode(sha256(archive(built, HERE).read_bytes()).digest()).decode(),
            "runtime": "python3.13",
            "architecture": HERE,
        }
    }


def test_every_function_starts_from_the_package_alone(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        packed.extractall(tmp_path)
    functions = sorted(path.name for path in (package.LAMBDAS / "functions").glob("[!_.]*/"))
    assert functions
    script = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "import fastjsonschema, jsonschema\n"
        "for name in sys.argv[2:]:\n"
        "    assert callable(importlib.import_module(f'functions.{name}.handler').handler)\n"
        "from callbacks.adapters.aws import READ_TIMEOUT_SECONDS, client\n"
        "for service in READ_TIMEOUT_SECONDS: client(service)\n"
    )

    result = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script, str(tmp_path), *functions],
        env={"AWS_DEFAULT_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr


def test_botocore_keeps_the_services_that_are_called() -> None:
    assert set(READ_TIMEOUT_SECONDS) == package.SERVICES


def test_every_source_is_packed(built: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        names = set(packed.namelist())
    sources = {
        path.relative_to(package.LAMBDAS).as_posix()
        for name in package.SOURCES
        for path in (package.LAMBDAS / name).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }

    assert sources <= names


def test_every_module_comes_compiled(built: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        names = set(packed.namelist())
    sources = {Path(name) for name in names if name.endswith(".py")}

    compiled = {path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc" for path in sources}

    assert compiled
    assert {path.as_posix() for path in compiled} <= names


def test_dependencies_keep_their_licences(built: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        names = packed.namelist()
        declared = {
            (name.removesuffix("METADATA"), licence)
            for name in names
            if name.endswith(".dist-info/METADATA")
            for licence in message_from_bytes(packed.read(name)).get_all("License-File", [])
        }

    assert len(declared) > 10
    for directory, licence in declared:
        assert {directory + licence, f"{directory}licenses/{licence}"} & set(names)


def test_entries_are_in_order(built: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        names = packed.namelist()

    assert names == sorted(names)


def test_package_is_within_its_size(built: Path) -> None:
    assert archive(built, HERE).stat().st_size <= SIZE_AIM_BYTES


def test_unchanged_sources_are_not_built_again(built: Path) -> None:
    before = archive(built, HERE).stat()

    run(built, "--arch", HERE)

    assert archive(built, HERE).stat().st_ino == before.st_ino


def test_changed_source_and_other_architecture_are_built(built: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(built, checkout)
    source = checkout / "lambdas" / "callbacks" / "__init__.py"
    source.write_text(source.read_text() + "CHANGED = True\n")

    again, other = run(checkout, "--arch", HERE), run(checkout, "--arch", ELSEWHERE)

    assert (again.returncode, other.returncode) == (0, 0), again.stderr + other.stderr
    for architecture in (HERE, ELSEWHERE):
        with zipfile.ZipFile(archive(checkout, architecture)) as packed:
            assert packed.read("callbacks/__init__.py").endswith(b"CHANGED = True\n")
            machines = {
                int.from_bytes(packed.read(name)[18:20], "little")
                for name in packed.namelist()
                if name.endswith(".so")
            }
        assert machines == {ELF_MACHINES[architecture]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--arch", "ppc64"], "ARCH=ppc64 is not offered: use arm64 or x86_64.\n"),
        (["--python", "2.7"], "PYTHON=2.7 is not offered: use 3.13 or 3.14.\n"),
    ],
)
def test_what_is_not_offered_is_refused(built: Path, arguments: list[str], sentence: str) -> None:
    result = run(built, *arguments)

    assert (result.returncode, result.stderr) == (1, sentence)


@pytest.mark.parametrize(
    ("locked", "replacement", "sentence"),
    [
        (r"six==1\.17\.0", "six==0.0.1", "No wheel of six==0.0.1 for "),
        ("sha256:.", "sha256:0", "six==1.17.0 does not match its hash"),
    ],
)
def test_dependency_that_cannot_be_had_leaves_what_was_there(
    built: Path, tmp_path: Path, locked: str, replacement: str, sentence: str
) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(built, checkout)
    requirements = checkout / "lambdas" / "requirements.txt"
    six = next(
        entry
        for entry in requirements.read_text().replace("\\\n", "").splitlines()
        if entry.startswith("six==")
    )
    requirements.write_text(re.sub(locked, replacement, six))
    before = archive(checkout, HERE).read_bytes()

    result = run(checkout, "--arch", HERE)

    assert result.returncode == 1
    assert result.stderr.startswith(sentence), result.stderr
    assert result.stderr.count("\n") == 1
    assert archive(checkout, HERE).read_bytes() == before


def test_lock_names_no_index() -> None:
    assert "://" not in package.REQUIREMENTS.read_text()


def test_every_module_comes_compiled_of_the_source_beside_it(built: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    compiled = [name for name in files if name.endswith(".pyc")]

    assert compiled
    for name in compiled:
        path = Path(name)
        source = (path.parent.parent / path.name.split(".")[0]).with_suffix(".py").as_posix()
        data = files[name]
        assert data[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(data[4:8], "little") == CHECKED_HASH, name
        assert data[8:16] == importlib.util.source_hash(files[source]), name
        code = marshal.loads(data[16:])
        assert code == compile(files[source], code.co_filename, "exec", dont_inherit=True), name


def test_the_sbom_lies_in_the_package_and_beside_it(built: Path) -> None:
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        inside = packed.read(package.SBOM)

    assert archive(built, HERE).with_name(package.SBOM).read_bytes() == inside


def test_the_sbom_is_a_valid_document(built: Path) -> None:
    document = archive(built, HERE).with_name(package.SBOM).read_text()

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None


def test_the_sbom_has_what_the_package_has_and_the_lock_pins(built: Path) -> None:
    document = json.loads(archive(built, HERE).with_name(package.SBOM).read_text())
    listed = {
        (component["name"], component["version"]): component
        for component in document["components"]
        if component["purl"].startswith("pkg:pypi/")
    }
    with zipfile.ZipFile(archive(built, HERE)) as packed:
        metadata = [
            message_from_bytes(packed.read(name))
            for name in packed.namelist()
            if name.endswith(".dist-info/METADATA")
        ]
    entries = package.REQUIREMENTS.read_text().replace("\\\n", "").splitlines()
    locked = {
        tuple(entry.split()[0].split("==")): set(re.findall(r"sha256:(\w+)", entry))
        for entry in entries
        if "==" in entry
    }

    assert set(listed) == {(canonicalize_name(one["Name"]), one["Version"]) for one in metadata}
    assert set(listed) == set(locked)
    for name, component in listed.items():
        (reference,) = component["externalReferences"]
        assert {one["content"] for one in reference["hashes"]} == locked[name]
        assert component["licenses"]


def test_a_library_that_no_licence_allows_is_not_packed(built: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(built, checkout)
    rules = checkout / "tools" / "deploy" / "sbom.py"
    rules.write_text(rules.read_text().replace('"PSF-2.0", ', ""))
    before = archive(checkout, HERE).read_bytes()

    result = run(checkout, "--arch", HERE)

    assert result.returncode == 1
    assert re.match(r"typing-extensions \S+ is licensed under PSF-2\.0: find out", result.stderr)
    assert archive(checkout, HERE).read_bytes() == before


def test_no_bytecode_is_under_version_control() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert tracked
    assert not [name for name in tracked if name.endswith((".pyc", ".pyo", ".so"))]
