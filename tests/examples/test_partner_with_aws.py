"""The example of a partner with AWS: what it takes from its queue, and how it calls back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
import requests
from moto import mock_aws

from examples.partner_with_aws.service import Api, CannotDoError, Partner, ship
from tests.support.channels import example
from tests.support.partner_api import PartnerApi
from tests.support.services import Service, intercepted
from tools import Json
from tools.contracts.responses import then

REGION = "eu-west-1"
ROLE = "arn:aws:iam::111111111111:role/callbacks-order-shipping-service-acme-shipping"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KEY = "ASIAEXAMPLEEXAMPLE"


@dataclass
class Queue:
    """The partner's queue, whose messages come again at once."""

    sqs: Any
    url: str

    def send(self, event: Json) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(event))

    def holds_a_message(self) -> bool:
        return "Messages" in self.sqs.receive_message(QueueUrl=self.url, VisibilityTimeout=0)


@pytest.fixture
def queue(identity: None) -> Iterator[Queue]:  # noqa: ARG001
    with mock_aws():
        sqs = boto3.client("sqs", region_name=REGION)
        yield Queue(
            sqs,
            sqs.create_queue(QueueName="ours", Attributes={"VisibilityTimeout": "0"})["QueueUrl"],
        )


@pytest.fixture
def partner(queue: Queue) -> Partner:
    sts = boto3.client("sts", region_name=REGION)
    return Partner(queue.sqs, queue.url, Api(sts, ROLE, "external-id", REGION), ship)


@pytest.fixture
def sts(partner: Partner) -> Iterator[Service]:
    """It lends sessions of an hour."""
    with intercepted(partner.api.sts) as service:
        service.answers["AssumeRole"] = session(60)
        yield service


def session(minutes: int) -> Json:
    return {
        "Credentials": {
            "AccessKeyId": KEY,
            "SecretAccessKey": "secret",
            "SessionToken": "session",
            "Expiration": datetime.now(UTC) + timedelta(minutes=minutes),
        }
    }


def request_for(order_id: str, platform: PartnerApi) -> Json:
    return {
        "id": f"message-{order_id}",
        "workid": f"work-{order_id}",
        "subject": order_id,
        "tasktype": "ORDER_SHIPPING_SERVICE",
        "callbackurl": f"{platform.url}/callback?callback_id=message-{order_id}",
        "data": example("valid", "request"),
    }


def handle_next(partner: Partner) -> int:
    message = partner.receive(wait_seconds=0)
    assert message is not None
    return partner.handle(message).status_code


