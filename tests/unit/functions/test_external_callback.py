"""external_callback: proxy events to responses and records."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from callbacks.domain.channel import Contract
from callbacks.domain.outcome import Outcome, Success, digest, outcome_from_json
from callbacks.domain.task import (
    CallbackTask,
    OutcomeStatus,
    Settlement,
    Status,
    expired,
    taken_over,
)

from tests.support import hostile
from tests.support.channels import SHIPPING, composed, shipping_channel
from tests.support.deployed import Deployed
from tests.support.functions import ACME, SUCCESS, XRAY_HEADER, callback_event, dispatch_event
from tests.support.services import SLOWEST_CALLBACK, Service, intercepted
from tests.support.tasks import (
    BUSY,
    EXECUTION,
    KEY,
    LOST,
    PRINCIPAL,
    SHIPPED,
    TRACE,
    completing,
    done,
    pending,
    settled_as,
    token,
    unsettled,
)

BODY = SUCCESS
HEARTBEAT = {name: BODY[name] for name in ("order_id", "task_type")} | {
    "task_status": "IN_PROGRESS"
}


def recently() -> int:
    """Milliseconds, an instant ago by the machine's clock."""
    return int(time.time() * 1000) - 1000


def failed(code: str, message: str, *, retryable: bool) -> dict[str, Any]:
    error = {"code": code, "message": message, "retryable": retryable}
    return HEARTBEAT | {"task_status": "FAILURE", "task_error": error}


def post(deployed: Deployed, body: Any, **event: Any) -> tuple[int, dict[str, Any]]:
    """The status and the body of the response."""
    response = deployed.call("external_callback", callback_event(body, **event))
    said: dict[str, Any] = json.loads(response["body"])
    kind = "problem+json" if response["statusCode"] >= 400 else "json"
    assert response["headers"]["Content-Type"] == f"application/{kind}"
    if response["statusCode"] >= 400:
        assert said["status"] == response["statusCode"]
        assert said["request_id"]
    return response["statusCode"], said


@pytest.fixture
def dynamodb(deployed: Deployed) -> Iterator[Service]:  # noqa: ARG001
    with intercepted("dynamodb") as service:
        yield service


@pytest.fixture
def sqs(deployed: Deployed) -> Iterator[Service]:  # noqa: ARG001
    with intercepted("sqs") as service:
        yield service


