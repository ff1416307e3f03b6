"""The pages: what they show of an environment, and that text of partners stays text."""

import json
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.outcome import Failure
from callbacks.domain.task import CallbackTask, TaskKey, claimed, expired

from tests.support.channels import SHIPPING
from tests.support.console import Browser
from tests.support.services import intercepted
from tests.support.tasks import KEY, LOST, PRINCIPAL, SHIPPED, completing, pending
from tools.errors import UserError
from tools.ops.acting import RefusedError

CHANNEL, ORDER = f"/channels/{SHIPPING}", f"/orders/{KEY.order_id}"
MARKUP = "<script>alert(1)</script>"
TIMEOUT_SECONDS = 86_400


def asked_for(seconds_ago: int, **changes: Any) -> CallbackTask:
    return pending(requested_at=(int(time.time()) - seconds_ago) * 1000, **changes)


def waiting(count: int, seconds_ago: int = 600) -> list[CallbackTask]:
    return [
        asked_for(seconds_ago - number, key=TaskKey(f"order-{number:03}", SHIPPING))
        for number in range(count)
    ]


def cells(page: str, heading: str) -> list[str]:
    """The texts of the row with a heading."""
    [row] = [
        row
        for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
        if re.search(rf"<th[^>]*>(<[^>]*>)*\s*{re.escape(heading)}\s*<", row)
    ]
    return [
        re.sub(r"<[^>]*>", "", cell).strip()
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    ]


def test_a_channel_is_a_row_with_what_waits_and_what_failed(opened: Browser) -> None:
    for task in (*waiting(3), asked_for(TIMEOUT_SECONDS + 100), completing(key=held())):
        opened.given(task)
    line = {"message": "CALLBACK_TAKEN", "order_id": "x", "task_type": SHIPPING}
    opened.logged(
        "external-callback",
        {**line, "reported_status": "FAILURE", "result": "DELIVERED"},
        {**line, "reported_status": "FAILURE", "result": "DUPLICATE"},
        {**line, "reported_status": "SUCCESS", "result": "DELIVERED"},
    )

    takes, partners, *numbers = cells(opened.get("/"), SHIPPING)

    assert (takes, partners) == ("yes", "partner-222222222222, sentinel-review")
    count, oldest, *rest = numbers
    assert (count, oldest.split()[0]) == ("4", "1d")
    overdue, held_, dead_letters, failures = rest
    assert (overdue, held_, dead_letters, failures) == ("1", "1", "0", "1")


def held() -> TaskKey:
    return TaskKey("order-held", SHIPPING)


