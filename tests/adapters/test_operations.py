"""What operators act on: letters, registrations and executions; and whose signature it is."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from callbacks.adapters.aws import client, lazy
from callbacks.adapters.operations import (
    BOUND_TO,
    DynamoDBChannelSwitch,
    LambdaInvoker,
    StepFunctionsRedrives,
    STSCallers,
)
from callbacks.adapters.sqs_queues import SQSDeadLetters
from callbacks.domain.errors import DependencyUnavailable, OperationRefused

from tests.support.channels import SHIPPING
from tests.support.cloud import TASKS, Cloud
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION
from tools.ops.acting import signed_identity

ROBIN = "arn:aws:sts::111111111111:assumed-role/operator/robin"
REGISTRATION = {"order_id": "#CHANNEL", "task_type": SHIPPING}


def proof(bound_to: str = "this request") -> dict[str, str]:
    session = boto3.Session("AKIAROBIN", "secret", "SESSION", region_name="eu-west-1")
    return signed_identity(session, "https://sts.eu-west-1.amazonaws.com", bound_to)


@pytest.fixture
def sent(aws: Cloud) -> Iterator[list[Mapping[str, Any]]]:  # noqa: ARG001
    """The headers that reach STS, which says that it is Robin."""
    headers: list[Mapping[str, Any]] = []
    body = (
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>{ROBIN}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    class Raw:
        def stream(self, **_: Any) -> list[bytes]:
            return [body.encode()]

    def answer(request: Any, **_: Any) -> AWSResponse:
        headers.append(dict(request.headers))
        return AWSResponse(request.url, 200, HTTPHeaders(), Raw())

    events = client("sts").meta.events
    events.register_last("before-send.sts.GetCallerIdentity", answer)
    yield headers
    events.unregister("before-send.sts.GetCallerIdentity", answer)


def test_sts_is_shown_the_operators_signature_and_not_the_functions_own(
    sent: list[Mapping[str, Any]],
) -> None:
    shown = proof()

    assert STSCallers(lazy("sts")).identify(shown, "this request") == ROBIN

    [headers] = sent
    plain = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in headers.items()
    }
    assert {name: plain[name] for name in shown} == shown
    assert plain[BOUND_TO] == "this request"


def test_what_the_signature_is_for_is_what_was_asked_and_not_what_the_caller_says(
    sent: list[Mapping[str, Any]],
) -> None:
    shown = proof("another request") | {BOUND_TO: "another request", "X-Extra": "1"}

    STSCallers(lazy("sts")).identify(shown, "this request")

    [headers] = sent
    assert headers[BOUND_TO] in ("this request", b"this request")
    assert "X-Extra" not in headers


@pytest.mark.parametrize("authorization", [None, "", "Bearer x", "AWS4 SignedHeaders=host, S=0"])
def test_a_signature_that_covers_no_request_is_refused_before_sts_is_asked(
    sent: list[Mapping[str, Any]], authorization: str | None
) -> None:
    shown = {} if authorization is None else {"Authorization": authorization}

    with pytest.raises(OperationRefused, match="does not cover"):
        STSCallers(lazy("sts")).identify(shown, "this request")

    assert sent == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("code", "status", "raised"),
    [
        ("SignatureDoesNotMatch", 403, OperationRefused),
        ("ExpiredToken", 403, OperationRefused),
        ("InvalidClientTokenId", 403, OperationRefused),
        ("ServiceUnavailable", 503, DependencyUnavailable),
    ],
)
def test_whom_sts_does_not_know_is_refused_and_an_outage_is_not_taken_for_it(
    code: str, status: int, raised: type[Exception]
) -> None:
    with intercepted("sts") as sts:
        sts.refuse("GetCallerIdentity", code, status=status)
        with pytest.raises(raised):
            STSCallers(lazy("sts")).identify(proof(), "this request")


def test_a_switch_changes_one_attribute_of_a_registration_that_is_there(aws: Cloud) -> None:
    aws.register()
    switch = DynamoDBChannelSwitch(lazy("dynamodb"), TASKS)
    before = aws.item(TASKS, **REGISTRATION)
    assert before is not None

    assert switch.switch(SHIPPING, enabled=False)
    assert aws.item(TASKS, **REGISTRATION) == before | {"enabled": {"BOOL": False}}
    assert not switch.switch("NO_SUCH_TYPE", enabled=True)
    assert aws.item(TASKS, order_id="#CHANNEL", task_type="NO_SUCH_TYPE") is None


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("ExecutionDoesNotExist", OperationRefused),
        ("ExecutionNotRedrivable", OperationRefused),
        ("ExecutionLimitExceeded", OperationRefused),
        ("InvalidArn", OperationRefused),
        ("ThrottlingException", DependencyUnavailable),
    ],
)
def test_an_execution_that_cannot_be_redriven_is_told_from_a_service_that_does_not_respond(
    code: str, raised: type[Exception]
) -> None:
    with intercepted("stepfunctions") as stepfunctions:
        stepfunctions.refuse("RedriveExecution", code)
        with pytest.raises(raised):
            StepFunctionsRedrives(lazy("stepfunctions")).redrive(EXECUTION)


def test_a_letter_is_hidden_while_it_is_in_hand_and_seen_again_once_released(aws: Cloud) -> None:
    url = aws.dead_letter_queue_url
    aws.sqs.send_message(
        QueueUrl=url,
        MessageBody="body",
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "why"}},
    )
    letters = SQSDeadLetters(lazy("sqs"), url)

    [letter] = letters.receive()

    assert (letter.body, letter.attributes, letter.receives) == ("body", {"reason": "why"}, 1)
    assert "body" not in repr(letter)
    assert letters.receive() == []
    letters.release(letter)
    [again] = letters.receive()
    assert (again.id, again.receives) == (letter.id, 2)
    letters.delete(again)
    assert aws.receive(url) == []


@pytest.mark.usefixtures("aws")
def test_a_function_that_fails_is_not_taken_for_one_that_did_its_work() -> None:
    invoker = LambdaInvoker(lazy("lambda"), "close-execution")
    with intercepted("lambda") as functions:
        functions.answers["Invoke"] = {"StatusCode": 200}
        invoker.invoke({"detail": {}})
        functions.answers["Invoke"] = {"StatusCode": 200, "FunctionError": "Unhandled"}
        with pytest.raises(DependencyUnavailable, match="see its log"):
            invoker.invoke({"detail": {}})
