"""A partner without AWS: signed webhooks, retries, giving up, and tokens."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests
from standardwebhooks import Webhook

from local.engine import HOST
from local.environment import Environment
from local.partner import Json
from local.review_walkthrough import PARTNER, TASK_TYPE, WORKFLOW
from local.walkthrough import Deployment, example, until
from local.webhook_partner import Api
from local.webhooks import HandedOver
from tests.e2e.engine_gaps import STATUS_FOR_TOKEN_ON_SIGNED_ROUTE
from tests.e2e.webhooks import RecordingPartner, handed_over, listening

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@pytest.fixture(scope="module")
def handed(deployment: Deployment) -> HandedOver:
    return handed_over(deployment, TASK_TYPE, PARTNER)


@pytest.fixture(scope="module")
def partner(deployment: Deployment, environment: Environment) -> Iterator[RecordingPartner]:
    with listening(
        deployment,
        TASK_TYPE,
        PARTNER,
        environment.webhook_port,
        lambda _: example("output", TASK_TYPE),
    ) as partner:
        yield partner


def place(deployment: Deployment) -> str:
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id, TASK_TYPE)
    return order_id


def test_a_message_is_signed_and_carries_no_task_token(
    deployment: Deployment, partner: RecordingPartner, handed: HandedOver
) -> None:
    order_id = place(deployment)
    partner.statuses[order_id] = [202]

    deployment.start(order_id, WORKFLOW)
    event = partner.event(order_id)

    (received,) = partner.received[order_id]
    headers = {name.lower(): value for name, value in received.headers.items()}
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == event["id"]
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert Webhook(handed.signing_secrets[0]).verify(received.body, headers) == event
    assert not deployment.token_is_in(order_id, received.body.decode(), TASK_TYPE)


def test_a_webhook_with_a_wrong_signature_is_refused(
    partner: RecordingPartner, environment: Environment
) -> None:
    order_id = str(uuid.uuid4())
    headers = {
        "webhook-id": "forged",
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode(),
    }

    answer = requests.post(
        f"http://{HOST}:{environment.webhook_port}/{PARTNER}",
        json={"id": "forged", "subject": order_id},
        headers=headers,
        timeout=10,
    )

    assert answer.status_code == 401
    assert order_id not in partner.api.answers


def test_a_webhook_that_fails_twice_gets_its_message_again(
    deployment: Deployment, partner: RecordingPartner
) -> None:
    order_id = place(deployment)
    partner.statuses[order_id] = [500, 500]

    execution = deployment.finished(deployment.start(order_id, WORKFLOW))

    assert execution["status"] == "SUCCEEDED"
    assert [received.status for received in partner.received[order_id]] == [500, 500, 202]
    assert len({received.body for received in partner.received[order_id]}) == 1
    order = deployment.order(order_id)
    assert order is not None
    assert order["review_verdict"] == example("output", TASK_TYPE)["verdict"]
    assert order["review_reference"] == example("output", TASK_TYPE)["reference"]
    assert order["order_status"] == "RECEIVED"


def test_a_webhook_that_is_gone_fails_the_task(
    deployment: Deployment, partner: RecordingPartner
) -> None:
    order_id = place(deployment)
    partner.statuses[order_id] = [410]

    execution = deployment.finished(deployment.start(order_id, WORKFLOW))

    assert execution["status"] == "FAILED"
    assert execution["error"] == "CallbackTask.Undeliverable"
    order = deployment.order(order_id)
    assert order is not None
    assert order["order_status"] == "FAILED"
    assert "CallbackTask.Undeliverable" in order["failure_reason"]
    assert [received.status for received in partner.received[order_id]] == [410]
    letter = dead_letter(deployment, order_id)
    assert letter["Body"] == partner.received[order_id][0].body.decode()
    assert "410" in letter["MessageAttributes"]["reason"]["StringValue"]


def dead_letter(deployment: Deployment, order_id: str) -> Json:
    """The message about an order in the dead-letter queue, which this removes."""
    queue_url = deployment.outputs["webhook_queues"][TASK_TYPE][PARTNER]["dead_letter_queue_url"]
    sqs = deployment.platform.sqs

    def receive() -> Json | None:
        found = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])
        for message in found.get("Messages", []):
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            if json.loads(message["Body"])["subject"] == order_id:
                return dict(message)
        return None

    return until(receive, "the dead-letter queue has the message")


@dataclass(frozen=True)
class Caller:
    """Who has an order's message, and what tokens may be had."""

    deployment: Deployment
    handed: HandedOver
    event: Json
    cognito: CognitoIdentityProviderClient
    pool_id: str

    def post(self, headers: dict[str, str], url: str = "") -> requests.Response:
        body = {
            "order_id": self.event["subject"],
            "task_type": TASK_TYPE,
            "task_status": "SUCCESS",
            "task_output": example("output", TASK_TYPE),
        }
        url = url or self.event["callbackurl"]
        return requests.post(url, json=body, headers=headers, timeout=30)

    def token(self, **client: str) -> str:
        api = Api(**{**self.handed.client, **client})
        try:
            return api.token()
        finally:
            api.close()

    @contextmanager
    def client_of(self, pool_id: str, server: str) -> Iterator[dict[str, str]]:
        """Another client, of another scope."""
        scope = f"{server}/{TASK_TYPE}"
        self.cognito.create_resource_server(
            UserPoolId=pool_id,
            Identifier=server,
            Name=server,
            Scopes=[{"ScopeName": TASK_TYPE, "ScopeDescription": "A test's."}],
        )
        client = self.cognito.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="test",
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=[scope],
        )["UserPoolClient"]
        try:
            yield {
                "client_id": client["ClientId"],
                "client_secret": client["ClientSecret"],
                "scope": scope,
            }
        finally:
            self.cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client["ClientId"])
            self.cognito.delete_resource_server(UserPoolId=pool_id, Identifier=server)