class TestOutcome:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    @pytest.mark.parametrize(
        ("body", "outcome"),
        [
            (BODY, SHIPPED),
            (failed("LOST", "the parcel was lost", retryable=False), LOST),
            (failed("BUSY", "no van today", retryable=True), BUSY),
        ],
        ids=["success", "failure", "retryable failure"],
    )
    def test_is_delivered(
        self, body: Any, outcome: Outcome, callback_id: str | None, deployed: Deployed
    ) -> None:
        deployed.given(pending(requested_at=recently()))

        status, said = post(deployed, body, callback_id=callback_id)

        assert (status, said) == (
            200,
            {
                "order_id": KEY.order_id,
                "task_type": SHIPPING,
                "task_status": body["task_status"],
                "result": "DELIVERED",
                "duplicate": False,
            },
        )
        [(operation, sent)] = deployed.sends
        assert sent["taskToken"] == token()
        if isinstance(outcome, Success):
            assert operation == "SendTaskSuccess"
            assert json.loads(sent["output"]) == outcome.output
        else:
            assert operation == "SendTaskFailure"
            assert (sent["error"], sent["cause"]) == (outcome.error, outcome.cause)
        task = deployed.record()
        assert task is not None
        assert (task.status, task.outcome_digest, task.principal, task.task_token) == (
            Status.COMPLETED,
            digest(outcome),
            ACME,
            None,
        )
        assert (task.reported_status, task.reported_code) == (outcome.status, outcome.code)

    @pytest.mark.parametrize("first", ["1", "1.0", "1e0"])
    def test_is_the_same_however_its_numbers_are_spelled(
        self, first: str, deployed: Deployed
    ) -> None:
        free_output(deployed)

        responses = [post(deployed, weighing(number)) for number in (first, "1.0", "1", "10e-1")]

        assert [(status, said["duplicate"]) for status, said in responses] == [
            (200, False),
            *[(200, True)] * 3,
        ]

    @pytest.mark.parametrize(
        "number", ["0.1000000000000000055", "9007199254740993", "123456789012345678901.5"]
    )
    def test_reaches_the_workflow_with_its_numbers_as_they_are(
        self, number: str, deployed: Deployed
    ) -> None:
        free_output(deployed)

        assert post(deployed, weighing(number))[0] == 200
        assert post(deployed, weighing(repr(float(number))))[0] == 409

        [(_, sent)] = deployed.sends
        assert sent["output"] == f'{{"weight":{number}}}'

    @pytest.mark.parametrize("number", ["1e400", "-1e400", "1e-400", "9" * 10**5])
    def test_with_a_number_that_nobody_could_hold_is_refused(
        self, number: str, deployed: Deployed
    ) -> None:
        free_output(deployed)

        assert post(deployed, weighing(number))[0] == 400

    @pytest.mark.parametrize("number", ["1.0", "7.5"])
    def test_that_an_earlier_version_recorded_is_joined(
        self, number: str, deployed: Deployed
    ) -> None:
        """It kept 1.0 as it was spelled, and a digest of that."""
        recorded = f'{{"output":{{"weight":{number}}},"status":"SUCCESS"}}'
        outcome = outcome_from_json(recorded)
        of_v1 = f"v1:{sha256(recorded.encode()).hexdigest()}"
        task = completing(outcome=outcome, requested_at=recently())
        free_output(deployed, replace(task, outcome_digest=of_v1))

        assert post(deployed, weighing(number))[0] == 200
        assert len(deployed.sends) == 1

    def test_may_name_its_message_in_the_body(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))

        assert post(deployed, {**BODY, "callback_id": "attempt-1"})[0] == 200

    def test_may_come_encoded(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))

        assert post(deployed, BODY, encoded=True)[0] == 200

    def test_has_the_oauth2_client_as_its_principal(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))

        post(deployed, BODY, authorizer={"claims": {"client_id": "client-1"}})

        task = deployed.record()
        assert task is not None
        assert task.principal == "client-1"

    @pytest.mark.parametrize(("client", "status"), [("client-1", 403), ("client-2", 200)])
    def test_comes_from_the_addresses_of_its_client(
        self, client: str, status: int, deployed: Deployed
    ) -> None:
        deployed.aws.register(shipping_channel(source_ranges={"client-1": ["198.51.100.0/24"]}))
        deployed.given(pending(requested_at=recently()))

        assert post(deployed, BODY, authorizer={"claims": {"client_id": client}})[0] == status

    def test_is_logged_and_counted(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))
        post(deployed, BODY, callback_id="attempt-1")

        line = deployed.logged("CALLBACK_TAKEN")

        assert (line["order_id"], line["task_type"], line["callback_id"], line["result"]) == (
            KEY.order_id,
            SHIPPING,
            "attempt-1",
            "DELIVERED",
        )
        assert line["execution"] == EXECUTION

    @pytest.mark.parametrize(
        ("body", "counted"),
        [(BODY, [1, 0]), (failed("LOST", "the parcel was lost", retryable=False), [0, 1])],
        ids=["success", "failure"],
    )
    def test_is_counted_with_how_long_it_took(
        self, body: Any, counted: list[int], deployed: Deployed
    ) -> None:
        deployed.given(pending(requested_at=recently() - 60_000))
        post(deployed, body)

        found = [deployed.measured(name) for name in ("CallbacksSucceeded", "CallbacksFailed")]

        assert found == [{"": [1], SHIPPING: [1]} if one else {} for one in counted]
        took = deployed.measured("TimeToCallback")
        assert took[""] == took[SHIPPING]
        assert 60 <= took[""][0] < 600

    def test_counts_once_however_often_it_comes_until_it_is_delivered(
        self, deployed: Deployed
    ) -> None:
        deployed.given(pending(requested_at=recently()))
        deployed.stepfunctions.refuse("SendTaskSuccess", "ThrottlingException", token())
        first = post(deployed, BODY)[0]
        second = post(deployed, BODY)[0]
        deployed.stepfunctions.answers["SendTaskSuccess"] = {}

        assert (first, second, post(deployed, BODY)[0], post(deployed, BODY)[0]) == (
            202,
            202,
            200,
            200,
        )

        assert deployed.measured("OutcomesHeld") == {"": [1, 1], SHIPPING: [1, 1]}
        assert deployed.measured("CallbacksSucceeded") == {"": [1], SHIPPING: [1]}
        assert len(deployed.measured("TimeToCallback")[""]) == 1

    @pytest.mark.parametrize(
        ("body", "outcome"),
        [(BODY, SHIPPED), (failed("LOST", "the parcel was lost", retryable=False), LOST)],
        ids=["success", "failure"],
    )
    def test_is_logged_with_who_reported_what(
        self, body: Any, outcome: Outcome, deployed: Deployed
    ) -> None:
        deployed.given(pending(requested_at=recently()))
        post(deployed, body)

        line = deployed.logged("CALLBACK_TAKEN")

        said = ("principal", "status", "reported_status", "reported_code", "outcome_digest")
        assert tuple(line.get(name) for name in said) == (
            ACME,
            200,
            outcome.status,
            outcome.code,
            digest(outcome),
        )
        assert "parcel" not in json.dumps(line)

    def test_of_an_attempt_that_was_replaced_stays_in_the_record(self, deployed: Deployed) -> None:
        deployed.given(taken_over(done(outcome=BUSY), pending(2, requested_at=recently())))
        post(deployed, BODY, callback_id="attempt-2", authorizer={"claims": {"client_id": "other"}})

        task = deployed.record()

        assert task is not None
        past = task.attempts["attempt-1"]
        assert [
            (past.principal, past.reported_status, past.reported_code, past.outcome_digest),
            (task.principal, task.reported_status, task.reported_code, task.outcome_digest),
        ] == [
            (PRINCIPAL, "FAILURE", "BUSY", digest(BUSY)),
            ("other", "SUCCESS", None, digest(SHIPPED)),
        ]

    def test_that_is_repeated_is_a_duplicate(self, deployed: Deployed) -> None:
        deployed.given(done())

        status, said = post(deployed, BODY)

        assert (status, said["duplicate"]) == (200, True)
        assert deployed.sends == []

    def test_is_the_same_whatever_its_spelling(self, deployed: Deployed) -> None:
        deployed.given(done())
        spelled = json.dumps(BODY, indent=2).replace("PROCESSING", "\\u0050ROCESSING")

        assert post(deployed, spelled)[0] == 200

    @pytest.mark.parametrize(
        "refusal",
        [
            ("ThrottlingException", 400),
            ("ServiceUnavailable", 503),
            ("InternalFailure", 500),
        ],
    )
    def test_is_held_while_step_functions_refuses(
        self, refusal: tuple[str, int], deployed: Deployed
    ) -> None:
        deployed.given(pending(requested_at=recently()))
        code, status = refusal
        deployed.stepfunctions.refuse("SendTaskSuccess", code, f"no {token()}", status)

        responded, said = post(deployed, BODY)

        assert (responded, said["result"]) == (202, "HELD")
        [message] = deployed.aws.receive(deployed.aws.redelivery_queue_url)
        assert json.loads(message) == {
            "order_id": KEY.order_id,
            "task_type": SHIPPING,
            "callback_id": "attempt-1",
            "outcome_digest": digest(SHIPPED),
        }
        task = deployed.record()
        assert task is not None
        assert (task.status, task.outcome_status) == (Status.COMPLETING, OutcomeStatus.QUEUED)
        held = deployed.logged("OUTCOME_HELD")
        assert (held["order_id"], held["task_type"]) == (KEY.order_id, SHIPPING)

    def test_makes_at_its_slowest_the_calls_whose_time_outs_are_summed(
        self, deployed: Deployed, dynamodb: Service, sqs: Service
    ) -> None:
        deployed.given(completing(requested_at=recently()))
        dynamodb.calls.clear()
        deployed.stepfunctions.refuse("SendTaskSuccess", "TaskTimedOut")
        deployed.stepfunctions.answers["GetExecutionHistory"] = [
            {"events": [], "nextToken": "the rest"}
        ]

        assert post(deployed, BODY)[1]["result"] == "HELD"

        services = {"dynamodb": dynamodb, "sqs": sqs, "stepfunctions": deployed.stepfunctions}
        made = Counter({name: len(service.calls) for name, service in services.items()})
        assert made == Counter(SLOWEST_CALLBACK.values())

    def test_is_held_while_step_functions_does_not_respond(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))
        deployed.stepfunctions.answers["SendTaskSuccess"] = ReadTimeoutError(endpoint_url=token())

        assert post(deployed, BODY)[0] == 202

    def test_is_held_by_the_record_alone_while_the_queue_refuses(
        self, deployed: Deployed, sqs: Service
    ) -> None:
        deployed.given(pending(requested_at=recently()))
        deployed.stepfunctions.refuse("SendTaskSuccess", "ThrottlingException")
        sqs.refuse("SendMessage", "ServiceUnavailable", status=503)

        assert post(deployed, BODY)[0] == 202
        task = deployed.record()
        assert task is not None
        assert (task.status, task.outcome) == (Status.COMPLETING, SHIPPED)
        assert task.due_at is not None

    def test_of_which_nothing_is_known_is_to_be_sent_again(
        self, deployed: Deployed, dynamodb: Service
    ) -> None:
        deployed.given(pending(requested_at=recently()))
        dynamodb.refuse("UpdateItem", "ProvisionedThroughputExceededException")

        response = deployed.call("external_callback", callback_event(BODY))

        assert (response["statusCode"], response["headers"]["Retry-After"]) == (503, "5")
        assert json.loads(response["body"])["detail"] == "not known to be accepted; send it again"
        assert deployed.sends == []

    def test_waits_for_a_registration_that_cannot_be_read(
        self, deployed: Deployed, dynamodb: Service
    ) -> None:
        dynamodb.refuse("GetItem", "InternalServerError", status=500)

        assert post(deployed, BODY)[0] == 503


