"""HTTP: bodies as RFC 8259 has them, and errors as RFC 9457 has them."""

import base64
import json
import re
from typing import Any

import pytest
from callbacks.domain import errors
from callbacks.domain.errors import (
    AttemptNotCurrent,
    BodyTooLarge,
    CallbackIdRequired,
    CallbackRefused,
    CallerUnknown,
    ConflictingOutcome,
    InvalidCallback,
    NotDeclaredAsJson,
    NotKnownToBeAccepted,
    OutputTooLarge,
    SourceNotAllowed,
    TaskGone,
    TaskNotFound,
    Violation,
)
from callbacks.runtime.http import internal_error, ok, parse_request, partner_trace, refused
from callbacks.runtime.problems import problems
from callbacks.usecases.receive import CONTRACT_BROKEN

from tests.support.functions import ACME, callback_event
from tests.support.tasks import KEY, TRACE
from tools import REPOSITORY

REFUSALS: list[tuple[CallbackRefused, int, str]] = [
    (InvalidCallback("no"), 400, "invalid-callback"),
    (CallerUnknown(), 403, "forbidden"),
    (SourceNotAllowed("192.0.2.7"), 403, "forbidden"),
    (CallbackIdRequired(), 400, "invalid-callback"),
    (TaskNotFound(KEY), 404, "not-found"),
    (ConflictingOutcome(), 409, "conflict"),
    (AttemptNotCurrent("superseded"), 409, "conflict"),
    (TaskGone(), 410, "gone"),
    (OutputTooLarge(2, 1), 413, "too-large"),
    (BodyTooLarge(1), 413, "too-large"),
    (NotDeclaredAsJson(), 415, "unsupported-media-type"),
    (NotKnownToBeAccepted(), 503, "unavailable"),
]


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    REFUSALS,
    ids=[type(error).__name__ for error, *_ in REFUSALS],
)
def test_a_refusal_is_a_problem(error: CallbackRefused, status: int, slug: str) -> None:
    response = refused(error, "request-1")
    body = json.loads(response["body"])

    assert response["statusCode"] == status
    assert response["headers"]["Content-Type"] == "application/problem+json"
    assert (
        body.items()
        >= {
            "type": f"urn:callback-channels:problem:{slug}",
            "title": problems()[slug].title,
            "status": status,
            "detail": str(error),
            "request_id": "request-1",
        }.items()
    )
    assert response["headers"].get("Retry-After") == ("5" if status == 503 else None)


def test_every_refusal_has_its_row() -> None:
    refusals = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, CallbackRefused)
    }

    assert refusals - {CallbackRefused} == {type(error) for error, *_ in REFUSALS}


def test_a_refusal_that_the_table_does_not_know_is_an_internal_error() -> None:
    class Unheard(CallbackRefused):
        pass

    assert refused(Unheard("what"), "request-1")["statusCode"] == 500


def test_an_invalid_callback_lists_its_violations() -> None:
    error = InvalidCallback("no", [Violation("/a", "is bad"), Violation("", "is worse")])

    body = json.loads(refused(error, "request-1")["body"])

    assert body["errors"] == [
        {"pointer": "/a", "reason": "is bad"},
        {"pointer": "", "reason": "is worse"},
    ]


@pytest.mark.parametrize("sign", ["x", "\N{GRINNING FACE}", "\x00", '"'])
def test_a_response_has_a_few_kilobytes_whatever_its_violations_say(sign: str) -> None:
    told = [Violation(f"/{number}{sign * 200}", sign * 200) for number in range(21)]

    response = refused(InvalidCallback("no", told), "request-1")

    assert len(response["body"]) < 8 * 1024
    errors = json.loads(response["body"])["errors"]
    assert errors[0]["reason"] == sign * 200
    assert errors[-1]["reason"] == f"and at least {len(told) - len(errors) + 1} more"


def test_an_unknown_outcome_is_not_said_to_be_refused() -> None:
    body = json.loads(refused(NotKnownToBeAccepted(), "request-1")["body"])

    assert body["detail"] == "not known to be accepted; send it again"


def test_an_internal_error_says_no_more_than_that() -> None:
    response = internal_error("request-1")

    assert response["statusCode"] == 500
    assert json.loads(response["body"])["title"] == "Internal Error"


def test_a_success_is_json() -> None:
    assert ok(202, {"a": "\u00e9"}) == {
        "statusCode": 202,
        "headers": {"Content-Type": "application/json"},
        "body": '{"a": "\\u00e9"}',
    }


