"""Walls made of policies, judged as AWS would judge them, which the local engine does in part.

The policies are those of a plan for AWS, with all options that restrict, and of the role that
applies it. The judge is iam-simulate: each call is tried by everyone, and then with one thing
changed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.support.e2e.plans import plan_for_aws, plan_of_deploy_role
from tests.support.e2e.walls import CALLS, DOUBLED, WALLS
from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    ANOTHER_KEY,
    ANY_KEY_POLICY,
    DEPLOY,
    EVERYONE,
    INTERFACE,
    KEY_ELSEWHERE,
    OPERATOR,
    PARTNER,
    ROLES,
    SHIPPING_PARTNER,
    TOPIC,
    role,
)
from tests.support.policies.plan import Policies, policies, resources
from tests.support.policies.simulator import Request, judge
from tests.support.policies.weaken import weakened
from tools import Json
from tools.devenv.environment import Environment


@dataclass(frozen=True)
class Tried:
    """Requests, and whether they are allowed under the policies, by the call's name and who."""

    known: Mapping[str, str]
    policies: Policies
    requests: Mapping[tuple[str, str], Request]
    verdicts: Mapping[tuple[str, str], bool]

    def allowed(self, name: str) -> set[str]:
        """Who may make a call."""
        return {who for who in EVERYONE if self.verdicts[name, who]}


@pytest.fixture(scope="module")
def plan(as_applied: Environment) -> Json:
    return plan_for_aws(as_applied, "platform")


@pytest.fixture(scope="module")
def beside(as_applied: Environment) -> Json:
    return plan_of_deploy_role(as_applied)


@pytest.fixture(scope="module")
def of_plan(plan: Json, beside: Json) -> Policies:
    return policies(plan, beside)


@pytest.fixture(scope="module")
def tried(plan: Json, of_plan: Policies) -> Tried:
    """Every call by everyone."""
    (key,) = resources(plan, "aws_kms_key").values()
    (api,) = resources(plan, "aws_api_gateway_rest_api").values()
    secrets = {
        f"{kind}_secret": secret["arn"]
        for secret in resources(plan, "aws_secretsmanager_secret").values()
        for kind in ("client", "signing")
        if f"-{kind}-" in secret["name"]
    }
    known = {"api": api["id"], "key": key["arn"], **secrets}
    requests = {
        (name, who): Request(
            who, call.action, _filled(call.resource, known), _filled(call.context, known)
        )
        for name, call in CALLS.items()
        for who in sorted(EVERYONE)
    }
    other_keys = {ANOTHER_KEY: ANY_KEY_POLICY, KEY_ELSEWHERE: ANY_KEY_POLICY}
    in_account = replace(of_plan, of_resources={**of_plan.of_resources, **other_keys})
    verdicts = judge((request, in_account) for request in requests.values())
    return Tried(known, in_account, requests, dict(zip(requests, verdicts, strict=True)))


@pytest.mark.parametrize("wall", WALLS)
def test_a_call_is_for_those_who_need_it_and_for_nobody_with_one_thing_changed(
    wall: str, tried: Tried
) -> None:
    expected = {name: call.allowed for name, call in WALLS[wall].calls(wall).items()}

    assert {name: tried.allowed(name) for name in expected} == expected


def test_no_restriction_of_a_policy_goes_unnoticed(tried: Tried) -> None:
    judged = [
        (weaker.lost, request, weaker.policies)
        for weaker in weakened(tried.policies)
        for (name, who), request in tried.requests.items()
        if weaker.concerns(CALLS[name].action)
        if (who == weaker.role if weaker.role else who not in ROLES)
        if not tried.verdicts[name, who]
    ]
    verdicts = judge((request, policies) for _, request, policies in judged)
    noticed = {lost for (lost, _, _), allowed in zip(judged, verdicts, strict=True) if allowed}
    unnoticed = {weaker.lost for weaker in weakened(tried.policies)} - noticed

    assert unnoticed == {_filled(lost, tried.known) for lost in DOUBLED}


def test_every_role_of_the_plan_is_tried(of_plan: Policies) -> None:
    assert set(of_plan.roles) == ROLES


def test_the_boundary_bounds_no_role_of_the_platform(
    plan: Json, of_plan: Policies, beside: Json
) -> None:
    (key,) = resources(plan, "aws_kms_key").values()
    (api,) = resources(plan, "aws_api_gateway_rest_api").values()
    (boundary,) = resources(beside, "aws_iam_policy").values()
    # AWS takes a wildcard in place of an API's id, and the simulator takes none.
    bounded = {"boundary": json.loads(boundary["policy"].replace(":*/*/", f":{api['id']}/*/"))}
    in_account = replace(
        of_plan,
        roles={name: replace(of_plan.roles[name], policies=bounded) for name in of_plan.roles},
        of_resources={key["arn"]: ANY_KEY_POLICY},
    )
    called = sorted(
        (name, action, resource)
        for name, role in of_plan.roles.items()
        if name not in (DEPLOY, OPERATOR)
        for policy in role.policies.values()
        for statement in _list(policy["Statement"])
        if statement["Effect"] == "Allow"
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    )
    verdicts = judge(
        (
            Request(
                name,
                action,
                _one_of(action, resource),
                {"kms:ResourceAliases": ["alias/callbacks-local"]}
                if resource == key["arn"]
                else {},
            ),
            in_account,
        )
        for name, action, resource in called
    )

    assert len(called) > 100
    refused = [call for call, verdict in zip(called, verdicts, strict=True) if not verdict]
    assert refused == []


def test_no_policy_names_another_account_but_for_a_partner_s_topic_and_callback_role(
    of_plan: Policies,
) -> None:
    granted = {
        (whose, account, action)
        for whose, policy in of_plan.everything()
        for statement in _list(policy["Statement"])
        if statement["Effect"] == "Allow"
        for account in _accounts(statement)
        for action in _list(statement["Action"])
        if account != ADMINISTRATOR
    }

    assert granted == {
        (TOPIC, PARTNER, "sns:Subscribe"),
        (role(SHIPPING_PARTNER), PARTNER, "sts:AssumeRole"),
    }


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    match value:
        case str():
            return value.format_map(known)
        case Mapping():
            return {name: _filled(one, known) for name, one in value.items()}
    return value


def _one_of(action: str, resource: str) -> str:
    """A resource that a pattern matches: most calls cannot be judged on a pattern."""
    service = action.partition(":")[0]
    if resource == "*":
        return {"ec2": INTERFACE, "sns": TOPIC}.get(service, "*")
    return resource.replace("*", "log-stream:1" if service == "logs" else "1")


def _accounts(statement: Json) -> set[str]:
    principal = statement.get("Principal", {})
    named = _list(principal if isinstance(principal, str) else principal.get("AWS", []))
    return {name.split(":")[4] if name.startswith("arn:") else name for name in named}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
