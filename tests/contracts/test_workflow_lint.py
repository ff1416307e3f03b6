"""What is refused of a workflow, where, and what is advised instead."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import CHANNEL, Edit
from tests.support.workflow import render
from tools import REPOSITORY
from tools.contracts import settings, tree, workflow_lint
from tools.contracts.documents import Finding, load
from tools.contracts.lint import lint

SHIPPING = tree.WORKFLOWS / "order_processing.asl.json"
REVIEW = tree.WORKFLOWS / "order_review.asl.json"
WAIT_RETRY = '"Retry": ${order_shipping_service_retry}'
FUNCTION_RETRY = '"Retry": [${function_retrier}]'


def replaced(root: Path, path: Path, old: str, new: str) -> int:
    """The line of the first `old`, in whose place `new` is put."""
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def only(findings: list[Finding]) -> Finding:
    (found,) = findings
    return found


def retry(*retriers: dict[str, Any]) -> str:
    return f'"Retry": {json.dumps(retriers)}'


HOURS = {"IntervalSeconds": 2, "MaxAttempts": 150, "MaxDelaySeconds": 300}
INFRASTRUCTURE = load(REPOSITORY / tree.INFRASTRUCTURE_RETRIER).value
PARTNER = {
    "ErrorEquals": ["CallbackTask.Retryable"],
    "IntervalSeconds": 5,
    "BackoffRate": 2,
    "MaxAttempts": 5,
    "MaxDelaySeconds": 300,
    "JitterStrategy": "FULL",
}


def test_workflows_that_spell_out_their_retriers_are_clean(contracts_tree: Path) -> None:
    replaced(contracts_tree, SHIPPING, WAIT_RETRY, retry(INFRASTRUCTURE, PARTNER))

    assert lint(contracts_tree) == []


def test_what_the_tests_run_is_what_the_lint_reads() -> None:
    wait = render()["States"]["ShippingServiceCallback"]

    assert wait["Retry"] == [INFRASTRUCTURE, PARTNER]


@pytest.mark.parametrize(
    ("old", "new", "what", "instead"),
    [
        pytest.param(old, new, what, instead, id=what)
        for old, new, what, instead in [
            (
                "${order_shipping_service_retry}",
                "${order_shiping_service_retry}",
                "there is no placeholder order_shiping_service_retry",
                "order_shipping_service_retry",
            ),
            ("${orders_table}", "${jsonencode(1)}", "no placeholder jsonencode(1)", "one"),
            ("${orders_table}", "%{ if true }", "there is no placeholder %{", "one of"),
            (
                FUNCTION_RETRY + ",",
                "",
                "GetOrderMetadata does not retry AttemptSuperseded, DependencyUnavailable, ",
                FUNCTION_RETRY,
            ),
            (
                FUNCTION_RETRY,
                retry({**INFRASTRUCTURE, "MaxAttempts": 5}),
                "GetOrderMetadata does not retry States.Timeout",
                FUNCTION_RETRY,
            ),
            (
                FUNCTION_RETRY,
                retry({"ErrorEquals": ["States.ALL"], **HOURS, "MaxAttempts": 8}),
                "for 510 seconds, and an outage can last 21,600",
                FUNCTION_RETRY,
            ),
            (
                FUNCTION_RETRY,
                retry({"ErrorEquals": ["States.ALL"]}),
                "for 7 seconds, and an outage",
                FUNCTION_RETRY,
            ),
            (
                FUNCTION_RETRY,
                retry({"ErrorEquals": ["States.ALL"], **HOURS, "MaxAttempts": 2100}),
                "for 7 days, in which no alarm goes off",
                FUNCTION_RETRY,
            ),
            (
                WAIT_RETRY,
                retry(PARTNER, {**INFRASTRUCTURE, "MaxAttempts": 5}),
                "ShippingServiceCallback retries AttemptSuperseded, DependencyUnavailable, ",
                WAIT_RETRY,
            ),
            (
                WAIT_RETRY,
                retry(INFRASTRUCTURE),
                "does not retry CallbackTask.Retryable as retry in schemas/",
                WAIT_RETRY,
            ),
            (
                WAIT_RETRY,
                retry(
                    {
                        **INFRASTRUCTURE,
                        "ErrorEquals": [*INFRASTRUCTURE["ErrorEquals"], "CallbackTask.Retryable"],
                    }
                ),
                "does not retry CallbackTask.Retryable as retry in schemas/",
                WAIT_RETRY,
            ),
            (
                WAIT_RETRY,
                retry(INFRASTRUCTURE, {**PARTNER, "MaxAttempts": 6}),
                "does not retry CallbackTask.Retryable as retry in schemas/",
                WAIT_RETRY,
            ),
            (
                WAIT_RETRY,
                retry(PARTNER, {"ErrorEquals": ["States.ALL"], **HOURS}),
                "retries CallbackTask.Failed, CallbackTask.Undeliverable, InvalidDispatch and 4 m",
                WAIT_RETRY,
            ),
            (
                WAIT_RETRY,
                retry({"ErrorEquals": ["States.TaskFailed"], **HOURS}, PARTNER),
                "never comes to the retrier of CallbackTask.Retryable: an earlier one has it",
                "each error in one retrier",
            ),
            (
                WAIT_RETRY,
                retry({"ErrorEquals": ["States.ALL"], **HOURS}, PARTNER),
                "retries States.ALL beside or before others",
                "States.ALL alone",
            ),
            (
                '"ErrorEquals": ["TaskAlreadyPending"]',
                '"ErrorEquals": ["TaskAlreadyPending", "States.ALL"]',
                "catches States.ALL, and infrastructure errors with it",
                "the errors of the business",
            ),
            (
                '"CallbackTask.Failed",',
                '"CallbackTask.Failed", "Lambda.Unknown", "States.TaskFailed",',
                "catches Lambda.Unknown, States.TaskFailed, and infrastructure",
                "the errors of the business",
            ),
            (
                '"ErrorEquals": ["OrderNotFound"]',
                '"ErrorEquals": ["OrderNotFound", "States.Timeout"]',
                "GetOrderMetadata catches States.Timeout",
                "the errors of the business",
            ),
            (
                '"CallbackTask.Undeliverable",',
                "",
                "does not catch CallbackTask.Undeliverable: the order would stall",
                "the error in the Catch",
            ),
            (
                '"Next": "OrderAlreadyInProgress"',
                '"Next": "MarkOrderFailed"',
                "goes on after TaskAlreadyPending, and the order is another execution's",
                "a Fail state of its own",
            ),
            (
                '"Next": "OrderAlreadyInProgress"',
                '"Next": "OrderAlreadyInProgres"',
                "goes on at OrderAlreadyInProgres, which is not there",
                "OrderAlreadyInProgress",
            ),
            (
                '"ResultPath": "$.error",',
                "",
                "lets an error replace its input, and the results of callbacks with it",
                '"ResultPath": "$.error"',
            ),
            (
                '"ResultPath": "$.shipping"',
                '"ResultPath": null',
                "throws the callback's result away",
                '"ResultPath": "$.result"',
            ),
            (
                '"TimeoutSeconds": 30,',
                "",
                "GetOrderMetadata has no time-out, and would wait for a year",
                '"TimeoutSeconds": 30',
            ),
            (
                '"TimeoutSeconds": ${order_shipping_service_timeout_seconds}',
                '"TimeoutSeconds": 60',
                "has TimeoutSeconds 60, and schemas/ORDER_SHIPPING_SERVICE/channel.json 86400",
                '"TimeoutSeconds": ${order_shipping_service_timeout_seconds}',
            ),
            (
                '"timeout_seconds": ${order_shipping_service_timeout_seconds}',
                '"timeout_seconds": ${order_fraud_review_timeout_seconds}',
                "has timeout_seconds 3600, and schemas/ORDER_SHIPPING_SERVICE/channel.json 86400",
                '"timeout_seconds": ${order_shipping_service_timeout_seconds}',
            ),
            (
                '"ResultPath": "$.shipping"',
                '"HeartbeatSeconds": 60, "ResultPath": "$.shipping"',
                "has HeartbeatSeconds 60, and schemas/ORDER_SHIPPING_SERVICE/channel.json None",
                "no HeartbeatSeconds",
            ),
            (
                '"token.$": "$$.Task.Token",',
                "",
                "does not tell the dispatcher its token",
                '"token.$": "$$.Task.Token"',
            ),
            (
                '"input.$": "$",',
                "",
                "does not tell the dispatcher its input",
                '"input.$": "$"',
            ),
            (
                "${order_shipping_service_function_arn}",
                "${get_order_metadata_function_arn}",
                "ShippingServiceCallback waits on no channel",
                "one of ${order_fraud_review_function_arn}, ${order_shipping_service_function_arn}",
            ),
            (
                "lambda:invoke.waitForTaskToken",
                "lambda:invoke",
                "calls the dispatcher of ORDER_SHIPPING_SERVICE and does not wait",
                '"Resource"',
            ),
            (
                '"CausePath": "States.JsonToString($.error)"',
                '"Cause": "it failed"',
                "OrderFailed does not retell the error that was caught",
                '"CausePath"',
            ),
        ]
    ],
)
def test_refuses_in_a_workflow(
    contracts_tree: Path, old: str, new: str, what: str, instead: str
) -> None:
    line = replaced(contracts_tree, SHIPPING, old, new)

    found = only([found for found in lint(contracts_tree) if what in found.what])

    assert found.path == SHIPPING
    # What is missing is found at the state, or the part of it, that should have it.
    text = (contracts_tree / SHIPPING).read_text().splitlines()[found.line - 1]
    assert found.line == line or (line - 18 <= found.line < line and text.endswith(("{", "[")))
    assert found.instead.startswith(instead)


def test_a_heartbeat_of_the_channel_is_the_waits_too(contracts_tree: Path, edit: Edit) -> None:
    edit(CHANNEL, lambda settings: settings.update(heartbeat_seconds=600))

    assert {found.what.partition(" has ")[2] for found in lint(contracts_tree)} == {
        "HeartbeatSeconds None, and schemas/ORDER_SHIPPING_SERVICE/channel.json 600",
        "heartbeat_seconds None, and schemas/ORDER_SHIPPING_SERVICE/channel.json 600",
    }

    placeholder = "${order_shipping_service_heartbeat_seconds}"
    replaced(
        contracts_tree, SHIPPING, '"callback": "true",', f'"heartbeat_seconds": {placeholder},'
    )
    replaced(
        contracts_tree,
        SHIPPING,
        '"ResultPath": "$.shipping"',
        f'"ResultPath": "$.shipping", "HeartbeatSeconds": {placeholder}',
    )

    assert lint(contracts_tree) == []
    replaced(contracts_tree, SHIPPING, '"States.HeartbeatTimeout",', "")
    assert "does not catch States.HeartbeatTimeout" in only(lint(contracts_tree)).what


def test_a_wait_with_its_retries_ends_before_its_execution(
    contracts_tree: Path, edit: Edit
) -> None:
    edit(CHANNEL, lambda settings: settings.update(timeout_seconds=90 * 86400))

    found = only(lint(contracts_tree))

    assert "can last 541 days with its retries, and an execution lasts 365" in found.what


def test_retries_leave_room_in_the_history(contracts_tree: Path, edit: Edit) -> None:
    edit(
        tree.INFRASTRUCTURE_RETRIER,
        lambda retrier: retrier.update(MaxAttempts=1_200, MaxDelaySeconds=60),
    )

    assert {(found.path, found.what) for found in lint(contracts_tree)} == {
        (path, "its retries can make 19,236 events, and an execution ends at 25,000")
        for path in (SHIPPING, REVIEW)
    }


def test_a_service_is_retried_for_hours_but_for_what_it_refuses(contracts_tree: Path) -> None:
    line = replaced(contracts_tree, REVIEW, "${service_retrier}", '{"ErrorEquals": ["A.B"]}')

    found = only(lint(contracts_tree))

    assert (found.path, found.line) == (REVIEW, line - 5)
    assert found.what == "RecordVerdict does not retry States.TaskFailed, States.Timeout"
    assert found.instead == '"Retry": [${service_retrier}]'


def test_branches_and_item_processors_are_looked_into(contracts_tree: Path) -> None:
    inner = {
        "StartAt": "Inner",
        "States": {"Inner": {"Type": "Task", "Resource": "arn:a:lambda:b"}},
    }
    states = {
        "Both": {"Type": "Parallel", "Branches": [inner]},
        "Each": {"Type": "Map", "ItemProcessor": inner},
        "Old": {"Type": "Map", "Iterator": inner},
    }
    path = tree.WORKFLOWS / "nested.asl.json"
    (contracts_tree / path).write_text(json.dumps({"States": states}, indent=1))

    found = [found for found in lint(contracts_tree) if "has no time-out" in found.what]

    assert [one.path for one in found] == [path] * 3
    assert len({one.line for one in found}) == 3


@pytest.mark.parametrize("kind", ["Map", "Parallel"])
@pytest.mark.parametrize("error", ["States.ALL", "DependencyUnavailable", "States.Timeout"])
def test_nothing_catches_what_its_branches_or_items_have_to_be_resumed_from(
    contracts_tree: Path, kind: str, error: str
) -> None:
    catch = [{"ErrorEquals": [error], "ResultPath": "$.error", "Next": "Done"}]
    states = {"Each": {"Type": kind, "Catch": catch}, "Done": {"Type": "Succeed"}}
    path = tree.WORKFLOWS / "nested.asl.json"
    (contracts_tree / path).write_text(json.dumps({"States": states}, indent=1))

    found = only(lint(contracts_tree))

    assert (found.path, found.line) == (path, 7)
    assert found.what.startswith(f"Each catches {error}, and infrastructure errors with it")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not UTF-8"),
        (b"[]", "the workflow has no States"),
        (b"null", "the workflow has no States"),
        (b'{"States": []}', "the workflow has no States"),
        (b"[" * 100_000, "is not JSON|is nested too deeply"),
        (b'{"States":' * 2_000 + b"1" + b"}" * 2_000, "is nested too deeply|no States"),
        (b'{"States": {"A": {}, "A": {}}}', "is there twice"),
        (b"${order_id", "is not JSON"),
        (b"${}", "there is no placeholder"),
    ],
    ids=range(10),
)
def test_a_file_that_is_no_workflow_is_a_finding(
    contracts_tree: Path, content: bytes, what: str
) -> None:
    path = tree.WORKFLOWS / "hostile.asl.json"
    (contracts_tree / path).write_bytes(content)

    assert any(re.search(what, one.what) for one in lint(contracts_tree) if one.path == path)


@pytest.mark.parametrize("value", [None, [], {"ErrorEquals": []}, {"MaxAttempts": "many"}])
def test_a_retrier_of_the_infrastructure_that_is_none_is_a_finding(
    contracts_tree: Path, value: Any
) -> None:
    (contracts_tree / tree.INFRASTRUCTURE_RETRIER).write_text(json.dumps(value))

    assert only(lint(contracts_tree)).path == tree.INFRASTRUCTURE_RETRIER


JUNK: list[Any] = [
    None, True, -1, 0, 10**400, 1e308, "", "States.ALL", "é\ud800", [], [[]], [None], {}, {"a": 1},
    [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1e308}], [{"ErrorEquals": [1]}],
    [{"ErrorEquals": ["A"], "MaxAttempts": 10**9, "BackoffRate": 10**400, "IntervalSeconds": True}],
]  # fmt: skip


def test_whatever_stands_in_a_workflow_is_a_finding_and_no_error(contracts_tree: Path) -> None:
    """Each value of a workflow is replaced by each kind of junk, one or two at a time."""
    chance = random.Random(1)
    definition = render()
    channels = settings.read(contracts_tree)
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                places.append((value, key))
                collect(inner)

    collect(definition)
    for place, key in places:
        for junk in chance.sample(JUNK, 3):
            kept, place[key] = place[key], junk
            for file in (contracts_tree / tree.WORKFLOWS).glob("*.asl.json"):
                file.unlink()
            (contracts_tree / SHIPPING).write_text(json.dumps(definition))
            for found in workflow_lint.lint(contracts_tree, channels):
                assert found.path == SHIPPING
                assert str(found)
            place[key] = kept
