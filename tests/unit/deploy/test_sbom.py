"""The document of what is in the package: of the lock, and of allowed licences only."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.deploy import sbom
from tools.deploy.sbom import SbomError

HASH = "6" * 64


def install(directory: Path, name: str, *metadata: str) -> Path:
    """A distribution that has nothing but its metadata."""
    folder = directory / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    lines = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *metadata]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    return folder


def lock(directory: Path, *names: str) -> Path:
    path = directory / "requirements.txt"
    path.write_text("".join(f"{name}==1.0 \\\n    --hash=sha256:{HASH}\n" for name in names))
    return path


def document(directory: Path, *names: str) -> bytes:
    return sbom.document(directory, lock(directory, *names), "package", "0.1.0", ["library"])


def documented(directory: Path, *names: str) -> Any:
    return json.loads(document(directory, *names))


@pytest.mark.parametrize(
    "stated",
    [
        "License-Expression: MIT",
        "License: Apache-2.0",
        "License-Expression: GPL-3.0-only OR MIT",
        "License-Expression: (GPL-3.0-only OR MIT) AND Unicode-3.0",
    ],
)
def test_a_library_may_be_packed_that_can_be_had_under_an_allowed_licence(
    stated: str, tmp_path: Path
) -> None:
    install(tmp_path, "library", stated)

    (component,) = documented(tmp_path, "library")["components"]

    assert component["purl"] == "pkg:pypi/library@1.0"
    assert stated.split(": ")[1] in json.dumps(component["licenses"])


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (["License-Expression: GPL-3.0-only"], "GPL-3.0-only"),
        (["License-Expression: MIT AND GPL-3.0-only"], "MIT AND GPL-3.0-only"),
        (["License-Expression: Apache-2.0 WITH LLVM-exception"], "Apache-2.0 WITH LLVM-exception"),
        (["License: as is"], "as is"),
        ([], r"\?"),
    ],
)
def test_no_other_may(stated: list[str], told: str, tmp_path: Path) -> None:
    install(tmp_path, "library", *stated)

    with pytest.raises(SbomError, match=f"library 1.0 is licensed under {told}: find out"):
        documented(tmp_path, "library")


def test_what_is_compiled_in_is_told_and_held_to_the_same_licences(tmp_path: Path) -> None:
    folder = install(tmp_path, "library", "License-Expression: MIT")
    crate = {"type": "library", "name": "crate", "version": "2.0", "purl": "pkg:cargo/crate@2.0"}
    built_in = folder / "sboms" / "library.cyclonedx.json"
    built_in.parent.mkdir()
    (folder / "RECORD").write_text(f"{built_in.relative_to(tmp_path)},,\n")

    def told(licence: str, **fields: str) -> None:
        part = {**crate, "licenses": [{"expression": licence}], **fields}
        built_in.write_text(json.dumps({"components": [part]}))

    told("MIT OR Apache-2.0")
    listed = documented(tmp_path, "library")
    assert [one["name"] for one in listed["components"]] == ["crate", "library"]
    edges = {one["ref"]: one.get("dependsOn") for one in listed["dependencies"]}
    assert edges["pkg:pypi/library@1.0"] == ["pkg:cargo/crate@2.0"]

    told("GPL-3.0-only", scope="excluded")
    assert [one["name"] for one in documented(tmp_path, "library")["components"]] == ["library"]

    told("GPL-3.0-only")
    with pytest.raises(SbomError, match=r"crate 2\.0 is licensed under GPL-3\.0-only"):
        documented(tmp_path, "library")


def test_what_is_not_locked_is_refused(tmp_path: Path) -> None:
    install(tmp_path, "library", "License-Expression: MIT")

    with pytest.raises(SbomError, match=r"library is installed, but not in requirements\.txt"):
        documented(tmp_path, "another")


def test_requirements_of_extras_are_none(tmp_path: Path) -> None:
    install(tmp_path, "library", "License-Expression: MIT", 'Requires-Dist: tool; extra == "dev"')
    install(tmp_path, "tool", "License-Expression: MIT", "Requires-Dist: library>=1")

    edges = documented(tmp_path, "library", "tool")["dependencies"]

    required = {one["ref"]: one.get("dependsOn") for one in edges}
    assert required["pkg:pypi/library@1.0"] is None
    assert required["pkg:pypi/tool@1.0"] == ["pkg:pypi/library@1.0"]


def test_nothing_in_it_is_of_the_moment_or_the_place(tmp_path: Path) -> None:
    documents = []
    for place in ("one", "another"):
        directory = tmp_path / place
        install(directory, "library", "License-Expression: MIT")
        documents.append(document(directory, "library"))

    assert documents[0] == documents[1]
    assert b"timestamp" not in documents[0]