def test_a_channel_shows_how_old_its_tasks_are_and_how_long_callbacks_took(
    opened: Browser,
) -> None:
    for task in waiting(3, seconds_ago=1000):
        opened.given(task)
    called_back = asked_for(50, key=TaskKey("order-called-back", SHIPPING))
    opened.given(claimed(called_back, LOST, PRINCIPAL, called_back.requested_at // 1000 + 30))
    line = {"message": "CALLBACK_TAKEN", "task_type": SHIPPING, "order_id": "order-called-back"}
    opened.logged("external-callback", {**line, "reported_status": "FAILURE"})

    page = opened.get(CHANNEL)

    assert cells(page, "15m to 1h") == ["3"]
    assert cells(page, "10s to 1m") == ["1"]
    assert "The longest: 30s." in page
    assert cells(page, "order-called-back")[-1] == "FAILURE LOST"


def test_open_tasks_come_in_pages(opened: Browser) -> None:
    for task in waiting(30):
        opened.given(task)

    first = opened.get(CHANNEL)
    [link] = re.findall(r'<a href="(\?[^"]*)">Next page', first)
    second = opened.get(CHANNEL + link.replace("&amp;", "&").partition("#")[0])

    listed = [re.findall(r'href="/orders/(order-\d+)"', page) for page in (first, second)]
    assert [len(page) for page in listed] == [25, 5]
    assert len({*listed[0], *listed[1]}) == 30
    assert "Next page" not in second


def test_open_tasks_are_filtered_by_state_and_age(opened: Browser) -> None:
    for task in (*waiting(1), completing(key=held()), asked_for(7300)):
        opened.given(task)

    held_ones = opened.get(f"{CHANNEL}?state=held")
    old_ones = opened.get(f"{CHANNEL}?state=waiting&older_than=2h")

    assert ("order-held" in held_ones, "order-000" in held_ones) == (True, False)
    assert (KEY.order_id in old_ones, "order-000" in old_ones) == (True, False)
    assert 'value="2h"' in old_ones


@pytest.mark.parametrize("query", ["state=lost", "older_than=soon", "cursor=x"])
def test_a_filter_that_cannot_be_meant_is_told(opened: Browser, query: str) -> None:
    assert "That did not work" in opened.get(f"{CHANNEL}?{query}", 400)


def test_an_order_shows_what_happened_and_what_happens_next(opened: Browser) -> None:
    opened.given(asked_for(60))
    opened.logged(
        "order-shipping-service",
        {"message": "TASK_DISPATCHED", "order_id": KEY.order_id, "task_type": SHIPPING},
    )

    page = opened.get(ORDER)

    assert page.index("asked for by the workflow") < page.index("sent to the partners")
    assert "the partner calls back, or the wait times out at" in page
    assert page.count('name="callback_id" value="attempt-1"') == 2


def test_an_order_that_no_longer_waits_cannot_be_reported_on(opened: Browser) -> None:
    opened.given(expired(pending(), int(time.time())))

    assert "by hand" not in opened.get(ORDER)


def test_the_field_of_the_header_leads_to_an_order(opened: Browser) -> None:
    opened.given(asked_for(60))

    response = opened.client.get("/orders", params={"order_id": f" {KEY.order_id} "})

    assert response.headers["location"] == ORDER
    assert "Write the order" in opened.get("/orders?order_id=", 400)
    elsewhere = opened.client.get("/orders", params={"order_id": "//attacker.example/"})
    assert elsewhere.headers["location"] == "/orders/%2F%2Fattacker.example%2F"


def test_no_page_has_a_task_token(opened: Browser) -> None:
    opened.given(asked_for(60))
    opened.given(completing(key=held()))

    for path in ("/", CHANNEL, ORDER, "/orders/order-held", "/dead-letters?queue=redelivery"):
        assert "SECRET" not in opened.get(path)


def test_what_partners_said_stays_text(opened: Browser) -> None:
    failure = Failure("LOST", MARKUP, retryable=False)
    task = asked_for(60)
    opened.given(claimed(task, failure, f"{PRINCIPAL}{MARKUP}", task.requested_at // 1000))
    opened.logged(
        "order-shipping-service-sentinel-review",
        {
            "message": "MESSAGE_DONE",
            "order_id": KEY.order_id,
            "result": "GIVEN_UP",
            "why": MARKUP,
            "status": 410,
        },
    )
    letter = {"order_id": f'"><{MARKUP}', "task_type": MARKUP, "reason": MARKUP}
    opened.aws.sqs.send_message(
        QueueUrl=opened.aws.dead_letter_queue_url, MessageBody=json.dumps(letter)
    )

    pages = [opened.get(path) for path in (ORDER, CHANNEL, "/dead-letters?queue=redelivery")]

    assert "&lt;script&gt;" in pages[0]
    assert pages[2].count("&lt;script&gt;") >= 3
    assert not [page for page in pages if "<script" in page]


def test_letters_say_whose_they_are_and_why_they_are_there(opened: Browser) -> None:
    body = json.dumps({"order_id": "order-1", "task_type": SHIPPING, "reason": "too late"})
    url = opened.aws.dead_letter_queue_url
    sent = opened.aws.sqs.send_message(QueueUrl=url, MessageBody=body)

    page = opened.get("/dead-letters?queue=redelivery")

    assert cells(page, "redelivery") == ["1"]
    assert cells(page, "reports") == ["no such queue"]
    assert cells(page, "ORDER_SHIPPING_SERVICE/sentinel-review") == ["no such queue"]
    assert f'value="{sent["MessageId"]}"' in page
    assert 'href="/orders/order-1"' in page
    assert "too late" in page
    assert opened.aws.receive(url) == [body]


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/orders/nobody", "/channels/NONE", "/deeds/none", "/dead-letters?queue=none"],
)
def test_what_is_not_there_is_told_on_a_page(opened: Browser, path: str) -> None:
    page = opened.get(path, 404)

    assert "<h1>There is no such" in page
    assert "Traceback" not in page


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ExpiredTokenException", "log in again"),
        ("UnrecognizedClientException", "log in again"),
        ("AccessDeniedException", "lacks a permission"),
        ("ProvisionedThroughputExceededException", "in a minute"),
        ("ResourceNotFoundException", "Is it the right environment"),
        ("InternalServerError", "what AWS said is below"),
    ],
)
def test_what_aws_refuses_is_told_with_what_to_do(opened: Browser, code: str, told: str) -> None:
    with intercepted(opened.console.place.client("dynamodb")) as dynamodb:
        dynamodb.refuse("Query", code, "User x is not authorized to perform dynamodb:Query")

        page = opened.get("/", 502)

    assert told in page
    assert "not authorized to perform dynamodb:Query" in page
    assert "Traceback" not in page


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (NoCredentialsError(), 502, "Log in"),
        (EndpointConnectionError(endpoint_url="http://x"), 502, "could not be reached"),
        (DependencyUnavailable("Query"), 502, "could not be reached"),
        (RuntimeError("of the console's own, SECRET"), 500, "The console failed"),
    ],
)
def test_what_fails_is_told_in_words(
    opened: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, told: str
) -> None:
    def fails(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("tools.ops.console.app.registrations", fails)

    page = opened.get("/", status)

    assert told in page
    assert "SECRET" not in page


def test_a_deed_is_shown_then_done_once_and_its_result_told(opened: Browser) -> None:
    opened.given(asked_for(60))
    form = {"outcome": "failure", "task_type": SHIPPING, "callback_id": "attempt-1"}

    path = opened.planned(ORDER, **form, code="LOST", message=MARKUP, reason=f"OPS-17 {MARKUP}")
    to_confirm = opened.get(path)

    assert opened.hand.calls == []
    for said in ("attempt-1", "FAILURE", "LOST", "OPS-17", "arn:aws:sts::", "test"):
        assert said in to_confirm
    assert "<script" not in to_confirm
    done = opened.confirmed(path)
    again = opened.confirmed(path)
    assert "DELIVERED" in done
    assert "DELIVERED" in again
    assert opened.hand.calls == [
        {
            "action": "report",
            "reason": f"OPS-17 {MARKUP}",
            "callback": {
                "order_id": KEY.order_id,
                "task_type": SHIPPING,
                "callback_id": "attempt-1",
                "task_status": "FAILURE",
                "task_error": {"code": "LOST", "message": MARKUP, "retryable": False},
            },
        }
    ]


def test_a_task_is_completed_with_the_output_that_was_written(opened: Browser) -> None:
    form = {"outcome": "success", "task_type": SHIPPING, "callback_id": "attempt-1"}

    path = opened.planned(ORDER, **form, output=json.dumps(SHIPPED.output), reason="OPS-17")
    opened.confirmed(path)

    [call] = opened.hand.calls
    assert call["callback"]["task_status"] == "SUCCESS"
    assert call["callback"]["task_output"] == SHIPPED.output


@pytest.mark.parametrize(
    "output", ["{", "NaN", "1e400", "0.1234567890123456789", '{"a": 1, "a": 2}', " "]
)
def test_what_is_no_json_goes_back_to_its_form(opened: Browser, output: str) -> None:
    opened.given(asked_for(60))
    form = {"outcome": "success", "task_type": SHIPPING, "callback_id": "attempt-1"}

    response = opened.post(ORDER, **form, output=output, reason="OPS-17 & more")

    assert response.status_code == 400
    assert "Nothing was done" in response.text
    assert 'value="OPS-17 &amp; more"' in response.text
    assert opened.hand.calls == []


@pytest.mark.parametrize(("wanted", "says"), [("no", "Disable"), ("yes", "Enable")])
def test_a_channel_is_switched(opened: Browser, wanted: str, says: str) -> None:
    path = opened.planned(CHANNEL, enabled=wanted, reason="OPS-17")

    assert f"{says} the channel {SHIPPING}" in opened.get(path)
    opened.confirmed(path)

    assert opened.hand.calls == [
        {
            "action": "switch_channel",
            "reason": "OPS-17",
            "task_type": SHIPPING,
            "enabled": wanted == "yes",
        }
    ]


@pytest.mark.parametrize(
    ("chosen", "ids"), [({"which": "all"}, None), ({"letter": ["a", "b", "a"]}, ["a", "b"])]
)
@pytest.mark.parametrize("deed", ["redrive", "drop"])
def test_letters_are_redriven_and_dropped(
    opened: Browser, deed: str, chosen: dict[str, Any], ids: list[str] | None
) -> None:
    opened.hand.outcome = {
        "done": ["a"],
        "refused": {"b": "it is none of the platform's: drop it"},
        "missing": ["c"],
        "more": True,
    }

    path = opened.planned("/dead-letters", queue="redelivery", deed=deed, reason="x", **chosen)
    page = opened.confirmed(path)

    [call] = opened.hand.calls
    assert (call["action"], call["message_ids"]) == (f"{deed}_letters", ids)
    assert call["queue"] == "redelivery"
    for said in ("Done: 1", "Refused: 1", "No longer there: 1", "drop it", "there are more"):
        assert said in page


@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        (CHANNEL, {"enabled": "no", "reason": " "}, "Say why"),
        (CHANNEL, {"reason": "x"}, "lacks enabled"),
        ("/dead-letters", {"queue": "redelivery", "deed": "drop", "reason": "x"}, "Choose letters"),
        ("/dead-letters", {"queue": "redelivery", "which": "all", "reason": "x"}, "redriven or"),
    ],
)
def test_a_form_that_lacks_something_is_told_so(
    opened: Browser, path: str, fields: dict[str, str], told: str
) -> None:
    response = opened.post(path, **fields)

    assert (response.status_code, told in response.text) == (400, True)


