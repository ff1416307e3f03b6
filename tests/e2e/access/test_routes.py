"""Attacks on the API: each is a callback that is taken, with one thing about it changed."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
import requests
from botocore.credentials import Credentials

from examples.partner_with_aws.service import SigV4
from examples.partner_without_aws.service import Api
from tests.support.e2e.access import CUSTOMS, REVIEW, SHIPPING, AccessHarness
from tests.support.e2e.callers import OTHER, OTHER_ROLE, PARTNER, PARTNER_ROLE, STRANGER
from tests.support.e2e.engine_gaps import (
    STATUS_FOR_FOREIGN_KEY,
    STATUS_FOR_TOKEN_ON_SIGNED_ROUTE,
)
from tools import Json
from tools.devenv.state import REGION
from tools.devenv.walkthrough import until

# What is sent, made of what would have been sent.
type Change = Callable[["Callback", AccessHarness], "Callback"]


@dataclass(frozen=True)
class Callback:
    """A heartbeat, which leaves its task as it is; `credentials` sign, `bearer` is a token."""

    url: str
    body: Json
    credentials: Credentials | None = None
    bearer: str | None = None
    method: str = "POST"

    def send(self) -> requests.Response:
        data = json.dumps(self.body).encode()
        headers = {"Content-Type": "application/json"}
        if self.bearer is not None:
            headers["Authorization"] = self.bearer
        prepared = requests.Request(self.method, self.url, headers, data=data).prepare()
        prepared.url = self.url  # As it is: attackers do not normalise.
        if self.credentials is not None:
            SigV4(self.credentials, REGION)(prepared)
        with requests.Session() as session:
            return session.send(prepared, timeout=60)


def signed(harness: AccessHarness) -> Callback:
    """What the partner with an account sends."""
    return replace(
        _heartbeat(harness, SHIPPING),
        credentials=_credentials(harness.callers.sessions[PARTNER_ROLE]),
    )


def with_token(harness: AccessHarness) -> Callback:
    """What the partner without AWS sends."""
    return replace(_heartbeat(harness, REVIEW), bearer=f"Bearer {_token(harness)}")


def _heartbeat(harness: AccessHarness, task_type: str) -> Callback:
    task = harness.tasks[task_type]
    body = {"order_id": task.order_id, "task_type": task_type, "task_status": "IN_PROGRESS"}
    return Callback(task.callback_url, body)


def _credentials(session: boto3.Session) -> Credentials:
    found: Any = session.get_credentials()
    return Credentials(found.access_key, found.secret_key, found.token)


def unsigned(callback: Callback, _: AccessHarness) -> Callback:
    return replace(callback, credentials=None, bearer=None)


def by(caller: str) -> Change:
    def change(callback: Callback, harness: AccessHarness) -> Callback:
        return replace(callback, credentials=_credentials(harness.callers.sessions[caller]))

    return change


def signed_with_a_wrong_secret(callback: Callback, _: AccessHarness) -> Callback:
    assert callback.credentials is not None
    return replace(
        callback,
        credentials=Credentials(
            callback.credentials.access_key, "wrong", callback.credentials.token
        ),
    )


def path(old: str, new: str) -> Change:
    def change(callback: Callback, _: AccessHarness) -> Callback:
        address, query = callback.url.split("?")
        assert old in address
        return replace(callback, url=f"{address.replace(old, new)}?{query}")

    return change


def method(name: str) -> Change:
    return lambda callback, _: replace(callback, method=name)


def body(**changes: Any) -> Change:
    return lambda callback, _: replace(callback, body={**callback.body, **changes})


def order_of(task_type: str) -> Change:
    def change(callback: Callback, harness: AccessHarness) -> Callback:
        return body(order_id=harness.tasks[task_type].order_id)(callback, harness)

    return change


def message_of(task_type: str) -> Change:
    def change(callback: Callback, harness: AccessHarness) -> Callback:
        address = callback.url.partition("?")[0]
        query = harness.tasks[task_type].callback_url.partition("?")[2]
        return replace(callback, url=f"{address}?{query}")

    return change


def token(make: Callable[[AccessHarness], str]) -> Change:
    return lambda callback, harness: replace(callback, credentials=None, bearer=make(harness))


def token_in_the_query(callback: Callback, harness: AccessHarness) -> Callback:
    return replace(callback, url=f"{callback.url}&access_token={_token(harness)}", bearer=None)


def bearer(harness: AccessHarness) -> str:
    return f"Bearer {_token(harness)}"


def garbage(_: AccessHarness) -> str:
    return "Bearer garbage"


def basic(harness: AccessHarness) -> str:
    client = harness.handed.client
    pair = f"{client['client_id']}:{client['client_secret']}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def of_no_algorithm(harness: AccessHarness) -> str:
    return f"Bearer {_part({'alg': 'none'})}.{_token(harness).split('.')[1]}."


def signed_by_its_holder(harness: AccessHarness) -> str:
    head, claims, _ = _token(harness).split(".")
    forged = f"{_part({**_read(head), 'alg': 'HS256'})}.{claims}"
    secret = harness.handed.client["client_secret"].encode()
    signature = hmac.new(secret, forged.encode(), hashlib.sha256).digest()
    return f"Bearer {forged}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def prolonged(harness: AccessHarness) -> str:
    head, claims, signature = _token(harness).split(".")
    read = _read(claims)
    return f"Bearer {head}.{_part({**read, 'exp': read['exp'] + 3600})}.{signature}"


def expired(harness: AccessHarness) -> str:
    """The engine grants tokens of a second; Cognito's last five minutes at least."""
    pool = harness.user_pool_id
    short = {"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "seconds"}}
    scope = harness.handed.client["scope"]
    with _client(harness, pool, scope, **short) as client:
        granted = _token(harness, **client)
    claims = _read(granted.split(".")[1])
    assert claims["scope"] == scope
    until(lambda: time.time() > claims["exp"] + 0.5 or None, "the token has expired")
    return f"Bearer {granted}"


def of_another_scope(harness: AccessHarness) -> str:
    pool = harness.user_pool_id
    with (
        _scope(harness, pool, "callbacks-elsewhere") as scope,
        _client(harness, pool, scope) as client,
    ):
        return f"Bearer {_token(harness, **client)}"


def of_another_pool(harness: AccessHarness) -> str:
    """With the very scope that the channel asks for."""
    cognito = harness.administrator("cognito-idp")
    pool = cognito.create_user_pool(PoolName="access")["UserPool"]["Id"]
    server = harness.handed.client["scope"].partition("/")[0]
    try:
        with _scope(harness, pool, server) as scope, _client(harness, pool, scope) as client:
            return f"Bearer {_token(harness, **client)}"
    finally:
        cognito.delete_user_pool(UserPoolId=pool)


def _token(harness: AccessHarness, **client: str) -> str:
    api = Api(**{**harness.handed.client, **client})
    try:
        return api.token()
    finally:
        api.close()


@contextmanager
def _scope(harness: AccessHarness, pool: str, server: str) -> Iterator[str]:
    cognito = harness.administrator("cognito-idp")
    cognito.create_resource_server(
        UserPoolId=pool,
        Identifier=server,
        Name=server,
        Scopes=[{"ScopeName": REVIEW, "ScopeDescription": "A test's."}],
    )
    try:
        yield f"{server}/{REVIEW}"
    finally:
        cognito.delete_resource_server(UserPoolId=pool, Identifier=server)


@contextmanager
def _client(
    harness: AccessHarness, pool: str, scope: str, **settings: Any
) -> Iterator[dict[str, str]]:
    cognito = harness.administrator("cognito-idp")
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="access",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[scope],
        **settings,
    )["UserPoolClient"]
    try:
        yield {
            "client_id": client["ClientId"],
            "client_secret": client["ClientSecret"],
            "scope": scope,
        }
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])