class TestBody:
    @pytest.mark.parametrize("encoded", [False, True])
    def test_is_text(self, encoded: bool) -> None:
        text = json.dumps({"m": "M\u00e1ire \N{GRINNING FACE}"}, ensure_ascii=False)

        assert parse_request(callback_event(text, encoded=encoded)).body == text

    @pytest.mark.parametrize("body", ["%%%", "YQ", base64.b64encode(b'"\xff"').decode(), "\u00e9"])
    def test_that_cannot_be_decoded_is_refused(self, body: str) -> None:
        event = {**callback_event(""), "body": body, "isBase64Encoded": True}

        with pytest.raises(InvalidCallback, match="not JSON"):
            parse_request(event)

    def test_that_is_missing_is_empty(self) -> None:
        assert parse_request({**callback_event(""), "body": None}).body == ""

    @pytest.mark.parametrize("encoded", [False, True])
    def test_over_what_any_channel_takes_is_refused(self, encoded: bool) -> None:
        most = 256 * 1024

        assert parse_request(callback_event("x" * most, encoded=encoded)).body == "x" * most
        with pytest.raises(BodyTooLarge, match=str(most)):
            parse_request(callback_event("x" * (most + 3), encoded=encoded))


class TestContentType:
    @pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
    @pytest.mark.parametrize(
        "declared",
        [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            " application/json ; profile=x",
        ],
    )
    def test_is_that_of_json_whatever_its_case_and_parameters(
        self, name: str, declared: str
    ) -> None:
        assert parse_request(callback_event({}, headers={name: [declared]})).body == "{}"

    @pytest.mark.parametrize("headers", [{}, {"Accept": ["text/plain"]}])
    def test_that_is_missing_is_taken_for_that_of_json(self, headers: dict[str, list[str]]) -> None:
        assert parse_request(callback_event({}, headers=headers)).body == "{}"

    @pytest.mark.parametrize(
        "declared",
        [
            ["text/plain"],
            [""],
            ["application/jsonp"],
            ["application/problem+json"],
            ["text/plain; application/json"],
            ["application/json, text/plain"],
            ["application/x-www-form-urlencoded"],
            ["application/json", "text/plain"],
            ["text/plain", "application/json"],
        ],
    )
    @pytest.mark.parametrize("name", ["Content-Type", "cOnTeNt-tYpE"])
    def test_that_is_another_is_refused(self, name: str, declared: list[str]) -> None:
        with pytest.raises(NotDeclaredAsJson, match="application/json"):
            parse_request(callback_event({}, headers={name: declared}))


class TestTrace:
    @pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT"])
    def test_is_the_partners(self, name: str) -> None:
        headers = {"Content-Type": ["application/json"], name: [TRACE.traceparent]}

        assert partner_trace(callback_event({}, headers=headers)) == TRACE

    @pytest.mark.parametrize(
        "headers",
        [
            None,
            {},
            {"tracestate": [TRACE.traceparent]},
            {"x-traceparent": [TRACE.traceparent]},
            {"traceparent": []},
            {"traceparent": ["shipped!"]},
            {"traceparent": [TRACE.traceparent, TRACE.traceparent]},
            {"traceparent": [TRACE.traceparent], "Traceparent": [TRACE.traceparent]},
        ],
    )
    def test_that_is_not_given_once_and_in_its_form_is_none(
        self, headers: dict[str, list[str]] | None
    ) -> None:
        assert partner_trace({**callback_event({}), "multiValueHeaders": headers}) is None


class TestRequest:
    @pytest.mark.parametrize("callback_id", ["attempt-1", "", None])
    def test_has_the_callback_id_of_its_url(self, callback_id: str | None) -> None:
        event = callback_event({}, callback_id=callback_id)

        assert parse_request(event).callback_id == callback_id

    def test_with_two_callback_ids_is_refused(self) -> None:
        event = callback_event({}, callback_id="attempt-1")
        given = event["multiValueQueryStringParameters"]["callback_id"]

        given.append("attempt-1")
        assert parse_request(event).callback_id == "attempt-1"
        given.append("attempt-2")
        with pytest.raises(InvalidCallback, match="two callback_ids"):
            parse_request(event)

    def test_shows_no_body(self) -> None:
        assert "SECRET" not in repr(parse_request(callback_event("SECRET")))

    @pytest.mark.parametrize(
        ("authorizer", "principal"),
        [
            (None, ACME),
            ({"claims": {"client_id": "3n4b5urk1ft4fl3mg5e62d9ado"}}, "3n4b5urk1ft4fl3mg5e62d9ado"),
        ],
    )
    def test_has_the_caller(self, authorizer: dict[str, Any] | None, principal: str) -> None:
        assert parse_request(callback_event({}, authorizer=authorizer)).principal == principal

    @pytest.mark.parametrize("authorizer", [{"claims": None}, {"claims": {"client_id": 1}}, {}])
    def test_of_nobody_is_refused(self, authorizer: dict[str, Any]) -> None:
        with pytest.raises(CallerUnknown):
            parse_request(callback_event({}, authorizer=authorizer))


GATEWAY = REPOSITORY / "terraform/modules/platform/gateway_responses.tf"


def test_the_gateway_says_what_both_refuse_as_the_function_does() -> None:
    texts = r'(?:detail|failed_here|send_again|refused) *= "([^"]*)"'
    details = re.findall(texts, GATEWAY.read_text())

    assert {
        str(NotDeclaredAsJson()),
        str(NotKnownToBeAccepted()),
        json.loads(internal_error("request-1")["body"])["detail"],
        CONTRACT_BROKEN,
    } <= {*details}
    assert [detail for detail in details if detail[0].isupper() or detail.endswith(".")] == []
