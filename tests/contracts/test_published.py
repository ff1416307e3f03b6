"""What is published is current, valid by the specifications, and what the code does."""

import html
import json
import re
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from callbacks.adapters.public_http import Response
from callbacks.adapters.webhook import HttpWebhook
from callbacks.domain.message import Message
from callbacks.domain.trace import Trace
from callbacks.runtime import http
from callbacks.usecases.complete import Result
from callbacks.usecases.dispatch import DispatchRequest
from jsonschema import Draft4Validator
from markupsafe import escape
from moto import mock_aws
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support import judges
from tests.support.channels import SHIPPING, example
from tests.support.fakes import FakeClock
from tests.support.harness import Harness
from tests.support.partner_api import partner_api
from tests.support.tasks import EXECUTION, KEY, TRACE, token
from tools import REPOSITORY
from tools.contracts import (
    asyncapi,
    channels,
    compose,
    event,
    openapi,
    pages,
    responses,
    tree,
    webhook,
)
from tools.contracts.channels import Channel, Contract
from tools.contracts.documents import load
from tools.contracts.fields import fields
from tools.contracts.settings import complete

CHANNELS = channels.read(REPOSITORY)


def _oauth2() -> Channel:
    """A channel of the other kind, with all that is optional, and a second version."""
    task_type, envelope = "ORDER_OTHER_SERVICE", load(REPOSITORY / tree.ENVELOPE).value
    first = CHANNELS[0].contracts[0]
    contracts = [
        replace(first, name=name, model=compose.model(task_type, name, envelope, first.output))
        for name in ("v1", "v2")
    ]
    settings = {"auth": "OAUTH2", "timeout_seconds": 90, "heartbeat_seconds": 60}
    schema = load(REPOSITORY / tree.CHANNEL_SCHEMA).value
    return Channel(task_type, complete(schema, settings), contracts)


ALL = [*CHANNELS, _oauth2()]
PAGES = [(channel, contract) for channel in ALL for contract in channel.contracts]
IDS = [f"{channel.task_type} {contract.name}" for channel, contract in PAGES]


def test_published_files_are_current() -> None:
    rendered = pages.render(REPOSITORY)
    stale = [path for path, text in rendered.items() if (REPOSITORY / path).read_text() != text]
    there = {path.relative_to(REPOSITORY) for path in (REPOSITORY / tree.PUBLISHED).iterdir()}

    assert stale == [], "run make docs"
    published = {path for path in rendered if path.parent == tree.PUBLISHED}
    assert there == published, "run make docs"


@pytest.mark.parametrize("listed", [CHANNELS, ALL, []], ids=["project", "oauth2", "empty"])
def test_openapi_is_valid(listed: list[Channel]) -> None:
    assert [*OpenAPIV31SpecValidator(openapi.document(listed)).iter_errors()] == []


def test_judges_find_nothing() -> None:
    """Whichever kinds of channel there are."""
    of_one_kind = [[channel] for channel in CHANNELS]
    judged = [
        each
        for listed in (CHANNELS, ALL, *of_one_kind, [])
        for each in (
            *[(judge, openapi.document(listed)) for judge in judges.OPENAPI],
            (judges.ASYNCAPI, asyncapi.document(listed)),
        )
    ]

    assert [found for told in judges.findings(judged) for found in told] == []


def test_judges_find_what_is_wrong() -> None:
    api, events = openapi.document(CHANNELS), asyncapi.document(CHANNELS)
    del api["info"]["contact"], api["info"]["license"]
    events["operations"] = {"request": {"action": "publish"}}

    found = judges.findings([*[(judge, api) for judge in judges.OPENAPI], ("asyncapi", events)])

    rules = ("info-license", "info-contact", "asyncapi-document-resolved")
    for rule, told in zip(rules, found, strict=True):
        assert any(finding.startswith(rule) for finding in told), told


@pytest.mark.parametrize("channel", ALL, ids=lambda channel: channel.task_type)
def test_examples_meet_their_schemas(channel: Channel) -> None:
    for contract in channel.contracts:
        message = Draft4Validator(event.schema(channel, contract))
        assert message.is_valid(event.example(channel, contract))


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.task_type)
def test_example_callbacks_meet_their_models(channel: Channel) -> None:
    for contract in channel.contracts:
        for callback in event.callbacks(channel, contract).values():
            assert Draft4Validator(contract.model).is_valid(callback)