def _read(part: str) -> Json:
    document: Json = json.loads(base64.urlsafe_b64decode(f"{part}=="))
    return document


def _part(document: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


# Beyond the status: the kind of problem, or None where the engine responds with a body of its own.
DENIED: tuple[int, str | None] = (403, None)
FORBIDDEN = (403, "forbidden")
FOREIGN_KEY: tuple[int, str | None] = (STATUS_FOR_FOREIGN_KEY, None)
INVALID = (400, "invalid-callback")
NOT_FOUND = (404, "not-found")
UNAUTHORIZED = (401, "unauthorized")

ORDER_IDS = {
    "of the registrations": "#CHANNEL",
    "of the registrations in lower case": "#channel",
    "of the registrations after a space": " #CHANNEL",
    "of the registrations after a line's end": "\n#CHANNEL",
    "of the registrations, encoded": "%23CHANNEL",
    "that begins as theirs": "#",
    "that is empty": "",
    "of 300 characters": "a" * 300,
    "that climbs": "../orders",
    "that is an operator": {"S": "#CHANNEL"},
    "that is a list": ["#CHANNEL"],
    "that is null": None,
}

PATHS_OF_ANOTHER = {
    "as it is": CUSTOMS,
    "with a letter encoded": CUSTOMS.replace("T", "%54", 1),
    "with a letter encoded twice": CUSTOMS.replace("T", "%2554", 1),
    "in lower case": CUSTOMS.lower(),
    "after a doubled slash": f"/{CUSTOMS}",
    "after an encoded slash": f"%2F{CUSTOMS}",
    "before a slash": f"{CUSTOMS}/",
    "through one's own": f"{SHIPPING}/../{CUSTOMS}",
    "below one's own": f"{SHIPPING}/{CUSTOMS}",
    "with a parameter": f"{CUSTOMS};x={SHIPPING}",
    "behind a null": f"{SHIPPING}%00{CUSTOMS}",
    "with a version that is none": f"{CUSTOMS}/v2",
    "that is none": "ORDER_BILLING_SERVICE",
    "that is any": "*",
}

METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")

ON_A_SIGNED_ROUTE: dict[str, tuple[Change, tuple[int, str | None]]] = {
    "unsigned": (unsigned, FORBIDDEN),
    "signed with a wrong secret": (signed_with_a_wrong_secret, FORBIDDEN),
    "signed by another partner's role": (by(OTHER_ROLE), DENIED),
    "signed by its account and not its role": (by(PARTNER), FOREIGN_KEY),
    "signed by another partner's account": (by(OTHER), FOREIGN_KEY),
    "signed by a stranger": (by(STRANGER), FOREIGN_KEY),
    "signed by external_callback's role": (by("external-callback"), DENIED),
    "signed by the dispatcher's role": (by("order-shipping-service"), DENIED),
    "signed by the workflow's role": (by("order-processing"), DENIED),
    "with another channel's token": (
        token(bearer),
        (STATUS_FOR_TOKEN_ON_SIGNED_ROUTE, "invalid-callback"),
    ),
    "to the channel of a partner without AWS": (path(SHIPPING, REVIEW), UNAUTHORIZED),
    **{
        f"to another's route, {how}": (path(SHIPPING, other), DENIED)
        for how, other in PATHS_OF_ANOTHER.items()
    },
    "to another's route, through one's own, encoded": (
        path(SHIPPING, f"{SHIPPING}/%2e%2e/{CUSTOMS}"),
        FORBIDDEN,
    ),
    "to a root in lower case": (path("externalCallback", "externalcallback"), DENIED),
    "to no channel": (path(f"/{SHIPPING}", ""), DENIED),
    "to another stage": (path("/local/", "/prod/"), DENIED),
    "to no stage": (path("/local/", "/"), DENIED),
    **{f"by {name}": (method(name), DENIED) for name in METHODS},
    **{
        f"for an order id {what}": (body(order_id=order_id), INVALID)
        for what, order_id in ORDER_IDS.items()
    },
    "for another channel's order": (order_of(CUSTOMS), NOT_FOUND),
    "for another order's message": (message_of(CUSTOMS), (409, "conflict")),
    "for another channel's task type": (body(task_type=CUSTOMS), INVALID),
    "for its task type in lower case": (body(task_type=SHIPPING.lower()), INVALID),
    "for two task types": (body(task_type=[SHIPPING, CUSTOMS]), INVALID),
    "with a task token of its own": (body(task_token="AAAA"), INVALID),
}

ON_A_ROUTE_FOR_TOKENS: dict[str, tuple[Change, tuple[int, str | None]]] = {
    "without a token": (unsigned, UNAUTHORIZED),
    "with garbage": (token(garbage), UNAUTHORIZED),
    "with the client's password": (token(basic), UNAUTHORIZED),
    "with a token of no algorithm": (token(of_no_algorithm), UNAUTHORIZED),
    "with a token signed by its holder": (token(signed_by_its_holder), UNAUTHORIZED),
    "with a token that was prolonged": (token(prolonged), UNAUTHORIZED),
    "with a token that has expired": (token(expired), UNAUTHORIZED),
    "with a token of another scope": (token(of_another_scope), UNAUTHORIZED),
    "with a token of another pool": (token(of_another_pool), UNAUTHORIZED),
    "with its token in the query": (token_in_the_query, UNAUTHORIZED),
    "signed by another channel's role": (
        lambda callback, harness: replace(by(PARTNER_ROLE)(callback, harness), bearer=None),
        UNAUTHORIZED,
    ),
    "for the registrations": (body(order_id="#CHANNEL"), INVALID),
    "for another channel's order": (order_of(SHIPPING), NOT_FOUND),
    "for another channel's task type": (body(task_type=SHIPPING), INVALID),
    "to a signed channel": (
        path(REVIEW, SHIPPING),
        (STATUS_FOR_TOKEN_ON_SIGNED_ROUTE, "invalid-callback"),
    ),
    "to its route in lower case": (path(REVIEW, REVIEW.lower()), FORBIDDEN),
    "to another stage": (path("/local/", "/prod/"), DENIED),
    **{f"by {name}": (method(name), FORBIDDEN) for name in METHODS},
    "by HEAD": (method("HEAD"), DENIED),
}

ATTACKS = {
    **{f"a signed callback {how}": (signed, *attack) for how, attack in ON_A_SIGNED_ROUTE.items()},
    **{
        f"a callback with a token {how}": (with_token, *attack)
        for how, attack in ON_A_ROUTE_FOR_TOKENS.items()
    },
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_the_callback_it_was_made_of_is_taken(
    name: str, harness: AccessHarness
) -> None:
    allowed, change, (status, problem) = ATTACKS[name]

    refused = change(allowed(harness), harness).send()
    taken = allowed(harness).send()

    assert (refused.status_code, _problem(refused)) == (status, problem), refused.text
    assert taken.status_code == 200, taken.text


@pytest.mark.parametrize(
    "client",
    [{"client_secret": "guessed"}, {"client_id": "guessed"}, {"scope": f"callbacks-0/{SHIPPING}"}],
)
def test_a_client_s_secret_gets_a_token_of_its_own_scope(
    client: dict[str, str], harness: AccessHarness
) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        _token(harness, **client)
    assert _token(harness)


def _problem(response: requests.Response) -> str | None:
    if response.headers.get("Content-Type") != "application/problem+json" or not response.content:
        return None
    return str(response.json()["type"]).removeprefix("urn:callback-channels:problem:")
