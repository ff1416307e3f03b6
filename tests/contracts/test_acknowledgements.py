"""What is acknowledged, until when, and what the file may say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import CHANNEL
from tools.contracts import acknowledgements, tree
from tools.contracts.acknowledgements import Acknowledgement, expired, unacknowledged
from tools.contracts.lint import lint
from tools.contracts.promise import Change

PLACE = f"{CHANNEL}#/timeout_seconds"
ENTRY = {"rule": "timeout-shortened", "place": PLACE, "reason": "Acme agreed on 3 May."}
SHORTENED = Change(
    CHANNEL, 8, "It waits less.", "as before", "timeout-shortened", "/timeout_seconds"
)


def _write(root: Path, value: Any) -> None:
    (root / tree.ACKNOWLEDGED).write_text(json.dumps(value, indent=2))


def test_a_change_is_acknowledged_by_rule_and_place(contracts_tree: Path) -> None:
    _write(contracts_tree, [ENTRY])

    acknowledged = acknowledgements.acknowledgements(contracts_tree)

    assert acknowledged == [Acknowledgement("timeout-shortened", PLACE, 2)]
    assert unacknowledged([SHORTENED], acknowledged) == []
    assert expired([SHORTENED], acknowledged) == []


@pytest.mark.parametrize("other", [{"rule": "channel-disabled"}, {"place": f"{CHANNEL}#/enabled"}])
def test_another_change_is_not_and_what_matches_none_has_expired(
    contracts_tree: Path, other: dict[str, str]
) -> None:
    _write(contracts_tree, [{**ENTRY, **other}])

    acknowledged = acknowledgements.acknowledgements(contracts_tree)

    assert unacknowledged([SHORTENED], acknowledged) == [SHORTENED]
    (found,) = expired([SHORTENED], acknowledged)
    assert (found.path, found.line) == (tree.ACKNOWLEDGED, 2)
    assert "it has landed, or was never made" in found.what


def test_without_the_file_nothing_is_acknowledged(contracts_tree: Path) -> None:
    assert acknowledgements.acknowledgements(contracts_tree) == []


@pytest.mark.parametrize(
    ("value", "line", "what"),
    [
        ([], 1, "lists nothing"),
        ({}, 1, "lists nothing"),
        (["timeout-shortened"], 2, "a change has place, reason, rule"),
        ([{"rule": "timeout-shortened", "place": PLACE}], 2, "a change has place, reason, rule"),
        ([{**ENTRY, "until": "May"}], 2, "a change has place, reason, rule"),
        ([{**ENTRY, "reason": " "}], 5, "no reason"),
        ([{**ENTRY, "rule": "timeout-shorter"}], 3, "no rule timeout-shorter"),
        ([{**ENTRY, "place": "everywhere"}], 4, "no file with a JSON Pointer"),
        ([ENTRY, ENTRY], 7, "there twice"),
    ],
)
def test_the_lint_says_what_is_wrong_with_the_file(
    contracts_tree: Path, value: Any, line: int, what: str
) -> None:
    _write(contracts_tree, value)

    (found,) = lint(contracts_tree)

    assert (found.path, found.line) == (tree.ACKNOWLEDGED, line)
    assert what in found.what


def test_the_lint_takes_a_change_with_its_reason(contracts_tree: Path) -> None:
    _write(contracts_tree, [ENTRY])

    assert lint(contracts_tree) == []
