"""The gateway as applied, the function and the draft's reference agree on every document."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from boto3.dynamodb.conditions import Key
from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.domain.routes import suffix
from callbacks.usecases.receive import CONTRACT_BROKEN
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from examples.partner_with_aws.service import TIMEOUT_SECONDS, SigV4
from examples.partner_without_aws.service import Api
from tests.support.documents import documents, near_misses
from tests.support.e2e.webhooks import handed_over
from tools import Json
from tools.devenv.walkthrough import Deployment

type Auth = Callable[[requests.PreparedRequest], requests.PreparedRequest]


@dataclass(frozen=True)
class Route:
    """A live contract version, its model as registered, and how one who may posts to it."""

    url: str
    model: str
    post: Callable[[str, Json], requests.Response]


@pytest.fixture(scope="module")
def routes(deployment: Deployment) -> list[Route]:
    found = deployment.callback_tasks.query(
        KeyConditionExpression=Key("order_id").eq("#CHANNEL"), ConsistentRead=True
    )
    registrations: Any = found["Items"]
    return [
        Route(
            registration["callback_url"] + suffix(name),
            version["callback"],
            _post(deployment, registration["task_type"]),
        )
        for registration in registrations
        for name, version in registration["versions"].items()
    ]


def _post(deployment: Deployment, task_type: str) -> Callable[[str, Json], requests.Response]:
    """How the first partner of a channel posts a document of any kind, signed or with a token."""
    auth = _auth(deployment, task_type)
    return lambda url, document: requests.post(
        url,
        data=json.dumps(document),
        headers={"Content-Type": "application/json"},
        auth=auth,
        timeout=TIMEOUT_SECONDS,
    )


def _auth(deployment: Deployment, task_type: str) -> Auth:
    channel = deployment.outputs["channels"][task_type]
    signing = deployment.partner.api
    for role in channel["callback_roles"].values():
        api = replace(signing, callback_role_arn=role)
        return SigV4(api.credentials, api.region)
    name = next(iter(channel["oauth2"]["client_ids"]))
    client = Api(**handed_over(deployment, task_type, name).client)

    def bearer(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {client.token()}"
        return request

    return bearer


def test_validators_agree(routes: list[Route]) -> None:
    verdicts: list[bool] = []

    @settings(
        deadline=None,
        max_examples=200,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        route = data.draw(st.sampled_from(routes))
        model = json.loads(route.model)
        document = data.draw(documents(model) | near_misses(model), label="document")
        expected = Draft4Validator(model).is_valid(document)
        function = not JsonSchemaContracts().violations(route.model, document)

        response = route.post(route.url, document)

        detail = response.json()["detail"]
        verdicts.append(expected)
        assert function == expected
        assert (response.status_code == 400) == (not expected), detail
        assert detail != CONTRACT_BROKEN, "the gateway let pass what the function refuses"
        assert response.status_code in (400, 404, 413), detail

    agree()

    assert min(verdicts.count(True), verdicts.count(False)) >= 40, "nearly all were of one kind"
