"""operate: what operators may do, said by whom and why, with everybody's contracts and fences."""

import json
from typing import Any

import boto3
import pytest
from callbacks.domain.exact_json import canonical_json
from callbacks.domain.task import Status, dead_lettered
from callbacks.usecases.operate import request_digest

from tests.support.channels import SHIPPING
from tests.support.cloud import PREFIX
from tests.support.deployed import Deployed
from tests.support.functions import redelivery_message, webhook_message
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY, NOW, SHIPPED, completing, pending, token
from tools.ops.acting import signed_identity

OPERATOR = "arn:aws:sts::111111111111:assumed-role/operator/robin"
STS = "https://sts.eu-west-1.amazonaws.com"
FAR_DEADLINE = {"requested_at": 4_000_000_000_000}


def operated(deployed: Deployed, action: str, by: str = OPERATOR, **members: Any) -> Any:
    """What operate returns to Robin, or whoever signs."""
    event: dict[str, Any] = {"action": action, "reason": "OPS-17", **members}
    session = boto3.Session("AKIAEXAMPLE", "testing", region_name="eu-west-1")
    event["caller"] = signed_identity(session, STS, request_digest(event))
    with intercepted("sts") as sts:
        sts.answers["GetCallerIdentity"] = {"Arn": by}
        return deployed.call("operate", event)


def report(**changes: Any) -> dict[str, Any]:
    return {
        "order_id": KEY.order_id,
        "task_type": SHIPPING,
        "callback_id": "attempt-1",
        "task_status": "SUCCESS",
        "task_output": SHIPPED.output,
        **changes,
    }


def queue(deployed: Deployed, name: str) -> str:
    return str(deployed.aws.sqs.create_queue(QueueName=f"{PREFIX}-{name}")["QueueUrl"])


