"""Judges requests by @cloud-copilot/iam-simulate, on all policies of a plan that apply to each."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.policies import NODE, NODE_ENVIRONMENT
from tests.support.policies.plan import Policies
from tools import Json

ALLOWED = "Allowed"
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

_SCRIPT = Path(__file__).with_name("simulate.cjs")


@dataclass(frozen=True)
class Request:
    """A call: `who` is a role of the plan, by its name, an AWS service, such as
    `sns.amazonaws.com`, or the number of an account, for an administrator of it.

    `context` has what the call itself brings: condition key => value or values.
    """

    who: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


def judge(requests: Iterable[tuple[Request, Policies]]) -> list[bool]:
    """Whether AWS would allow each request under its policies, all of them by one process.

    Raises:
        RuntimeError: a request or a policy is none that AWS knows.
    """
    judged = subprocess.run(
        [*NODE, _SCRIPT],
        input=json.dumps([_simulation(*request) for request in requests]),
        env=NODE_ENVIRONMENT,
        capture_output=True,
        check=False,
        text=True,
    )
    if judged.returncode != 0:
        raise RuntimeError(judged.stderr)
    return [result == ALLOWED for result in json.loads(judged.stdout)]


def _simulation(request: Request, policies: Policies) -> Json:
    principal, identity, context = _caller(request.who, policies)
    if request.action.startswith("kms:") and not request.who.endswith(".amazonaws.com"):
        context["kms:CallerAccount"] = context["aws:PrincipalAccount"]
    return {
        "request": {
            "principal": principal,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": policies.account_id},
            "contextVariables": {"aws:SecureTransport": "true", **context, **request.context},
        },
        "identityPolicies": [{"name": name, "policy": own} for name, own in identity.items()],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        "resourcePolicy": policies.of(request.resource),
    }


def _caller(who: str, policies: Policies) -> tuple[str, Mapping[str, Json], dict[str, str]]:
    """The principal, its policies, and what AWS adds to the context of its calls."""
    if who.endswith(".amazonaws.com"):
        return who, {}, {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": who}
    if who.isdigit():
        arn, own = f"arn:aws:iam::{who}:role/administrator", {"everything": EVERYTHING}
    else:
        arn, own = policies.roles[who].arn, dict(policies.roles[who].policies)
    account_id, name = arn.split(":")[4], arn.rpartition("/")[2]
    session = f"arn:aws:sts::{account_id}:assumed-role/{name}/session"
    return session, own, {"aws:PrincipalArn": arn, "aws:PrincipalAccount": account_id}