def free_output(deployed: Deployed, task: CallbackTask | None = None) -> None:
    """A task, one that waits unless it is given, of a channel that takes any object as output."""
    known = shipping_channel().versions["v1"]
    free = Contract(known.request, json.dumps(composed({"type": "object"})))
    deployed.aws.register(shipping_channel(versions={"v1": free}))
    deployed.given(task or pending(requested_at=recently()))


def weighing(number: str) -> str:
    """A success whose output is one number, spelled like this."""
    return json.dumps({**BODY, "task_output": {"weight": 0}}).replace(": 0}", f": {number}}}")


class TestRefusal:
    @pytest.mark.parametrize(
        ("task", "callback_id", "status", "slug"),
        [
            (None, None, 404, "not-found"),
            (completing(outcome=LOST), None, 409, "conflict"),
            (done(outcome=LOST), "attempt-1", 409, "conflict"),
            (unsettled(LOST), "attempt-1", 409, "conflict"),
            (settled_as(Settlement.UNDELIVERED), "attempt-1", 410, "gone"),
            (expired(pending(), 1), None, 410, "gone"),
            (pending(requested_at=0), None, 410, "gone"),
            (
                pending(callback_id_required=True, requested_at=recently()),
                None,
                400,
                "invalid-callback",
            ),
        ],
    )
    def test_says_why(
        self,
        task: CallbackTask | None,
        callback_id: str | None,
        status: int,
        slug: str,
        deployed: Deployed,
    ) -> None:
        if task is not None:
            deployed.given(task)

        responded, problem = post(deployed, BODY, callback_id=callback_id)

        assert (responded, problem["type"]) == (status, f"urn:callback-channels:problem:{slug}")
        assert deployed.sends == []
        line = deployed.logged("CALLBACK_REFUSED")
        assert (line["status"], line["code"], line["order_id"]) == (status, slug, KEY.order_id)
        assert (line["principal"], line["outcome_digest"]) == (ACME, digest(SHIPPED))
        assert deployed.measured("CallbacksRefused") == {"": [1], SHIPPING: [1], slug: [1]}
        assert deployed.measured("TimeToCallback") == {}

    @pytest.mark.parametrize(("room", "status"), [(0, 200), (-1, 413)])
    def test_of_an_output_over_the_channels_limit(
        self, room: int, status: int, deployed: Deployed
    ) -> None:
        """The size is that of the output, however the request spells it."""
        output = {"text": "x" * 100}
        size = len(json.dumps(output, separators=(",", ":")))
        known = shipping_channel().versions["v1"]
        free = Contract(known.request, json.dumps(composed({"type": "object"})))
        limited = shipping_channel(max_output_bytes=size + room, versions={"v1": free})
        deployed.aws.register(limited)
        deployed.given(pending(requested_at=recently()))

        responded, _ = post(deployed, json.dumps({**BODY, "task_output": output}, indent=8))

        assert responded == status
        assert len(deployed.sends) == (1 if status == 200 else 0)

    def test_of_a_callback_id_that_is_not_the_urls(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))

        status, problem = post(
            deployed, {**BODY, "callback_id": "attempt-1"}, callback_id="attempt-2"
        )

        assert status == 400
        assert problem["errors"][0]["pointer"] == "/callback_id"