@pytest.fixture(scope="module")
def caller(deployment: Deployment, partner: RecordingPartner, handed: HandedOver) -> Caller:
    """One who has the message of an order that nobody has answered yet."""
    platform = deployment.platform
    cognito = platform.session.client("cognito-idp", endpoint_url=platform.endpoint_url)
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    order_id = place(deployment)
    partner.statuses[order_id] = [202]
    deployment.start(order_id, WORKFLOW)
    return Caller(deployment, handed, partner.event(order_id), cognito, pools[0]["Id"])


def no_token(_: Caller) -> dict[str, str]:
    return {}


def garbage(_: Caller) -> dict[str, str]:
    return {"Authorization": "Bearer garbage"}


def basic(caller: Caller) -> dict[str, str]:
    client = caller.handed.client
    pair = f"{client['client_id']}:{client['client_secret']}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def unsigned(caller: Caller) -> dict[str, str]:
    return bearer(".".join([_part({"alg": "none"}), caller.token().split(".")[1], ""]))


def altered(caller: Caller) -> dict[str, str]:
    head, claims, signature = caller.token().split(".")
    read = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return bearer(".".join([head, _part({**read, "exp": read["exp"] + 3600}), signature]))


def of_another_channel(caller: Caller) -> dict[str, str]:
    with caller.client_of(caller.pool_id, "callbacks-elsewhere") as client:
        return bearer(caller.token(**client))


def of_another_pool(caller: Caller) -> dict[str, str]:
    """With the very scope that the channel asks for."""
    pool_id = caller.cognito.create_user_pool(PoolName="test")["UserPool"]["Id"]
    try:
        server = caller.handed.client["scope"].partition("/")[0]
        with caller.client_of(pool_id, server) as client:
            return bearer(caller.token(**client))
    finally:
        caller.cognito.delete_user_pool(UserPoolId=pool_id)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _part(document: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "credentials",
    [no_token, garbage, basic, unsigned, altered, of_another_channel, of_another_pool],
)
def test_a_callback_without_a_token_for_its_channel_is_refused(
    credentials: Callable[[Caller], dict[str, str]], caller: Caller
) -> None:
    before = caller.deployment.callback_task(caller.event["subject"], TASK_TYPE)

    answer = caller.post(credentials(caller))

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:callback-channels:problem:unauthorized"
    assert caller.deployment.callback_task(caller.event["subject"], TASK_TYPE) == before


def test_a_token_is_no_good_where_a_signature_is_due(caller: Caller) -> None:
    url = caller.deployment.outputs["channels"]["ORDER_SHIPPING_SERVICE"]["callback_url"]

    answer = caller.post(bearer(caller.token()), url)

    assert answer.status_code == STATUS_FOR_TOKEN_ON_SIGNED_ROUTE


def test_a_signature_is_no_good_where_a_token_is_due(caller: Caller) -> None:
    answer = caller.deployment.partner.call_back(caller.event["callbackurl"], {})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "client",
    [{"client_secret": "guessed"}, {"client_id": "guessed"}, {"scope": "callbacks-0/ORDER"}],
)
def test_the_client_s_own_secret_gets_its_own_scope_and_no_other(
    client: dict[str, str], caller: Caller
) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        caller.token(**client)


def test_the_order_that_saw_all_this_is_reviewed(caller: Caller) -> None:
    answer = caller.post(bearer(caller.token()))

    assert answer.status_code == 200, answer.text
    task = caller.deployment.callback_task(caller.event["subject"], TASK_TYPE)
    assert task is not None
    assert task["principal"] == caller.handed.client["client_id"]