def test_a_refusal_is_told_in_full(opened: Browser) -> None:
    opened.hand.outcome = RefusedError(
        "invalid-callback", "the callback breaks the contract", f"/task_output: {MARKUP}"
    )

    page = opened.confirmed(opened.planned(CHANNEL, enabled="no", reason="x"))

    for said in ("invalid-callback", "breaks the contract", "/task_output", "Nothing was done"):
        assert said in page
    assert "<script" not in page


@pytest.mark.parametrize(
    "error",
    [
        UserError("operate failed, look before you repeat this: timed out"),
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Invoke"),
        EndpointConnectionError(endpoint_url="http://x"),
    ],
)
def test_what_may_or_may_not_be_done_is_said_to_be(opened: Browser, error: Exception) -> None:
    opened.hand.outcome = error

    page = opened.confirmed(opened.planned(CHANNEL, enabled="no", reason="x"))

    assert "look before you repeat it" in page
    assert len(opened.hand.calls) == 1


def test_a_deed_that_breaks_the_console_is_not_in_hand_for_ever(opened: Browser) -> None:
    opened.hand.outcome = RuntimeError("of the console's own")
    path = opened.planned(CHANNEL, enabled="no", reason="x")

    assert opened.post(path).status_code == 500
    assert "look before you repeat it" in opened.get(path)


def test_deeds_that_nobody_confirms_are_forgotten(opened: Browser) -> None:
    first = opened.planned(CHANNEL, enabled="no", reason="x")
    for _ in range(200):
        opened.planned(CHANNEL, enabled="no", reason="x")

    opened.get(first, 404)