def in_trace(traceparent: str) -> dict[str, list[str]]:
    """The headers of a callback that says so, and that has a state of its own."""
    return {
        "Content-Type": ["application/json"],
        "traceparent": [traceparent],
        "tracestate": ["vendor=SECRET-STATE"],
    }


class TestTrace:
    @pytest.mark.parametrize(
        ("body", "code"),
        [(BODY, "CALLBACK_TAKEN"), (HEARTBEAT, "CALLBACK_TAKEN"), ({}, "CALLBACK_REFUSED")],
        ids=["an outcome", "a heartbeat", "a refusal"],
    )
    def test_of_the_partner_is_logged(self, body: Any, code: str, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))

        post(deployed, body, headers=in_trace(TRACE.traceparent))

        line = deployed.logged(code)
        assert (line["partner_trace_id"], line["partner_span_id"]) == (
            TRACE.trace_id,
            TRACE.span_id,
        )

    def test_that_the_message_came_with_leads_from_one_side_to_the_other(
        self, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as lambda_:
            lambda_.setenv("_X_AMZN_TRACE_ID", XRAY_HEADER)
            deployed.call("sns_callback", dispatch_event())
        [message] = deployed.aws.receive(deployed.aws.partner_queue_url)

        post(deployed, BODY, headers=in_trace(json.loads(message)["traceparent"]))

        assert deployed.logged("TASK_DISPATCHED")["trace_id"] == TRACE.trace_id
        assert deployed.logged("CALLBACK_TAKEN")["partner_trace_id"] == TRACE.trace_id

    @pytest.mark.parametrize(
        "traceparent",
        ["SECRET", "", TRACE.traceparent.upper(), TRACE.traceparent + "-SECRET", "x" * 9000],
    )
    def test_that_makes_no_sense_is_ignored(self, traceparent: str, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))

        status, _ = post(deployed, BODY, headers=in_trace(traceparent))

        assert status == 200
        line = deployed.logged("CALLBACK_TAKEN")
        assert not {"partner_trace_id", "partner_span_id"} & set(line)
        assert not traceparent or traceparent not in deployed.printed

    def test_of_another_callback_is_not_that_of_the_next(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))
        post(deployed, {}, headers=in_trace(TRACE.traceparent))

        post(deployed, BODY)

        assert "partner_trace_id" not in deployed.logged("CALLBACK_TAKEN")

    def test_has_a_state_that_is_logged_nowhere(self, deployed: Deployed) -> None:
        post(deployed, BODY, headers=in_trace(TRACE.traceparent))

        assert deployed.lines()
        assert "STATE" not in deployed.printed


