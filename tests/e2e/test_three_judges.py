"""The gateway as applied, the function and the draft's reference agree on every document."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from boto3.dynamodb.conditions import Key
from callbacks.adapters.json_schema import JsonSchemaContracts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from local.partner import Partner
from local.walkthrough import Deployment
from tests.schemas.documents import documents, near_misses

REFUSED_BY_FUNCTION = "the body breaks the contract of this channel"


@dataclass(frozen=True)
class Route:
    """A live contract version, its model as registered, and a partner who may post to it."""

    url: str
    model: str
    partner: Partner


@pytest.fixture(scope="module")
def routes(deployment: Deployment) -> list[Route]:
    found = deployment.callback_tasks.query(
        KeyConditionExpression=Key("order_id").eq("#CHANNEL"), ConsistentRead=True
    )
    one = deployment.partner
    routes = []
    for item in found["Items"]:
        registration: Any = item
        roles = deployment.outputs["channels"][registration["task_type"]]["callback_roles"]
        for role in list(roles.values())[:1]:
            for name, version in registration["versions"].items():
                url = registration["callback_url"] + ("" if name == "v1" else f"/{name}")
                caller = Partner(one.account, one.queue_url, role, one.external_id)
                routes.append(Route(url, version["callback"], caller))
    return routes


def test_judges_agree(routes: list[Route]) -> None:
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

        answer = route.partner.call_back(route.url, document)

        detail = answer.json()["detail"]
        verdicts.append(expected)
        assert function == expected
        assert (answer.status_code == 400) == (not expected), detail
        assert detail != REFUSED_BY_FUNCTION, "the gateway let pass what the function refuses"
        assert answer.status_code in (400, 404, 413), detail

    agree()

    assert min(verdicts.count(True), verdicts.count(False)) >= 40, "nearly all were of one kind"
