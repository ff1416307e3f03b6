"""The API's responses to good, bad and repeated callbacks; bad ones change nothing."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from examples.partner_with_aws.service import TIMEOUT_SECONDS, Message, SigV4
from tests.support.e2e.engine_gaps import CONTENT_TYPE_FOR_DENIED_ROUTE
from tools import Json
from tools.devenv.walkthrough import TASK_TYPE, Deployment, example


@dataclass(frozen=True)
class WaitingOrder:
    """An order whose workflow waits for the partner, who has its message."""

    deployment: Deployment
    order_id: str
    execution_arn: str
    message: Message

    @property
    def callback_url(self) -> str:
        return str(self.message.event["callbackurl"])

    def success(self, **changes: Any) -> Json:
        body = {
            "order_id": self.order_id,
            "task_type": TASK_TYPE,
            "task_status": "SUCCESS",
            "task_output": example("output"),
        }
        return {name: value for name, value in {**body, **changes}.items() if value is not None}

    def post(self, body: Json, url: str = "") -> requests.Response:
        return self.deployment.partner.api.call_back(url or self.callback_url, body)

    def post_as_it_is(self, body: bytes, content_type: str) -> requests.Response:
        api = self.deployment.partner.api
        return requests.post(
            self.callback_url,
            data=body,
            headers={"Content-Type": content_type},
            auth=SigV4(api.credentials, api.region),
            timeout=TIMEOUT_SECONDS,
        )

    def snapshot(self) -> tuple[str, Any, Any]:
        return (
            self.deployment.execution(self.execution_arn)["status"],
            self.deployment.callback_task(self.order_id),
            self.deployment.order(self.order_id),
        )


def waiting_order(deployment: Deployment) -> WaitingOrder:
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id)
    execution_arn = deployment.start(order_id)
    message = deployment.message_for(order_id)
    return WaitingOrder(deployment, order_id, execution_arn, message)


@pytest.fixture(scope="module")
def shared_order(deployment: Deployment) -> WaitingOrder:
    return waiting_order(deployment)


@pytest.fixture
def untouched(shared_order: WaitingOrder) -> Any:
    """A waiting order that the test must leave exactly as it is."""
    before = shared_order.snapshot()
    assert before[0] == "RUNNING"
    yield shared_order
    assert shared_order.snapshot() == before


@pytest.fixture
def order(deployment: Deployment) -> WaitingOrder:
    return waiting_order(deployment)


def assert_problem(response: requests.Response, status: int, slug: str) -> Json:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].split(";")[0] == "application/problem+json"
    problem: Json = response.json()
    assert problem["type"] == f"urn:callback-channels:problem:{slug}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"]
    return problem


BROKEN: dict[str, Callable[[WaitingOrder], Json]] = {
    "order_id missing": lambda order: order.success(order_id=None),
    "task_type missing": lambda order: order.success(task_type=None),
    "task_status missing": lambda order: order.success(task_status=None),
    "task_output missing": lambda order: order.success(task_output=None),
    "tracking_number missing": lambda order: order.success(
        task_output={"shipping_status": "PROCESSING"}
    ),
    "unknown task_status": lambda order: order.success(task_status="DONE"),
    "unknown shipping_status": lambda order: order.success(
        task_output={**example("output"), "shipping_status": "LOST_AT_SEA"}
    ),
    "foreign task_type": lambda order: order.success(task_type="ORDER_BILLING_SERVICE"),
    "extra field": lambda order: order.success(priority="high"),
    "extra field in the output": lambda order: order.success(
        task_output={**example("output"), "carrier_note": "x"}
    ),
    "order_id is no string": lambda order: order.success(order_id=7),
    "FAILURE without task_error": lambda order: order.success(
        task_status="FAILURE", task_output=None
    ),
    "300 KB": lambda order: order.success(
        task_output={**example("output"), "tracking_number": "1" * 300 * 1024}
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_body_that_breaks_the_contract(broken: str, untouched: WaitingOrder) -> None:
    response = untouched.post(BROKEN[broken](untouched))

    assert_problem(response, 400, "invalid-callback")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
@pytest.mark.parametrize("body", [b"", b"shipped!", b'{"order_id": ', b"[]", b"null"])
def test_a_body_that_is_no_json_object(
    body: bytes, content_type: str, untouched: WaitingOrder
) -> None:
    response = untouched.post_as_it_is(body, content_type)

    assert_problem(response, 400, "invalid-callback")


@pytest.mark.parametrize("content_type", ["text/plain", "application/problem+json"])
def test_a_content_type_that_is_not_jsons(content_type: str, untouched: WaitingOrder) -> None:
    body = json.dumps(untouched.success()).encode()

    response = untouched.post_as_it_is(body, content_type)

    assert_problem(response, 415, "unsupported-media-type")


def test_a_content_type_of_json_with_parameters(order: WaitingOrder) -> None:
    body = json.dumps(order.success()).encode()

    assert order.post_as_it_is(body, "Application/JSON; charset=utf-8").status_code == 200


def test_a_body_that_is_all_white_space_but_for_a_callback(untouched: WaitingOrder) -> None:
    body = json.dumps(untouched.success()).encode()

    response = untouched.post_as_it_is(body.ljust(128 * 1024 + 1), "application/json")

    assert_problem(response, 413, "too-large")


def test_a_callback_id_of_the_url_that_breaks_the_contract(untouched: WaitingOrder) -> None:
    url = untouched.callback_url.replace(untouched.message.event["id"], "x" * 65)

    response = untouched.post(untouched.success(), url)

    assert_problem(response, 400, "invalid-callback")


def test_unsigned(untouched: WaitingOrder) -> None:
    response = requests.post(untouched.callback_url, json=untouched.success(), timeout=30)

    assert_problem(response, 403, "forbidden")


def test_an_unknown_order(untouched: WaitingOrder) -> None:
    unknown = str(uuid.uuid4())

    response = untouched.post(untouched.success(order_id=unknown))

    assert_problem(response, 404, "not-found")
    assert untouched.deployment.order(unknown) is None
    assert untouched.deployment.callback_task(unknown) is None


def test_an_unknown_message(untouched: WaitingOrder) -> None:
    url = untouched.callback_url.replace(untouched.message.event["id"], "another")

    response = untouched.post(untouched.success(), url)

    assert_problem(response, 409, "conflict")


def test_an_unknown_route(untouched: WaitingOrder) -> None:
    url = untouched.callback_url.replace(TASK_TYPE, "ORDER_BILLING_SERVICE")

    response = untouched.post(untouched.success(), url)

    assert response.status_code == 403
    assert response.headers["Content-Type"] == CONTENT_TYPE_FOR_DENIED_ROUTE


def test_a_heartbeat_leaves_the_task_open(untouched: WaitingOrder) -> None:
    response = untouched.post(untouched.success(task_status="IN_PROGRESS", task_output=None))

    assert response.status_code == 200


def test_the_order_that_saw_all_this_is_shipped(shared_order: WaitingOrder) -> None:
    response = shared_order.post(shared_order.success())

    assert response.status_code == 200
    finished = shared_order.deployment.finished(shared_order.execution_arn)
    assert finished["status"] == "SUCCEEDED"


def test_an_order_that_does_not_exist(deployment: Deployment) -> None:
    order_id = str(uuid.uuid4())

    execution = deployment.finished(deployment.start(order_id))

    assert execution["status"] == "FAILED"
    assert execution["error"] == "OrderNotFound"
    assert order_id in execution["cause"]
    assert deployment.order(order_id) is None
    assert deployment.callback_task(order_id) is None
    published = deployment.partner.receive(wait_seconds=2)
    assert published is None or published.event["subject"] != order_id


def test_a_dispatch_that_fails_fails_the_workflow(deployment: Deployment) -> None:
    order_id = str(uuid.uuid4())
    deployment.orders.put_item(Item={"order_id": order_id, "order_contents": {"what": "?"}})

    execution = deployment.finished(deployment.start(order_id))

    assert execution["status"] == "FAILED"
    assert execution["error"] == "InvalidRequest"
    assert deployment.callback_task(order_id) is None


def test_a_repeat_is_a_duplicate_and_changes_nothing(order: WaitingOrder) -> None:
    first = order.post(order.success())
    order.deployment.finished(order.execution_arn)
    after_first = order.snapshot()

    repeat = order.post(order.success())

    assert (first.status_code, first.json()["duplicate"]) == (200, False)
    assert (repeat.status_code, repeat.json()["duplicate"]) == (200, True)
    assert order.snapshot() == after_first


def test_another_outcome_after_the_first_is_refused(order: WaitingOrder) -> None:
    order.post(order.success())
    order.deployment.finished(order.execution_arn)
    after_first = order.snapshot()

    other = order.post(
        order.success(task_output={**example("output"), "tracking_number": "1ZOTHER"})
    )

    assert_problem(other, 409, "conflict")
    assert order.snapshot() == after_first


def test_a_failure_fails_the_workflow_and_marks_the_order(order: WaitingOrder) -> None:
    error = {"code": "NoStock", "message": "The warehouse is empty.", "retryable": False}

    response = order.post(order.success(task_status="FAILURE", task_output=None, task_error=error))

    assert response.status_code == 200
    execution = order.deployment.finished(order.execution_arn)
    assert execution["status"] == "FAILED"
    assert execution["error"] == "CallbackTask.Failed"
    shipped = order.deployment.order(order.order_id)
    assert shipped is not None
    assert shipped["order_status"] == "FAILED"
    assert "NoStock" in shipped["failure_reason"]