def letter(deployed: Deployed, url: str, body: str) -> str:
    return str(deployed.aws.sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"])


def test_a_task_completed_by_hand_resumes_its_workflow_and_says_by_whom_and_why(
    deployed: Deployed,
) -> None:
    deployed.given(pending(**FAR_DEADLINE))

    returned = operated(deployed, "report", callback=report())

    assert returned == {"result": "DELIVERED"}
    assert deployed.sends == [
        ("SendTaskSuccess", {"taskToken": token(), "output": canonical_json(SHIPPED.output)})
    ]
    record = deployed.record()
    assert record is not None
    assert (record.status, record.principal) == (Status.COMPLETED, f"{OPERATOR} by hand: OPS-17")
    line = deployed.logged("OPERATED")
    assert (line["operator"], line["reason"], line["result"]) == (OPERATOR, "OPS-17", "DELIVERED")
    assert (line["order_id"], line["task_type"]) == (KEY.order_id, SHIPPING)


def test_a_task_failed_by_hand_fails_its_wait(deployed: Deployed) -> None:
    deployed.given(pending(**FAR_DEADLINE))
    error = {"code": "LOST", "message": "the carrier says so", "retryable": False}
    failure = {key: value for key, value in report().items() if key != "task_output"}

    returned = operated(
        deployed, "report", callback={**failure, "task_status": "FAILURE", "task_error": error}
    )

    assert returned == {"result": "DELIVERED"}
    [(operation, sent)] = deployed.sends
    assert (operation, sent["error"]) == ("SendTaskFailure", "CallbackTask.Failed")


@pytest.mark.parametrize(
    ("callback", "code"),
    [
        (report(task_output={"shipping_status": "LOST IN SPACE"}), "invalid-callback"),
        (report(callback_id="attempt-9"), "conflict"),
        (report(callback_id=None), "refused"),
        (report(order_id="order-of-nobody"), "not-found"),
        (report(task_type="NO_SUCH_TYPE"), "not-found"),
        (report(order_id="#CHANNEL"), "invalid-callback"),
        (
            {
                "order_id": KEY.order_id,
                "task_type": SHIPPING,
                "callback_id": "attempt-1",
                "task_status": "IN_PROGRESS",
            },
            "refused",
        ),
    ],
)
def test_what_a_partner_could_not_report_an_operator_cannot_either(
    deployed: Deployed, callback: dict[str, Any], code: str
) -> None:
    given = deployed.given(pending(**FAR_DEADLINE))

    returned = operated(deployed, "report", callback=callback)

    assert returned["refused"]["code"] == code
    assert (deployed.sends, deployed.record()) == ([], given)
    assert deployed.logged("OPERATION_REFUSED")["code"] == code


def test_a_channel_is_switched_off_and_on_and_its_registration_is_else_untouched(
    deployed: Deployed,
) -> None:
    def registration() -> dict[str, Any]:
        item = deployed.aws.item(f"{PREFIX}-CallbackTasks", order_id="#CHANNEL", task_type=SHIPPING)
        assert item
        return item

    before = registration()

    off = operated(deployed, "switch_channel", task_type=SHIPPING, enabled=False)

    assert off == {"result": "DISABLED"}
    assert registration() == {**before, "enabled": {"BOOL": False}}
    operated(deployed, "switch_channel", task_type=SHIPPING, enabled=True)
    assert registration() == before


def test_a_channel_that_does_not_exist_is_refused_and_not_made(deployed: Deployed) -> None:
    returned = operated(deployed, "switch_channel", task_type="NO_SUCH_TYPE", enabled=False)

    assert returned["refused"] == {
        "code": "refused",
        "detail": "there is no channel NO_SUCH_TYPE in this environment",
    }
    table = f"{PREFIX}-CallbackTasks"
    assert deployed.aws.item(table, order_id="#CHANNEL", task_type="NO_SUCH_TYPE") is None


def test_an_execution_is_redriven(deployed: Deployed) -> None:
    deployed.stepfunctions.answers["RedriveExecution"] = {"redriveDate": NOW}

    assert operated(deployed, "redrive_execution", execution_arn=EXECUTION) == {
        "result": "REDRIVEN"
    }
    [(operation, arguments)] = deployed.stepfunctions.calls
    assert (operation, arguments["executionArn"]) == ("RedriveExecution", EXECUTION)


def test_an_execution_that_cannot_be_redriven_is_refused_with_the_reason(
    deployed: Deployed,
) -> None:
    deployed.stepfunctions.refuse("RedriveExecution", "ExecutionNotRedrivable")

    returned = operated(deployed, "redrive_execution", execution_arn=EXECUTION)

    assert "14 days" in returned["refused"]["detail"]


def test_a_redelivery_letter_is_queued_again_without_what_was_said_of_it(
    deployed: Deployed,
) -> None:
    task = deployed.given(dead_lettered(completing(), NOW))
    body = {**json.loads(redelivery_message(task)), "reason": "the last try failed", "outcome": {}}
    first = letter(deployed, deployed.aws.dead_letter_queue_url, json.dumps(body))

    returned = operated(deployed, "redrive_letters", queue="redelivery", message_ids=None)

    assert returned["result"] == {"done": [first], "refused": {}, "missing": [], "more": False}
    [again] = deployed.aws.receive(deployed.aws.redelivery_queue_url)
    assert json.loads(again) == json.loads(redelivery_message(task))
    assert deployed.aws.receive(deployed.aws.dead_letter_queue_url) == []


def test_only_the_letters_that_are_named_are_touched(deployed: Deployed) -> None:
    url = deployed.aws.dead_letter_queue_url
    kept, dropped = (letter(deployed, url, body) for body in ("kept", "dropped"))

    returned = operated(
        deployed, "drop_letters", queue="redelivery", message_ids=[dropped, "no such id"]
    )

    assert returned["result"]["done"] == [dropped]
    assert returned["result"]["missing"] == ["no such id"]
    assert kept not in returned["result"]["done"]
    assert deployed.aws.receive(url) == ["kept"]


@pytest.mark.parametrize("name", ["redelivery", "reports", "close-execution", f"{SHIPPING}/acme"])
def test_a_letter_that_is_nothing_of_the_platforms_stays(deployed: Deployed, name: str) -> None:
    stem = "order-shipping-service-acme" if "/" in name else name
    url = queue(deployed, f"{stem}-dead-letter")
    foreign = letter(deployed, url, "[1]")

    returned = operated(deployed, "redrive_letters", queue=name, message_ids=None)

    assert list(returned["result"]["refused"]) == [foreign]
    assert "drop it" in returned["result"]["refused"][foreign]
    assert deployed.aws.receive(url) == ["[1]"]


def test_a_webhooks_letter_goes_back_to_its_queue(deployed: Deployed) -> None:
    main, dead = (
        queue(deployed, name)
        for name in ("order-shipping-service-acme", "order-shipping-service-acme-dead-letter")
    )
    letter(deployed, dead, webhook_message())

    operated(deployed, "redrive_letters", queue=f"{SHIPPING}/acme", message_ids=None)

    assert deployed.aws.receive(main) == [webhook_message()]
    assert deployed.aws.receive(dead) == []


@pytest.mark.parametrize("name", ["", "redelivery/../x", "ORDER/", "x-dead-letter", "https://q"])
def test_no_other_queue_can_be_named(deployed: Deployed, name: str) -> None:
    returned = operated(deployed, "drop_letters", queue=name, message_ids=None)

    assert returned["refused"]["code"] == "refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "erase"},
        {"reason": ""},
        {"reason": "two\nlines"},
        {"reason": "x" * 257},
        {"reason": None},
        {"caller": "robin"},
        {"caller": {"Authorization": 1}},
        {"more": 1},
        {"enabled": "false"},
        {"task_type": None},
    ],
)
def test_an_event_of_another_form_is_refused_before_anything_is_done(
    deployed: Deployed, changes: dict[str, Any]
) -> None:
    event = {
        "action": "switch_channel",
        "reason": "OPS-17",
        "caller": {},
        "task_type": SHIPPING,
        "enabled": False,
    }

    with pytest.raises(ValueError):  # noqa: PT011
        deployed.call("operate", event | changes)


def test_who_signed_for_something_else_is_nobody(deployed: Deployed) -> None:
    event = {
        "action": "switch_channel",
        "reason": "OPS-17",
        "task_type": SHIPPING,
        "enabled": False,
        "caller": {"Authorization": "AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature=0"},
    }

    returned = deployed.call("operate", event)

    assert "does not cover" in returned["refused"]["detail"]


def test_who_signs_as_somebody_of_another_account_is_refused(deployed: Deployed) -> None:
    given = deployed.given(pending(**FAR_DEADLINE))
    elsewhere = OPERATOR.replace("111111111111", "222222222222")

    returned = operated(deployed, "report", by=elsewhere, callback=report())

    assert elsewhere in returned["refused"]["detail"]
    assert (deployed.sends, deployed.record()) == ([], given)