BAD: dict[str, tuple[Any, str | None]] = {
    "no JSON": ("order_id=1", None),
    "nothing": ("", None),
    "a number that JSON has not": (json.dumps(BODY)[:-1] + ', "x": NaN}', None),
    "half a surrogate pair": (json.dumps(BODY).replace("1ZA1B2C3D4", "\\ud800"), None),
    "an array": ([], ""),
    "a string": ('"text"', ""),
    "a missing field": ({**HEARTBEAT, "task_status": "SUCCESS"}, ""),
    "a wrong enum": ({**BODY, "task_status": "DONE"}, "/task_status"),
    "a foreign task type": ({**BODY, "task_type": "OTHER"}, "/task_type"),
    "an extra field": ({**BODY, "extra": 1}, ""),
    "a null": ({**BODY, "callback_id": None}, "/callback_id"),
    "success and error": ({**BODY, "task_error": failed("A", "b", retryable=True)}, "/task_error"),
    "a registration's key": ({**BODY, "order_id": "#CHANNEL"}, "/order_id"),
    "a line break": ({**BODY, "order_id": KEY.order_id + "\n"}, "/order_id"),
    "a name given twice": (json.dumps(BODY)[:-1] + ', "task_status": "SUCCESS"}', None),
    "100 KB": ({**BODY, "task_output": {"text": "x" * 100_000}}, "/task_output"),
}


