"""The command `callbacks`: what it prints, what it refuses, and its exit statuses."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from callbacks.domain.task import Status, TaskKey

from tests.support.channels import SHIPPING
from tests.support.cloud import PREFIX
from tests.support.functions import execution_event, redelivery_message, webhook_message
from tests.support.operations import OPERATOR, WEBHOOK_GROUP, Operated
from tests.support.tasks import EXECUTION, KEY, SHIPPED, completing, pending
from tools.ops.place import NoEnvironmentError

NOW = int(time.time())
CHANNEL = {"order_id": "#CHANNEL", "task_type": SHIPPING}


@pytest.fixture
def waiting(ops: Operated) -> TaskKey:
    ops.deployed.given(pending(requested_at=NOW * 1000))
    return KEY


def test_a_task_is_completed_with_the_json_of_a_file_or_of_standard_input(
    ops: Operated, waiting: TaskKey
) -> None:
    result = ops.run(
        "task", "complete", waiting.order_id, SHIPPING, "--output", "-", "--reason", "OPS-17",
        "--yes", stdin=json.dumps(SHIPPED.output),
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("DELIVERED")
    record = ops.deployed.record()
    assert record is not None
    assert (record.status, record.principal) == (Status.COMPLETED, f"{OPERATOR} by hand: OPS-17")


def test_a_deed_asks_first_and_does_nothing_without_a_yes(ops: Operated, waiting: TaskKey) -> None:
    arguments = ("task", "fail", waiting.order_id, SHIPPING, "--code", "LOST", "--reason", "r")

    result = ops.run(*arguments, stdin="n\n")

    assert result.exit_code == 130
    assert "FAILURE" in result.output
    record = ops.deployed.record()
    assert record is not None
    assert record.status is Status.PENDING
    # Nobody is there to be asked.
    assert ops.run("--json", *arguments).exit_code == 2


def test_a_refusal_names_the_rule_and_has_an_exit_status_of_its_own(
    ops: Operated, waiting: TaskKey
) -> None:
    result = ops.run(
        "task", "fail", waiting.order_id, SHIPPING, "--code", "not a code", "--reason", "r", "--yes"
    )

    assert result.exit_code == 4
    assert "invalid-callback" in result.output
    assert "/task_error/code" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("task", "fail", "ORDER", "TYPE", "--code", "LOST"),
        ("task", "fail", "ORDER", "--code", "LOST", "--reason", "r"),
        ("task", "fail", "--code", "LOST", "--reason", "r", "--channel", SHIPPING),
        ("task", "fail", "ORDER", "TYPE", "--code", "C", "--reason", "r", "--plan", "p.json"),
        ("task", "list", "--older-than", "soon"),
        ("task", "list", "--state", "lost"),
        ("dead-letter", "drop", "redelivery", "--reason", "r"),
        ("dead-letter", "drop", "redelivery", "id", "--all", "--reason", "r"),
        ("execution", "redrive", "--reason", "r"),
        ("execution", "redrive", EXECUTION, "--workflow", "w", "--reason", "r"),
        ("channel", "disable", SHIPPING),
    ],
)
def test_a_command_that_is_not_understood_says_how_to_say_it(
    ops: Operated, arguments: tuple[str, ...]
) -> None:
    result = ops.run(*arguments)

    assert result.exit_code == 2
    assert "Usage" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("task", "show", "nobody"),
        ("task", "show", "#CHANNEL"),
        ("channel", "show", "NO_SUCH_TYPE"),
        ("channel", "disable", "NO_SUCH_TYPE", "--reason", "r", "--yes"),
        ("dead-letter", "show", "nope"),
        ("dead-letter", "redrive", "nope", "--all", "--reason", "r", "--yes"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(ops: Operated, arguments: tuple[str, ...]) -> None:
    result = ops.run(*arguments)

    assert result.exit_code == 3
    assert result.output.startswith("There is no ")
    said = json.loads(ops.run("--json", *arguments).stderr)
    assert said["status"] == 3


def test_without_an_environment_it_says_how_to_name_one(
    ops: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> None:
        raise NoEnvironmentError("No environment: say --env.")

    monkeypatch.setattr("tools.ops.cli.shared.find", none)

    assert ops.run("task", "list").exit_code == 3


def test_a_channel_is_disabled_and_listed_so(ops: Operated) -> None:
    result = ops.run("channel", "disable", SHIPPING, "--reason", "OPS-17", "--yes")

    assert result.exit_code == 0, result.output
    assert "within a minute" in result.output
    item = ops.deployed.aws.item(f"{PREFIX}-CallbackTasks", **CHANNEL)
    assert item is not None
    assert item["enabled"] == {"BOOL": False}
    [listed] = ops.json("channel", "list")["channels"]
    assert listed["enabled"] is False
    ops.run("channel", "enable", SHIPPING, "--reason", "OPS-17", "--yes")
    assert ops.json("channel", "show", SHIPPING)["enabled"] is True


def test_a_channels_health_is_what_waits_is_stuck_or_undeliverable(
    ops: Operated,
    waiting: TaskKey,  # noqa: ARG001
) -> None:
    ops.deployed.given(pending(key=TaskKey("late", SHIPPING), requested_at=NOW * 1000 - 10**9))
    ops.deployed.given(completing(key=TaskKey("held", SHIPPING), requested_at=NOW * 1000))
    url = ops.queue("order-shipping-service-sentinel-review-dead-letter")
    ops.letter(url, webhook_message())

    [row] = ops.json("channel", "list")["channels"]

    counts = {name: row[name] for name in ("waiting", "overdue", "held", "dead_letters")}
    assert counts == {"waiting": 2, "overdue": 1, "held": 1, "dead_letters": 1}
    assert row["oldest_seconds"] >= 10**6


def test_a_tasks_story_has_what_record_and_logs_know_in_order(
    ops: Operated, waiting: TaskKey
) -> None:
    about = {"order_id": waiting.order_id, "task_type": SHIPPING}
    ops.logs(
        WEBHOOK_GROUP,
        {"message": "MESSAGE_RETRIED", **about, "why": "the endpoint responded with 503",
         "status": 503, "milliseconds": 20, "retry_in": 30},
        {"message": "MESSAGE_DONE", **about, "result": "TAKEN", "status": 202, "milliseconds": 9},
        {"message": "MESSAGE_DONE", "order_id": "of another order", "result": "TAKEN"},
    )  # fmt: skip
    ops.logs(
        f"/aws/lambda/{PREFIX}-external-callback",
        {"message": "CALLBACK_REFUSED", **about, "status": 409, "code": "conflict",
         "reported_status": "FAILURE", "reported_code": "LOST", "principal": "acme"},
    )  # fmt: skip

    [story] = ops.json("task", "show", waiting.order_id)["tasks"]

    told = {happening["what"] for happening in story["timeline"]}
    assert told == {
        "asked for by the workflow",
        "webhook tried: the endpoint responded with 503, 503 after 20 ms; again in 30 s",
        "webhook took the message: 202 after 9 ms",
        "callback (FAILURE LOST): 409 conflict",
    }
    assert "calls back, or the wait times out" in story["next"]
    printed = ops.run("task", "show", waiting.order_id).output
    assert "409 conflict  (acme)" in printed


def test_deliveries_are_the_tries_of_webhooks_without_bodies(ops: Operated) -> None:
    ops.logs(
        WEBHOOK_GROUP,
        {"message": "MESSAGE_DONE", "order_id": "a", "result": "TAKEN", "status": 202},
        {"message": "MESSAGE_RETRIED", "order_id": "b", "why": "it could not be reached"},
    )

    rows = ops.json("delivery", "list", "--partner", "sentinel-review")["deliveries"]

    assert [(row["order_id"], row["result"], row["why"]) for row in rows] == [
        ("a", "TAKEN", None),
        ("b", "MESSAGE_RETRIED", "it could not be reached"),
    ]
    failed = ops.json("delivery", "list", "--failed")["deliveries"]
    assert [row["order_id"] for row in failed] == ["b"]


def ended_execution() -> str:
    event = execution_event(EXECUTION, "FAILED", error="Sad", input='{"order_id": "order-1"}')
    return json.dumps({"requestPayload": event, "responsePayload": {"errorType": "Busy"}})


@pytest.mark.parametrize(
    ("queue", "name", "body", "reason", "told"),
    [
        ("redelivery", "redelivery-dead-letter",
         json.dumps({**json.loads(redelivery_message(completing())), "reason": "why"}), None,
         {"order_id": KEY.order_id, "task_type": SHIPPING, "reason": "why"}),
        (f"{SHIPPING}/sentinel-review", "order-shipping-service-sentinel-review-dead-letter",
         webhook_message(), "the endpoint is gone",
         {"order_id": KEY.order_id, "task_type": SHIPPING, "reason": "the endpoint is gone"}),
        ("close-execution", "close-execution-dead-letter", ended_execution(), None,
         {"order_id": "order-1", "execution_arn": EXECUTION, "reason": "Busy"}),
        ("reports", "reports-dead-letter", "not JSON", None, {"reason": "it is no JSON object"}),
    ],
)  # fmt: skip
def test_letters_of_every_kind_say_whose_they_are_and_why_they_are_there(
    ops: Operated, queue: str, name: str, body: str, reason: str | None, told: dict[str, str]
) -> None:
    id_ = ops.letter(ops.queue(name), body, reason)

    [letter] = ops.json("dead-letter", "show", queue)["letters"]

    assert letter["id"] == id_
    assert {key: letter[key] for key in told} == told
    counts = {row["queue"]: row["letters"] for row in ops.json("dead-letter", "list")["queues"]}
    assert counts[queue] == 1
    dropped = ops.run("dead-letter", "drop", queue, id_, "--reason", "r", "--yes")
    assert dropped.exit_code == 0, dropped.output
    assert ops.json("dead-letter", "show", queue)["letters"] == []


def test_a_letter_that_cannot_be_redriven_stays_and_the_status_says_so(ops: Operated) -> None:
    ops.letter(ops.deployed.aws.dead_letter_queue_url, "nonsense")

    result = ops.run("dead-letter", "redrive", "redelivery", "--all", "--reason", "r", "--yes")

    assert result.exit_code == 5
    assert "0 done, 1 stay" in result.output


FAILURES = {
    "stalled": {"error": "Lambda.TooManyRequestsException", "cause": "busy"},
    "failed": {"error": "CallbackTask.Failed", "cause": '{"Error": "CallbackTask.Failed"}'},
}


@pytest.fixture
def failed_executions(ops: Operated) -> Operated:
    """One of each kind, of one workflow."""
    machine = ops.deployed.aws.state_machine_arn
    execution = machine.replace(":stateMachine:", ":execution:")

    class Executions:
        def get_paginator(self, operation: str) -> Any:
            class Pages:
                def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
                    if operation == "list_state_machines":
                        names = (f"{PREFIX}-order-processing", "somebody-elses")
                        arns = [machine.replace(f"{PREFIX}-order-processing", x) for x in names]
                        both = zip(arns, names, strict=True)
                        return [
                            {
                                "stateMachines": [
                                    {"stateMachineArn": arn, "name": name} for arn, name in both
                                ]
                            }
                        ]
                    found = FAILURES if arguments["statusFilter"] == "FAILED" else {}
                    return [
                        {
                            "executions": [
                                {"executionArn": f"{execution}:{name}", "stopDate": stopped()}
                                for name in found
                            ]
                        }
                    ]

            return Pages()

        def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
            name = executionArn.rsplit(":", 1)[1]
            return {
                "executionArn": executionArn,
                "status": "FAILED",
                "stopDate": stopped(),
                "input": json.dumps({"order_id": name}),
                **FAILURES[name],
            }

    ops.place._clients["stepfunctions"] = Executions()
    return ops


def stopped() -> Any:
    return datetime.fromtimestamp(NOW - 60, UTC)


def test_executions_are_told_apart_by_what_their_ends_mean(failed_executions: Operated) -> None:
    def orders(*arguments: str) -> list[str]:
        document = failed_executions.json("execution", "list", *arguments)
        return [row["order_id"] for row in document["executions"]]

    assert orders() == ["stalled", "failed"]
    assert orders("--stalled") == ["stalled"]
    assert orders("--failed") == ["failed"]
    assert orders("--error", "CallbackTask.Failed") == ["failed"]
    assert orders("--workflow", "order-review") == []
    assert orders("--since", "30s") == []


def test_an_execution_that_began_long_ago_and_ended_now_is_found_behind_others(
    failed_executions: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter([3600, 60, 60, 60, 60, 60])
    monkeypatch.setattr(
        sys.modules[__name__], "stopped", lambda: datetime.fromtimestamp(NOW - next(ends), UTC)
    )

    found = failed_executions.json("execution", "list", "--since", "10m")["executions"]

    assert [row["order_id"] for row in found] == ["failed"]


def test_a_redrive_by_filter_takes_what_is_stalled_and_a_dry_run_nothing(
    failed_executions: Operated,
) -> None:
    redriven = failed_executions.deployed.stepfunctions
    redriven.answers["RedriveExecution"] = {"redriveDate": NOW}
    arguments = ("execution", "redrive", "--workflow", "order-processing", "--reason", "r")

    dry = failed_executions.run(*arguments, "--dry-run")
    assert "1 executions, nothing done" in dry.output
    assert not redriven.calls

    result = failed_executions.run(*arguments, "--yes")

    assert result.exit_code == 0, result.output
    [(operation, given)] = redriven.calls
    assert (operation, given["executionArn"].rsplit(":", 1)[1]) == ("RedriveExecution", "stalled")
