"""Everyone who may try to reach what is another's, each with credentials of its own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from examples.partner_with_aws.service import Partner
from tools.deploy.accounts import Account
from tools.devenv.engine import SECRET_HEADER
from tools.devenv.environment import Environment
from tools.devenv.state import REGION
from tools.devenv.walkthrough import Deployment

ADMINISTRATOR = "the platform's administrator"
PARTNER, PARTNER_ROLE = "the partner", "the partner's callback role"
OTHER, OTHER_ROLE = "another partner", "another partner's callback role"
STRANGER, NOBODY = "a stranger", "nobody"
STRANGERS_ACCOUNT = "444444444444"

# Whose keys are of other accounts than the platform's.
FOREIGN = frozenset({PARTNER, OTHER, STRANGER})

_NOBODY: Any = boto3.Session(region_name=REGION)
_ONCE = Config(retries={"mode": "standard", "max_attempts": 1})


@dataclass(frozen=True)
class Callers:
    """`platform` and `other` are deployments with a partner each; `sessions` are by caller.

    The platform's own roles are callers by their names, without the prefix.
    """

    platform: Deployment
    other: Deployment
    sessions: Mapping[str, boto3.Session]

    def client(self, caller: str, service: str) -> Any:
        """A client of an AWS service that signs as the caller, or not at all for nobody."""
        endpoint_url = self.platform.platform.endpoint_url
        if caller == NOBODY:
            unsigned = Config(signature_version=UNSIGNED).merge(_ONCE)
            client = _NOBODY.client(service, endpoint_url=endpoint_url, config=unsigned)
            client.meta.events.register("before-send", self._past_the_guard)
            return client
        session: Any = self.sessions[caller]
        return session.client(service, endpoint_url=endpoint_url, config=_ONCE)

    def _past_the_guard(self, request: Any, **_: object) -> None:
        """The engine itself, not the local environment, is to refuse what is not signed."""
        administrator: Any = self.sessions[ADMINISTRATOR].get_credentials()
        request.headers[SECRET_HEADER] = administrator.secret_key

    @property
    def names(self) -> list[str]:
        """All callers but the administrator."""
        return [*(name for name in self.sessions if name != ADMINISTRATOR), NOBODY]


def everyone(environment: Environment, platform: Deployment, other: Deployment) -> Callers:
    """The callers of a deployment; `other` is the same platform with another partner."""
    account = platform.platform
    sessions = {
        ADMINISTRATOR: account.session,
        PARTNER: platform.partner_account.session,
        PARTNER_ROLE: _callback_role(platform.partner),
        OTHER: other.partner_account.session,
        OTHER_ROLE: _callback_role(other.partner),
        STRANGER: environment.session(STRANGERS_ACCOUNT),
    }
    prefix = platform.outputs["callback_tasks_table"].removesuffix("CallbackTasks")
    iam = account.session.client("iam", endpoint_url=account.endpoint_url)
    roles: list[Any] = list(iam.list_roles()["Roles"])
    for role in roles:
        service = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"].get("Service")
        if service and role["RoleName"].startswith(prefix):
            with _lent(iam, role):
                session = _assumed(account, role["Arn"])
            sessions[role["RoleName"].removeprefix(prefix)] = session
    return Callers(platform, other, sessions)


@contextmanager
def _lent(iam: Any, role: Any) -> Iterator[None]:
    """A role that trusts a service only, while the account itself may assume it as well."""
    trust = role["AssumeRolePolicyDocument"]
    open_trust = deepcopy(trust)
    account_id = role["Arn"].split(":")[4]
    open_trust["Statement"].append(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
        }
    )
    name = role["RoleName"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(open_trust))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


def _assumed(account: Account, role_arn: str) -> boto3.Session:
    credentials = account.sts.assume_role(RoleArn=role_arn, RoleSessionName="access")["Credentials"]
    return boto3.Session(
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        region_name=REGION,
    )


def _callback_role(partner: Partner) -> boto3.Session:
    credentials = partner.api.credentials.get_frozen_credentials()
    return boto3.Session(
        credentials.access_key, credentials.secret_key, credentials.token, region_name=REGION
    )
