"""What is refused of a channel.json and of a task type's name, and what is advised instead."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.support.contracts_tree import CHANNEL, TASK_TYPE, Edit
from tools import REPOSITORY
from tools.contracts import tree
from tools.contracts.documents import load
from tools.contracts.lint import lint

SCHEMA = load(REPOSITORY / tree.CHANNEL_SCHEMA).value


def test_schema_describes_every_setting_and_its_defaults_are_in_range() -> None:
    Draft7Validator.check_schema(SCHEMA)
    settings = SCHEMA["properties"]
    undescribed = [name for name, setting in settings.items() if not setting.get("description")]
    settings |= settings["alarms"]["properties"] | settings["retry"]["properties"]
    out_of_range = [
        name
        for name, setting in settings.items()
        if "default" in setting and not Draft7Validator(setting).is_valid(setting["default"])
    ]

    assert (undescribed, out_of_range) == ([], [])


@pytest.mark.parametrize(
    ("name", "value", "what", "instead"),
    [
        ("timeout_second", 1, "there is no setting timeout_second", "timeout_seconds"),
        ("Enabled", True, "there is no setting Enabled", "enabled"),
        ("colour", "red", "there is no setting colour", "one of $schema, alarms, auth, "),
        ("auth", "AWS-IAM", 'auth is "AWS-IAM", which does not exist', "AWS_IAM"),
        ("auth", "oauth", 'auth is "oauth", which does not exist', "OAUTH2"),
        ("enabled", "yes", 'enabled is "yes", which is not a boolean', "a boolean. False refuses"),
        ("timeout_seconds", "1", 'is "1", which is not an integer', "an integer. Longest wait"),
        ("timeout_seconds", True, "is true, which is not an integer", "an integer."),
        ("heartbeat_seconds", None, "is null, which is not an integer", "an integer. Longest sil"),
        ("timeout_seconds", 0, "timeout_seconds: 0 is less than the minimum of 1", "Longest wait"),
        ("max_output_bytes", 131073, "is greater than the maximum of 131072", "Largest task_out"),
        ("payload_event_key", "$.order", "does not match", "Top-level key"),
        ("partners", ["acme-shiping"], "acme-shiping cannot do the work", "acme-shipping"),
        ("partners", ["sentinel-review"], "sentinel-review cannot do the work", "acme-shipping"),
        ("message_version", "v2", "message_version is v2, which is not one of versions", "v1"),
        ("versions", ["v1", "v2"], f"version v2 has no folder schemas/{TASK_TYPE}/v2", "v1"),
        ("versions", [], "v1 is missing, whose route is the channel's", '"v1"'),
        ("heartbeat_seconds", 86400, "heartbeat_seconds is 86400, and the wait", "fewer seconds"),
        ("alarms", {"failure_percent": 101}, "is greater than the maximum of 100", "Share of fail"),
        ("retry", {"attempts": 1}, "there is no setting attempts", "max_attempts"),
        ("retry", {"max_attempts": -1}, "retry/max_attempts: -1 is less than", "Retries after"),
        ("retry", {"interval_seconds": 300}, "is not longer than the first", '"max_delay_seconds'),
        ("throttle", {"burst_limit": 1, "rate_limit": 0}, "throttle/rate_limit: 0 is", "Requests"),
        ("throttle", {"burst_limit": 1}, "throttle has no rate_limit", '"rate_limit": Requests'),
    ],
)
def test_refuses_a_setting_and_advises(
    contracts_tree: Path, edit: Edit, name: str, value: Any, what: str, instead: str
) -> None:
    edit(CHANNEL, lambda settings: settings.update({name: value}))

    found = next(found for found in lint(contracts_tree) if what in found.what)

    lines = (contracts_tree / CHANNEL).read_text().splitlines()
    near = next(number for number, line in enumerate(lines, start=1) if f'"{name}"' in line)
    assert found.path == CHANNEL
    assert near <= found.line <= near + 2
    assert found.instead.startswith(instead)


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_misses_a_setting(contracts_tree: Path, edit: Edit, name: str) -> None:
    edit(CHANNEL, lambda settings: settings.pop(name))

    (found,) = lint(contracts_tree)

    assert (found.path, found.line) == (CHANNEL, 1)
    assert found.what == f"the file has no {name}"


def test_finds_a_stray_comma(contracts_tree: Path) -> None:
    path = contracts_tree / CHANNEL
    path.write_text(path.read_text().replace("86400\n", "86400,\n"))

    (found,) = lint(contracts_tree)

    assert (found.path, found.line) == (CHANNEL, 7)
    assert "trailing comma" in found.what


def test_finds_a_setting_that_is_there_twice(contracts_tree: Path) -> None:
    path = contracts_tree / CHANNEL
    path.write_text(path.read_text().replace("{\n", '{\n  "timeout_seconds": 1,\n', 1))

    (found,) = lint(contracts_tree)

    assert (found.path, found.line) == (CHANNEL, 8)
    assert "there twice" in found.what


def test_finds_a_folder_without_settings(contracts_tree: Path) -> None:
    (contracts_tree / CHANNEL).unlink()

    assert [(found.path, found.what) for found in lint(contracts_tree)] == [
        (CHANNEL, "the file is missing")
    ]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("EXTERNAL_CALLBACK", "the name external-callback with the function external_callback"),
        ("ORDER_PROCESSING", "the name order-processing with the workflow order_processing"),
        (f"{TASK_TYPE}_ACME_SHIPPING", f"with the role of acme-shipping for {TASK_TYPE}"),
        ("ORDERSHIPPING_SERVICE", f"with the API model of {TASK_TYPE}"),
        ("ORDER_" + "G" * 34, "is 6 characters too long: callbacks-local-order-"),
    ],
)
def test_refuses_a_name_whose_resources_are_another_s(
    contracts_tree: Path, name: str, what: str
) -> None:
    shutil.copytree(contracts_tree / tree.SCHEMAS / TASK_TYPE, contracts_tree / tree.SCHEMAS / name)

    found = [one for one in lint(contracts_tree, composed=False) if what in one.what]

    assert [one.path for one in found] == [tree.channel(name)]


@pytest.mark.parametrize(
    ("change", "line"), [("null", 1), ("[]", 1), ('"ORDER"', 1)], ids=["null", "array", "string"]
)
def test_refuses_a_file_that_is_no_object(contracts_tree: Path, change: str, line: int) -> None:
    (contracts_tree / CHANNEL).write_text(change)

    (found,) = lint(contracts_tree)

    assert (found.path, found.line) == (CHANNEL, line)
    assert found.what == f"the file is {json.dumps(json.loads(change))}, which is not an object"