def test_the_outcome_of_the_work_is_reported(
    platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    queue.send(request_for("order-1", platform))

    handle_next(partner)

    ((path, _, body),) = platform.called
    assert path == "/callback?callback_id=message-order-1"
    assert json.loads(body) == {
        "order_id": "order-1",
        "task_type": "ORDER_SHIPPING_SERVICE",
        "task_status": "SUCCESS",
        "task_output": example("valid", "output"),
    }


@pytest.mark.parametrize("traceparent", [TRACEPARENT, None])
def test_a_callback_is_posted_in_the_trace_of_its_message(
    traceparent: str | None, platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    event = request_for("order-1", platform)
    queue.send(event if traceparent is None else {**event, "traceparent": traceparent})

    handle_next(partner)

    ((_, headers, _),) = platform.called
    assert headers.get("traceparent") == traceparent


def test_work_that_cannot_be_done_is_reported_as_a_failure(
    platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    event = request_for("order-1", platform)
    event["data"]["items"][0]["quantity"] = 1001
    queue.send(event)

    handle_next(partner)

    callback = json.loads(platform.called[0][2])
    assert callback["task_status"] == "FAILURE"
    assert callback["task_error"] == {
        "code": "TOO_MANY_PIECES",
        "message": "an article has more than 1000 pieces",
        "retryable": False,
    }


def test_work_that_is_asked_for_under_another_id_is_done_once_and_reported_for_both(
    platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    numbers = count(1)
    partner.work = lambda _: {"tracking_number": f"1Z{next(numbers)}"}
    first = request_for("order-1", platform)
    for event in (first, {**first, "id": "message-2", "callbackurl": f"{platform.url}/second"}):
        queue.send(event)
        handle_next(partner)

    posted = [(path, json.loads(body)["task_output"]) for path, _, body in platform.called]
    assert posted == [
        ("/callback?callback_id=message-order-1", {"tracking_number": "1Z1"}),
        ("/second", {"tracking_number": "1Z1"}),
    ]


def test_a_thousand_pieces_can_be_shipped() -> None:
    assert ship({"items": [{"quantity": 1000}]}) == example("valid", "output")
    with pytest.raises(CannotDoError):
        ship({"items": [{"quantity": 1}, {"quantity": 1001}]})


def test_an_event_in_a_notification_of_sns_is_taken_too(
    platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    event = request_for("order-1", platform)
    queue.send({"Type": "Notification", "Message": json.dumps(event)})

    message = partner.receive(wait_seconds=0)

    assert message is not None
    assert message.event == event


def test_an_empty_queue_has_no_message(partner: Partner) -> None:
    assert partner.receive(wait_seconds=0) is None


@pytest.mark.parametrize("status", [200, 202, *then("drop")])
def test_a_message_is_deleted_after_a_final_response(
    status: int, platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    event = request_for("order-1", platform)
    platform.responses["/callback?callback_id=message-order-1"] = [(status, {})]
    queue.send(event)

    assert handle_next(partner) == status
    assert not queue.holds_a_message()


@pytest.mark.parametrize(
    "status", [302, *then("correct"), *then("renew"), *then("repeat"), 502, 504]
)
def test_a_message_comes_again_after_any_other_response(
    status: int, platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    event = request_for("order-1", platform)
    platform.responses["/callback?callback_id=message-order-1"] = [(status, {"Location": "/other"})]
    queue.send(event)

    assert handle_next(partner) == status
    assert queue.holds_a_message()
    assert platform.paths() == ["/callback?callback_id=message-order-1"]


def test_a_message_that_comes_again_is_not_worked_on_again(
    platform: PartnerApi, queue: Queue, partner: Partner
) -> None:
    worked: list[Json] = []

    def work(data: Json) -> Json:
        worked.append(data)
        return {"tracking_number": str(len(worked))}

    partner.work = work
    platform.responses["/callback?callback_id=message-order-1"] = [(503, {})]
    queue.send(request_for("order-1", platform))

    assert [handle_next(partner), handle_next(partner)] == [503, 200]
    assert len(worked) == 1
    assert len({body for _, _, body in platform.called}) == 1


def test_a_callback_is_signed_as_the_callback_role(
    platform: PartnerApi, queue: Queue, partner: Partner, sts: Service
) -> None:
    queue.send(request_for("order-1", platform))

    handle_next(partner)

    ((_, headers, _),) = platform.called
    scheme, signed = headers["Authorization"].split(" ", 1)
    assert scheme == "AWS4-HMAC-SHA256"
    day = headers["X-Amz-Date"][:8]
    assert f"Credential={KEY}/{day}/{REGION}/execute-api/aws4_request" in signed
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in signed
    assert headers["X-Amz-Security-Token"] == "session"
    ((_, asked),) = sts.calls
    assert (asked["RoleArn"], asked["ExternalId"]) == (ROLE, "external-id")


@pytest.mark.parametrize(("minutes", "sessions"), [(60, 1), (5, 3)])
def test_a_session_is_kept_until_shortly_before_it_ends(
    minutes: int, sessions: int, platform: PartnerApi, partner: Partner, sts: Service
) -> None:
    sts.answers["AssumeRole"] = session(minutes)

    for _ in range(3):
        partner.api.call_back(f"{platform.url}/callback", {})

    assert len(sts.calls) == sessions


def test_what_fails_is_left_in_the_queue_and_taken_again(
    queue: Queue, partner: Partner, monkeypatch: pytest.MonkeyPatch, platform: PartnerApi
) -> None:
    tries = 0

    def work(data: Json) -> Json:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise requests.ConnectionError("the carrier is not there")
        partner.stopped.set()
        return ship(data)

    partner.work = work
    monkeypatch.setattr("examples.partner_with_aws.service.PAUSE_SECONDS", 0)
    queue.send(request_for("order-1", platform))

    partner.run()

    assert tries == 2
    assert not queue.holds_a_message()