@pytest.mark.parametrize("trace", [None, TRACE])
@pytest.mark.parametrize("heartbeat_seconds", [None, 60])
def test_message_is_what_is_dispatched(heartbeat_seconds: int | None, trace: Trace | None) -> None:
    harness = Harness()
    request = DispatchRequest(
        key=KEY,
        payload=example("valid", "request"),
        task_token=token(),
        execution_arn=EXECUTION,
        heartbeat_seconds=heartbeat_seconds,
        trace=trace,
    )
    channel = next(one for one in CHANNELS if one.task_type == SHIPPING)
    schema = event.schema(channel, channel.contracts[0])

    harness.dispatcher.dispatch(request)

    ((message, attributes),) = harness.topic.published
    dispatched = json.loads(message)
    assert [*Draft4Validator(schema).iter_errors(dispatched)] == []
    assert set(dispatched) <= set(schema["properties"])
    left_out = {
        name
        for name, told in {"heartbeatseconds": heartbeat_seconds, "traceparent": trace}.items()
        if told is None
    }
    assert set(schema["properties"]) - set(dispatched) == left_out
    headers = asyncapi.document([channel])["components"]["messages"].popitem()[1]["headers"]
    assert Draft4Validator(headers).is_valid(dict(attributes))
    assert set(attributes) == set(headers["properties"])


def test_webhook_headers_are_those_that_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, str] = {}

    def exchange(_: object, __: bytes, headers: dict[str, str]) -> Response:
        sent.update(headers)
        return Response(204, None)

    monkeypatch.setattr("callbacks.adapters.webhook.exchange", exchange)
    secrets = [f"whsec_{b64encode(bytes([key] * 24)).decode()}" for key in (1, 2)]
    posts = HttpWebhook("https://example.com", lambda: secrets, FakeClock(), loopback=False)

    posts.post(Message(KEY, "id", 0.0, "{}", TRACE))

    assert sent.pop("Content-Type") == webhook.CONTENT_TYPE
    assert set(sent) - {"User-Agent"} == set(webhook.HEADERS)
    for headers in (sent, webhook.EXAMPLE):
        for name, schema in webhook.HEADERS.items():
            assert Draft4Validator(schema).is_valid(headers[name])


def test_webhooks_are_those_of_partners_without_aws() -> None:
    document = openapi.document(ALL)

    assert set(document["webhooks"]) == {
        "requestOrderFraudReviewV1",
        "requestOrderOtherServiceV1",
        "requestOrderOtherServiceV2",
    }
    for hook in document["webhooks"].values():
        required = {one["name"] for one in hook["post"]["parameters"] if one["required"]}
        assert required == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_each_callback_asks_for_the_scope_of_its_channel_or_a_signature() -> None:
    document = openapi.document(ALL)
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    scopes = {one.task_type: one.scope for one in ALL if one.settings["auth"] == "OAUTH2"}

    assert flow["tokenUrl"].startswith("https://")
    assert set(flow["scopes"]) == set(scopes.values())
    for path in document["paths"].values():
        (task_type,) = path["post"]["tags"]
        by_scope = {"oauth2": [scopes.get(task_type)]}
        assert path["post"]["security"] == [by_scope if task_type in scopes else {"sigv4": []}]


def test_problems_are_those_of_the_function_and_of_the_gateway() -> None:
    function = {*http.REFUSALS.values(), http.INTERNAL_ERROR}
    source = REPOSITORY / "terraform/modules/platform/gateway_responses.tf"
    gateway = set(re.findall(r'problem = "([a-z-]+)"', source.read_text()))

    assert {problem.slug for problem in responses.PROBLEMS} == function | gateway


def test_openapi_has_every_problem_of_the_table() -> None:
    document = openapi.document(ALL)
    statuses = {str(problem.status) for problem in responses.PROBLEMS}

    assert set(document["components"]["responses"]) == {one.slug for one in responses.PROBLEMS}
    for path in document["paths"].values():
        assert set(path["post"]["responses"]) == {"200", "202"} | statuses


def test_results_are_those_of_the_function() -> None:
    assert {success.result for success in responses.SUCCESSES} == {one.value for one in Result}


