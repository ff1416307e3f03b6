"""Which changes of the contracts break a partner, and what is said of them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import CHANNEL, OUTPUT, REQUEST, TASK_TYPE, Edit
from tools.contracts import tree
from tools.contracts.evolution import Comparison, compare
from tools.contracts.revisions import Revision, RevisionError

V1 = OUTPUT.parent
V2 = V1.with_name("v2")


@pytest.fixture
def repository(contracts_tree: Path) -> Path:
    """A copy of the contracts, committed."""
    subprocess.run(["git", "-C", str(contracts_tree), "init", "-q"], check=True)
    _commit(contracts_tree, "Base")
    return contracts_tree


def _commit(repository: Path, message: str) -> None:
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (["add", "."], [*author, "commit", "-q", "-m", message]):
        subprocess.run(["git", "-C", str(repository), *command], check=True)


def _commit_if_changed(repository: Path) -> None:
    if subprocess.run(["git", "-C", str(repository), "diff", "--quiet"], check=False).returncode:
        _commit(repository, "What partners use")


def _compare(repository: Path) -> Comparison:
    return compare(repository, Revision(repository, "HEAD"))


def _said(repository: Path) -> list[tuple[Path, str]]:
    return [(found.path, found.what) for found in _compare(repository).findings]


def test_nothing_changed(repository: Path) -> None:
    comparison = _compare(repository)

    assert (comparison.findings, comparison.notes) == ([], [])


@pytest.mark.parametrize(
    ("path", "change", "what"),
    [
        (
            OUTPUT,
            lambda schema: schema["required"].append("carrier"),
            "/required: partners can no longer send objects without carrier",
        ),
        (
            OUTPUT,
            lambda schema: schema["properties"]["shipping_status"]["enum"].pop(),
            '/properties/shipping_status/enum: partners can no longer send "DELIVERED"',
        ),
        (
            OUTPUT,
            lambda schema: schema["properties"]["tracking_number"].update(maxLength=32),
            "/properties/tracking_number/maxLength: partners can no longer send strings "
            "of more than 32 characters",
        ),
        (
            tree.ENVELOPE,
            lambda schema: schema["required"].append("callback_id"),
            "/required: partners can no longer send objects without callback_id",
        ),
        (
            REQUEST,
            lambda schema: schema["required"].remove("ship_to"),
            "/required: partners may now receive objects without ship_to",
        ),
        (
            REQUEST,
            lambda schema: schema["properties"].update(gift={"type": "boolean"}),
            "/additionalProperties: partners may now receive objects with gift",
        ),
        (
            REQUEST,
            lambda schema: schema["properties"]["items"].update(maxItems=501),
            "/properties/items/maxItems: partners may now receive arrays of more than 500 items",
        ),
    ],
)
def test_breaks(
    repository: Path, edit: Edit, path: Path, change: Callable[[Any], None], what: str
) -> None:
    edit(path, change)

    (found,) = _compare(repository).findings

    assert (found.path, found.what) == (path, what)
    shown = "received now, not before: {" if path == REQUEST else "taken before, and no longer: {"
    assert found.witness.startswith(shown)
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

    gone = {path for path, what in _said(repository) if "is gone" in what}
    assert gone == {CHANNEL, OUTPUT, REQUEST}


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


def test_a_version_that_is_not_live_any_more(repository: Path, edit: Edit) -> None:
    shutil.copytree(repository / V1, repository / V2)
    edit(CHANNEL, lambda settings: settings.update(versions=["v2"]))

    (found,) = _compare(repository).findings

    assert (found.rule, found.what[:11]) == ("version-removed", "v1 of ORDER")


@pytest.mark.parametrize(
    ("before", "now", "rule"),
    [
        ({}, {"auth": "OAUTH2"}, "auth-changed"),
        ({}, {"enabled": False}, "channel-disabled"),
        ({}, {"heartbeat_seconds": 600}, "heartbeat-added"),
        ({"heartbeat_seconds": 600}, {"heartbeat_seconds": 300}, "heartbeat-shortened"),
        ({}, {"max_output_bytes": 9}, "output-limit-lowered"),
        ({"partners": ["a", "b"]}, {"partners": ["a"]}, "partner-removed"),
        ({}, {"require_callback_id": True}, "callback-id-required"),
        ({}, {"throttle": {"burst_limit": 9, "rate_limit": 9}}, "throttle-lowered"),
        (
            {"throttle": {"burst_limit": 9, "rate_limit": 9}},
            {"throttle": {"burst_limit": 9, "rate_limit": 8.5}},
            "throttle-lowered",
        ),
        ({}, {"timeout_seconds": 86399}, "timeout-shortened"),
    ],
)
def test_a_channel_asks_for_more_or_gives_less(
    repository: Path, edit: Edit, before: dict[str, Any], now: dict[str, Any], rule: str
) -> None:
    edit(CHANNEL, lambda settings: settings.update(before))
    _commit_if_changed(repository)
    edit(CHANNEL, lambda settings: settings.update(now))

    (found,) = _compare(repository).findings

    assert (found.path, found.rule) == (CHANNEL, rule)
    (name,) = now
    assert f'"{name}"' in (repository / CHANNEL).read_text().splitlines()[found.line - 1]
    assert found.place == f"{CHANNEL}#/{name}"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"heartbeat_seconds": 600}, {"heartbeat_seconds": 900}),
        ({"heartbeat_seconds": 600}, {"heartbeat_seconds": None}),
        ({}, {"max_output_bytes": 70000}),
        ({}, {"partners": ["acme-shipping", "b"]}),
        ({}, {"timeout_seconds": 86401}),
        ({}, {"retry": {"max_attempts": 1}}),
        ({"throttle": {"burst_limit": 9, "rate_limit": 9}}, {"throttle": None}),
    ],
)
def test_a_channel_asks_for_less_or_gives_more(
    repository: Path, edit: Edit, before: dict[str, Any], now: dict[str, Any]
) -> None:
    edit(CHANNEL, lambda settings: settings.update(before))
    _commit_if_changed(repository)
    edit(CHANNEL, lambda settings: settings.update(now))

    assert _compare(repository).findings == []


@pytest.mark.parametrize(
    ("path", "change", "rules"),
    [
        (REQUEST, lambda _: None, []),
        (REQUEST, lambda schema: schema["properties"].pop("items"), ["message-narrowed"]),
        (
            REQUEST,
            lambda schema: schema["properties"]["items"]["items"]["properties"].pop("sku"),
            ["message-narrowed"],
        ),
        (REQUEST, lambda schema: schema["required"].remove("items"), ["message-narrowed"]),
        (OUTPUT, lambda schema: schema["required"].append("carrier"), ["callback-moved"]),
    ],
)
def test_messages_of_another_version_are_for_partners_of_the_one_before(
    repository: Path, edit: Edit, path: Path, change: Callable[[Any], None], rules: list[str]
) -> None:
    shutil.copytree(repository / V1, repository / V2)
    edit(V2 / path.name, change)
    edit(CHANNEL, lambda settings: settings.update(versions=["v1", "v2"]))
    _commit(repository, "A new version")
    edit(CHANNEL, lambda settings: settings.update(message_version="v2"))

    found = _compare(repository).findings

    assert [(one.rule, one.pointer) for one in found] == [
        (rule, "/message_version") for rule in rules
    ]


def test_a_default_that_asks_for_more(repository: Path, edit: Edit) -> None:
    edit(
        tree.CHANNEL_SCHEMA,
        lambda schema: schema["properties"]["max_output_bytes"].update(default=1024),
    )

    said = {what for _, what in _said(repository)}

    assert f"{TASK_TYPE} refuses outputs over 1024 bytes; before, over 65536" in said


def test_refuses_an_unknown_revision(repository: Path) -> None:
    with pytest.raises(RevisionError, match="BASE=no-such-revision cannot be read: name the git"):
        compare(repository, Revision(repository, "no-such-revision"))


def test_refuses_a_revision_that_had_its_channels_elsewhere(repository: Path) -> None:
    schema = (repository / tree.CHANNEL_SCHEMA).read_bytes()
    (repository / tree.CHANNEL_SCHEMA).unlink()
    _commit(repository, "Before channels had folders")
    (repository / tree.CHANNEL_SCHEMA).write_bytes(schema)

    with pytest.raises(RevisionError, match=r"HEAD has no schemas/channel\.schema\.json"):
        _compare(repository)
