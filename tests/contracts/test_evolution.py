"""Which changes of the contracts break a partner, and what is said of them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import OUTPUT, REQUEST, TASK_TYPE, Edit
from tools import REPOSITORY
from tools.contracts import task_types, tree
from tools.contracts.evolution import Comparison, Revision, UnknownRevisionError, compare

V1 = OUTPUT.parent
V2 = V1.with_name("v2")

TASK_TYPES = f"""
locals {{
  task_types = {{
    {TASK_TYPE} = {{
      auth                = "AWS_IAM"
      require_callback_id = false
    }}
  }}
}}
"""


@pytest.fixture
def repository(contracts_tree: Path) -> Path:
    """A copy of the contracts, committed."""
    (contracts_tree / tree.TASK_TYPES).parent.mkdir(parents=True)
    (contracts_tree / tree.TASK_TYPES).write_text(TASK_TYPES)
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "Base"]):
        subprocess.run(["git", "-C", str(contracts_tree), *command], check=True)
    return contracts_tree


def _compare(repository: Path) -> Comparison:
    return compare(repository, Revision(repository, "HEAD"))


def _said(repository: Path) -> list[tuple[Path, str]]:
    return [(found.path, found.what) for found in _compare(repository).findings]


def test_nothing_changed(repository: Path) -> None:
    assert _compare(repository) == Comparison([], [])


@pytest.mark.parametrize(
    ("path", "change", "what"),
    [
        (
            OUTPUT,
            lambda schema: schema["required"].append("carrier"),
            "/required: may refuse what was accepted before, objects without carrier",
        ),
        (
            OUTPUT,
            lambda schema: schema["properties"]["shipping_status"]["enum"].pop(),
            '/properties/shipping_status/enum: may refuse what was accepted before, "DELIVERED"',
        ),
        (
            OUTPUT,
            lambda schema: schema["properties"]["tracking_number"].update(maxLength=32),
            "/properties/tracking_number/maxLength: may refuse what was accepted before, strings "
            "of more than 32 characters",
        ),
        (
            tree.ENVELOPE,
            lambda schema: schema["required"].append("callback_id"),
            "/required: may refuse what was accepted before, objects without callback_id",
        ),
        (
            REQUEST,
            lambda schema: schema["required"].remove("ship_to"),
            "/required: may send what was not accepted before, objects without ship_to",
        ),
        (
            REQUEST,
            lambda schema: schema["properties"].update(gift={"type": "boolean"}),
            "/additionalProperties: may send what was not accepted before, objects with gift",
        ),
        (
            REQUEST,
            lambda schema: schema["properties"]["items"].update(maxItems=501),
            "/properties/items/maxItems: may send what was not accepted before, arrays of more "
            "than 500 items",
        ),
    ],
)
def test_breaks(
    repository: Path, edit: Edit, path: Path, change: Callable[[Any], None], what: str
) -> None:
    edit(path, change)

    (found,) = _compare(repository).findings

    assert (found.path, found.what) == (path, what)
    assert ("v2" in found.instead) == (path != tree.ENVELOPE)
    word = what.split(":")[0].rpartition("/")[2]
    assert f'"{word}"' in (repository / path).read_text().splitlines()[found.line - 1]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (OUTPUT, lambda schema: schema["required"].remove("tracking_number")),
        (OUTPUT, lambda schema: schema["properties"].update(carrier={"type": "string"})),
        (OUTPUT, lambda schema: schema["properties"]["shipping_status"]["enum"].append("LOST")),
        (OUTPUT, lambda schema: schema.update(description="Said better.")),
        (tree.ENVELOPE, lambda schema: schema["properties"].update(note={"type": "string"})),
        (REQUEST, lambda schema: schema["properties"]["items"].update(maxItems=499)),
    ],
)
def test_breaks_nobody(
    repository: Path, edit: Edit, path: Path, change: Callable[[Any], None]
) -> None:
    edit(path, change)

    assert _compare(repository).findings == []


def test_names_a_removed_version_and_type(repository: Path) -> None:
    shutil.rmtree(repository / V1.parent)

    assert {path for path, what in _said(repository) if "is gone" in what} == {OUTPUT, REQUEST}


def test_tries_the_examples_of_the_version_before_on_a_new_one(
    repository: Path, edit: Edit
) -> None:
    shutil.copytree(repository / V1, repository / V2)
    edit(V2 / OUTPUT.name, lambda schema: schema["required"].append("carrier"))

    comparison = _compare(repository)

    assert comparison.findings == []
    (note,) = comparison.notes
    assert note.path == V1 / "examples/valid/output.json"
    assert "'carrier' is a required property" in note.what


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (f"{TASK_TYPE} = {{", "ORDER_PARCEL_SERVICE = {", f"{TASK_TYPE} is gone"),
        ("= false", '= false\n versions = ["v2"]', f"v1 of {TASK_TYPE} is gone"),
        ('"AWS_IAM"', '"OAUTH2"', "asks for OAUTH2; its partners have AWS_IAM"),
        ("= false", "= false\n max_output_bytes = 9", "refuses outputs over 9"),
        ("= false", "= true", "refuses callbacks without callback_id"),
    ],
)
def test_channel_asks_for_more(repository: Path, before: str, after: str, what: str) -> None:
    source = repository / tree.TASK_TYPES
    source.write_text(TASK_TYPES.replace(before, after))

    (found,) = [said for path, said in _said(repository) if path == tree.TASK_TYPES]

    assert what in found


def test_refuses_an_unknown_revision(repository: Path) -> None:
    with pytest.raises(UnknownRevisionError):
        compare(repository, Revision(repository, "no-such-revision"))


def test_defaults_are_those_of_the_module() -> None:
    variables = REPOSITORY / "terraform/modules/callback-channel/variables.tf"
    names = [name for name in task_types.DEFAULTS if name != "versions"]
    expression = ", ".join(f"{name} = var.{name}" for name in names)

    read = json.loads(task_types.console(variables.read_text(), f"jsonencode({{{expression}}})"))

    assert read == {name: task_types.DEFAULTS[name] for name in names}