@pytest.mark.parametrize(("body", "pointer"), BAD.values(), ids=BAD)
def test_a_body_that_breaks_the_contract_changes_nothing(
    body: Any, pointer: str | None, deployed: Deployed
) -> None:
    task = deployed.given(pending(requested_at=recently()))

    status, problem = post(deployed, body)

    assert (status, problem["title"]) == (400, "Invalid Callback")
    pointers = [violation["pointer"] for violation in problem.get("errors", [])]
    if pointer is None:
        assert pointers == []
    else:
        assert pointer in pointers
    assert deployed.record() == task
    assert deployed.sends == []


def test_what_a_partner_sends_is_quoted_nowhere(deployed: Deployed) -> None:
    post(deployed, {**BODY, "order_id": "SECRET!", "task_status": "SECRET"})
    post(deployed, "SECRET")

    assert deployed.lines()


class TestHeartbeat:
    def test_is_passed_on(self, deployed: Deployed) -> None:
        task = deployed.given(pending(requested_at=recently()))

        status, said = post(deployed, HEARTBEAT, callback_id="attempt-1")

        assert (status, said["result"]) == (200, "HEARTBEAT")
        assert deployed.sends == [("SendTaskHeartbeat", {"taskToken": token()})]
        assert deployed.record() == task

    def test_that_cannot_be_passed_on_is_to_be_sent_again(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))
        deployed.stepfunctions.refuse("SendTaskHeartbeat", "ThrottlingException", token())

        assert post(deployed, HEARTBEAT)[0] == 503

    def test_that_nobody_waits_for_expires_the_task(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))
        deployed.stepfunctions.refuse("SendTaskHeartbeat", "TaskTimedOut", token())

        assert post(deployed, HEARTBEAT)[0] == 410
        task = deployed.record()
        assert task is not None
        assert task.status is Status.EXPIRED


class TestRoute:
    def test_of_no_channel_is_not_found(self, deployed: Deployed) -> None:
        status, problem = post(deployed, BODY, resource="/externalCallback/UNHEARD_OF")

        assert (status, problem["title"]) == (404, "Not Found")

    def test_of_no_version_is_not_found(self, deployed: Deployed) -> None:
        assert post(deployed, BODY, resource=f"/externalCallback/{SHIPPING}/v9")[0] == 404

    def test_is_the_gateways_and_not_what_the_caller_spelled(self, deployed: Deployed) -> None:
        deployed.given(pending(requested_at=recently()))
        event = {**callback_event(BODY), "path": "/externalCallback/%4FTHER"}

        assert deployed.call("external_callback", event)["statusCode"] == 200

    def test_of_a_version_has_its_contract(self, deployed: Deployed) -> None:
        known = shipping_channel().versions["v1"]
        lenient = Contract(known.request, json.dumps(composed({"type": "object"})))
        deployed.aws.register(shipping_channel(versions={"v1": known, "v2": lenient}))
        deployed.given(pending(requested_at=recently()))
        body = {**BODY, "task_output": {"parcels": 2}}

        assert post(deployed, body)[0] == 400
        assert post(deployed, body, resource=f"/externalCallback/{SHIPPING}/v2")[0] == 200

    def test_of_a_channel_that_is_disabled_still_takes_callbacks(self, deployed: Deployed) -> None:
        deployed.aws.register(shipping_channel(enabled=False))
        deployed.given(pending(requested_at=recently()))

        assert post(deployed, BODY)[0] == 200