@pytest.mark.parametrize(("channel", "contract"), PAGES, ids=IDS)
def test_page_tells_every_field_and_response(channel: Channel, contract: Contract) -> None:
    page = pages.page(channel, contract)

    rows = [*fields(event.schema(channel, contract)), *fields(contract.model)]

    assert [row.path for row in rows if f"<code>{escape(row.path)}</code>" not in page] == []
    assert [row for row in rows if escape(row.description) not in page] == []
    for problem in responses.PROBLEMS:
        assert f">{problem.status}</span>" in page
        assert problem.slug in page
        assert pages.code(problem.when) in page
        assert pages.code(problem.action) in page


@pytest.mark.parametrize(("channel", "contract"), PAGES, ids=IDS)
def test_page_stands_alone(channel: Channel, contract: Contract) -> None:
    page = pages.page(channel, contract)

    assert re.findall(r"<(?:script|link|img|iframe)\b|url\(|@import", page) == []
    assert set(re.findall(r'href="(#?[^":]*)', page)) >= {"#message", "#callback", "#errors"}
    anchors = set(re.findall(r'href="#([^"]+)"', page))
    assert anchors <= set(re.findall(r'id="([^"]+)"', page))


@pytest.mark.parametrize(("channel", "contract"), PAGES, ids=IDS)
@pytest.mark.usefixtures("identity")
def test_python_of_the_page_reports_an_outcome(
    channel: Channel, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages.page(channel, contract)
    blocks = [html.unescape(block) for block in re.findall(r"<pre><code>(.*?)</code>", page, re.S)]
    definitions, usage = (block for block in blocks if "class Api" in block or "api = Api" in block)
    done: list[Any] = []

    with partner_api() as platform, mock_aws():
        given = {
            "AWS_REGION": "eu-west-1",
            "CALLBACK_ROLE_ARN": "arn:aws:iam::111111111111:role/partner",
            "CLIENT_ID": "client",
            "CLIENT_SECRET": "secret",
            "EXTERNAL_ID": "external-id",
            "TOKEN_URL": f"{platform.url}/oauth2/token",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        request = {**event.example(channel, contract), "callbackurl": f"{platform.url}/callback"}
        work = {"do_the_work": lambda _: {"is": "done"}, "done_with": done.append}
        exec(definitions + usage, {"event": request, **work})

    path, headers, body = platform.called[-1]
    assert path == "/callback"
    oauth2 = channel.settings["auth"] == "OAUTH2"
    assert headers["Authorization"].startswith("Bearer " if oauth2 else "AWS4-HMAC-SHA256 ")
    assert json.loads(body)["task_output"] == {"is": "done"}
    assert done == [request]
    assert ("--aws-sigv4" in page, "client_credentials" in page) == (not oauth2, oauth2)


@pytest.mark.parametrize(("channel", "contract"), PAGES, ids=IDS)
def test_page_says_when_messages_are_of_another_version(
    channel: Channel, contract: Contract
) -> None:
    page = pages.page(channel, contract)

    assert ("Messages are of version v1 now" in page) == (contract.name == "v2")
    assert f"/externalCallback/{channel.task_type}/v2" in page or contract.name == "v1"


def test_fields_follow_references_and_arrays() -> None:
    schema: dict[str, Any] = {
        "definitions": {
            "Item": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}}
        },
        "required": ["items"],
        "properties": {
            "items": {
                "description": "What.",
                "type": "array",
                "maxItems": 3,
                "items": {"$ref": "#/definitions/Item"},
            },
            "code": {
                "type": ["string", "null"],
                "minLength": 2,
                "maxLength": 2,
                "pattern": "^[A-Z]{2}(?![\\s\\S])",
            },
        },
    }

    rows = {row.path: row for row in fields(schema)}

    assert list(rows) == ["items", "items[].size", "code"]
    assert (rows["items"].type, rows["items"].limits) == ("array of object", ["at most 3 items"])
    assert (rows["items"].required, rows["code"].required) == (True, False)
    assert rows["items[].size"].limits == ["1 or more"]
    assert rows["code"].type == "string or null"
    assert rows["code"].limits == ["exactly 2 characters", "all of it matches [A-Z]{2}"]
