"""The reference partner without AWS: what it takes, and how it calls back."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import patch

import pytest
import requests
from standardwebhooks import Webhook
from urllib3 import Retry

from examples.partner_without_aws.service import RETRY, Api, Partner, review
from tests.support.partner_api import PartnerApi
from tests.support.workflow import eventually
from tools import Json
from tools.contracts.responses import then

CURRENT, PREVIOUS, OTHER = (
    "whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"c", b"p", b"o")
)
BODY = json.dumps(
    {
        "id": "message-1",
        "workid": "work-1",
        "subject": "order-1",
        "tasktype": "ORDER_FRAUD_REVIEW",
        "data": {},
    }
)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SCOPE = "callbacks-1/ORDER_FRAUD_REVIEW"
OUTPUT = {"verdict": "APPROVED", "reference": "SR-1"}


@pytest.fixture
def api(platform: PartnerApi) -> Iterator[Api]:
    with patch.object(Retry, "sleep", lambda *_: None):
        api = Api("client", "secret", SCOPE, f"{platform.url}/oauth2/token")
        yield api
        api.close()


@pytest.fixture
def partner(api: Api) -> Iterator[Partner]:
    partner = Partner(api, [CURRENT, PREVIOUS], lambda _: OUTPUT)
    yield partner
    partner.close()


def signed(*secrets: str, body: str = BODY, age: int = 0) -> dict[str, str]:
    timestamp = datetime.now(UTC) - timedelta(seconds=age)
    return {
        "Webhook-Id": "message-1",
        "Webhook-Timestamp": str(int(timestamp.timestamp())),
        "Webhook-Signature": " ".join(
            Webhook(secret).sign("message-1", timestamp, body) for secret in secrets
        ),
    }


@pytest.mark.parametrize("secrets", [(CURRENT,), (PREVIOUS,), (OTHER, CURRENT)])
def test_a_message_signed_with_a_secret_in_use_is_worked_on(
    secrets: tuple[str, ...], platform: PartnerApi, partner: Partner
) -> None:
    body = json.dumps({**json.loads(BODY), "callbackurl": f"{platform.url}/callback?callback_id=1"})

    status = partner.take(signed(*secrets, body=body), body.encode())
    partner.close()

    assert status == 202
    path, headers, posted = platform.called[-1]
    assert path == "/callback?callback_id=1"
    assert headers["Authorization"] == "Bearer token-1"
    assert json.loads(posted) == {
        "order_id": "order-1",
        "task_type": "ORDER_FRAUD_REVIEW",
        "task_status": "SUCCESS",
        "task_output": OUTPUT,
    }


@pytest.mark.parametrize("traceparent", [TRACEPARENT, None])
def test_a_callback_is_posted_in_the_trace_of_its_message(
    traceparent: str | None, platform: PartnerApi, partner: Partner
) -> None:
    """Once more as well, with a new token."""
    platform.responses["/callback"] = [(401, {})]
    event = {**json.loads(BODY), "callbackurl": f"{platform.url}/callback"}
    body = json.dumps(event if traceparent is None else {**event, "traceparent": traceparent})

    partner.take(signed(CURRENT, body=body), body.encode())
    partner.close()

    posted = [headers for path, headers, _ in platform.called if path == "/callback"]
    assert [headers.get("traceparent") for headers in posted] == [traceparent] * 2


FORGED: dict[str, Callable[[], tuple[dict[str, str], str]]] = {
    "another secret": lambda: (signed(OTHER), BODY),
    "an altered body": lambda: (signed(CURRENT), BODY.replace("order-1", "order-2")),
    "another id": lambda: ({**signed(CURRENT), "Webhook-Id": "message-2"}, BODY),
    "an old timestamp": lambda: (signed(CURRENT, age=600), BODY),
    "a timestamp to come": lambda: (signed(CURRENT, age=-600), BODY),
    "no signature": lambda: ({**signed(CURRENT), "Webhook-Signature": ""}, BODY),
    "what is no signature": lambda: ({**signed(CURRENT), "Webhook-Signature": "v1"}, BODY),
    "no headers": lambda: ({}, BODY),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_message_is_refused(forged: str, platform: PartnerApi, partner: Partner) -> None:
    headers, body = FORGED[forged]()

    status = partner.take(headers, body.encode())
    partner.close()

    assert status == 401
    assert not platform.called


def test_a_message_that_comes_twice_is_worked_on_once(
    platform: PartnerApi, partner: Partner
) -> None:
    body = json.dumps({**json.loads(BODY), "callbackurl": f"{platform.url}/callback"})

    statuses = [partner.take(signed(CURRENT, body=body), body.encode()) for _ in range(2)]
    partner.close()

    assert statuses == [202, 202]
    assert platform.paths().count("/callback") == 1


def test_work_that_is_asked_for_under_another_id_is_done_once_and_reported_for_both(
    platform: PartnerApi, api: Api
) -> None:
    numbers = count(1)
    partner = Partner(api, [CURRENT], lambda _: {"reference": f"SR-{next(numbers)}"})
    for id_ in ("message-1", "message-2"):
        message = {**json.loads(BODY), "id": id_, "callbackurl": f"{platform.url}/{id_}"}
        body = json.dumps(message)
        partner.take(signed(CURRENT, body=body), body.encode())
    partner.close()

    posted = {path: json.loads(body) for path, _, body in platform.called if "message" in path}
    assert set(posted) == {"/message-1", "/message-2"}
    assert [one["task_output"] for one in posted.values()] == [{"reference": "SR-1"}] * 2


def test_work_that_failed_is_done_when_it_is_asked_for_again(
    platform: PartnerApi, api: Api
) -> None:
    failures = [OSError("the database is away")]

    def work(_data: Json) -> Json:
        if failures:
            raise failures.pop()
        return OUTPUT

    partner = Partner(api, [CURRENT], work)
    for id_ in ("message-1", "message-2"):
        message = {**json.loads(BODY), "id": id_, "callbackurl": f"{platform.url}/{id_}"}
        body = json.dumps(message)
        partner.take(signed(CURRENT, body=body), body.encode())
        if id_ == "message-1":
            eventually(lambda: None if partner._outputs else True)
    partner.close()

    assert [path for path in platform.paths() if "message" in path] == ["/message-2"]


def test_a_token_is_fetched_once_and_kept(platform: PartnerApi, api: Api) -> None:
    for _ in range(3):
        api.call_back(f"{platform.url}/callback", {})

    _, headers, form = platform.called[0]
    assert platform.paths() == ["/oauth2/token", *["/callback"] * 3]
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"client:secret").decode()
    assert form == b"grant_type=client_credentials&scope=callbacks-1%2FORDER_FRAUD_REVIEW"


def test_a_token_is_renewed_shortly_before_it_expires(platform: PartnerApi, api: Api) -> None:
    platform.lifetime = 60

    for _ in range(2):
        api.call_back(f"{platform.url}/callback", {})

    assert platform.paths() == ["/oauth2/token", "/callback"] * 2


@pytest.mark.parametrize("status", then("renew"))
@pytest.mark.parametrize("refusals", [1, 2])
def test_a_refused_token_is_replaced_once(
    refusals: int, status: int, platform: PartnerApi, api: Api
) -> None:
    platform.responses["/callback"] = [(status, {})] * refusals

    response = api.call_back(f"{platform.url}/callback", {})

    assert response.status_code == (200 if refusals == 1 else status)
    assert platform.paths() == ["/oauth2/token", "/callback"] * 2


@pytest.mark.parametrize("status", [*then("repeat"), 502, 504])
def test_what_may_pass_is_tried_again(status: int, platform: PartnerApi, api: Api) -> None:
    platform.responses["/callback"] = [(status, {}), (status, {"Retry-After": "1"})]

    response = api.call_back(f"{platform.url}/callback", {"order_id": "order-1"})

    assert response.status_code == 200
    bodies = {body for path, _, body in platform.called if path == "/callback"}
    assert bodies == {b'{"order_id": "order-1"}'}
    assert platform.paths().count("/callback") == 3


@pytest.mark.parametrize("status", [202, *then("correct"), *then("drop")])
def test_what_is_final_is_not_tried_again(status: int, platform: PartnerApi, api: Api) -> None:
    platform.responses["/callback"] = [(status, {})]

    assert api.call_back(f"{platform.url}/callback", {}).status_code == status
    assert platform.paths().count("/callback") == 1


def test_the_token_goes_nowhere_but_to_the_callback_url(platform: PartnerApi, api: Api) -> None:
    platform.responses["/callback"] = [(307, {"Location": f"{platform.url}/elsewhere"})]

    assert api.call_back(f"{platform.url}/callback", {}).status_code == 307
    assert "/elsewhere" not in platform.paths()


def test_an_api_that_is_not_there_is_tried_again() -> None:
    api = Api("client", "secret", "scope", "http://127.0.0.1:1/oauth2/token")

    with patch.object(Retry, "sleep") as pause, pytest.raises(requests.ConnectionError):
        api.call_back("http://127.0.0.1:1/callback", {})

    assert pause.call_count == RETRY.total
    api.close()


@pytest.mark.parametrize(("quantity", "verdict"), [(99, "APPROVED"), (100, "REJECTED")])
def test_an_order_of_a_hundred_pieces_is_suspicious(quantity: int, verdict: str) -> None:
    order: Json = {"items": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": quantity}]}

    assert review(order)["verdict"] == verdict