def test_a_fault_of_the_platform_is_an_internal_error(deployed: Deployed) -> None:
    """The record has what no version of this code writes."""
    deployed.aws.dynamodb.put_item(
        TableName="callbacks-test-CallbackTasks",
        Item={
            "order_id": {"S": KEY.order_id},
            "task_type": {"S": SHIPPING},
            "status": {"S": "ODD"},
            "task_token": {"S": token()},
        },
    )

    status, problem = post(deployed, BODY)

    assert (status, problem["title"]) == (500, "Internal Error")
    assert deployed.measured("CallbackErrors") == {"": [1], SHIPPING: [1]}
    line = deployed.logged("CALLBACK_FAILED")
    assert line["exception_name"]
    assert (line["order_id"], line["task_type"]) == (KEY.order_id, SHIPPING)


MOST = shipping_channel().max_body_bytes
TOO_LARGE = {"a byte too much", "megabytes", "megabytes of brackets", "200,000 levels"}


def responded_briefly(body: str, encoded: bool, deployed: Deployed) -> int:
    responded, said = post(deployed, body, encoded=encoded)

    assert len(json.dumps(said)) < 8 * 1024
    assert max(len(json.dumps(line)) for line in deployed.lines()) < 8 * 1024
    return responded


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("name", hostile.taken(BODY, MOST))
def test_the_largest_body_that_meets_the_contract_is_taken(
    name: str, encoded: bool, deployed: Deployed
) -> None:
    deployed.given(pending(requested_at=recently()))

    assert responded_briefly(hostile.taken(BODY, MOST)[name], encoded, deployed) == 200
    assert len(deployed.sends) == 1


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("name", hostile.refused(BODY, MOST))
def test_a_hostile_body_is_refused_and_little_is_said_of_it(
    name: str, encoded: bool, deployed: Deployed
) -> None:
    task = deployed.given(pending(requested_at=recently()))

    status = responded_briefly(hostile.refused(BODY, MOST)[name], encoded, deployed)

    assert status == (413 if name in TOO_LARGE else 400)
    assert deployed.record() == task
    assert deployed.sends == []


@pytest.mark.parametrize(("declared", "status"), [("application/json", 200), ("text/plain", 415)])
def test_a_body_is_read_as_what_it_is_declared_as(
    declared: str, status: int, deployed: Deployed
) -> None:
    """The gateway skips validation for a content type without a model."""
    deployed.given(pending(requested_at=recently()))

    assert post(deployed, BODY, headers={"Content-Type": [declared]})[0] == status
    assert len(deployed.sends) == (status == 200)


@pytest.mark.parametrize(
    ("callback_id", "status"),
    [
        ("attempt-1", 200),
        ("attempt-9", 409),
        ("", 400),
        ("attempt-1\n", 400),
        ("attempt 1", 400),
        ("#CHANNEL", 400),
        ("a" * 64, 409),
        ("a" * 65, 400),
        ("a" * 8000, 400),
    ],
)
@pytest.mark.parametrize("place", ["the URL", "the body"])
def test_a_callback_id_meets_the_contract_wherever_it_is(
    place: str, callback_id: str, status: int, deployed: Deployed
) -> None:
    task = deployed.given(pending(requested_at=recently()))

    if place == "the URL":
        responded, said = post(deployed, BODY, callback_id=callback_id)
    else:
        responded, said = post(deployed, {**BODY, "callback_id": callback_id})

    assert responded == status
    if status == 400:
        assert {found["pointer"] for found in said["errors"]} == {"/callback_id"}
        assert callback_id == "" or callback_id not in json.dumps(said)
        assert deployed.record() == task
