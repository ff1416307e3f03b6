"""What a partner is told exists, and is enough to call back with."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
import requests

from examples.partner_with_aws.service import TIMEOUT_SECONDS
from examples.partner_with_aws.service import Api as ApiWithAws
from examples.partner_without_aws.service import Api as ApiWithoutAws
from tools import REPOSITORY, Json
from tools.devenv import review_walkthrough, walkthrough
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import Deployment

PLACEHOLDERS = {"YOUR-QUEUE": "main", "YOUR-DEAD-LETTER-QUEUE": "dead letters"}


@dataclass(frozen=True)
class Sheet:
    """What the command prints of a partner, and the deployment that it is about."""

    deployment: Deployment
    told: Json

    def client(self, service: str) -> Any:
        account = self.deployment.platform
        session: Any = account.session
        return session.client(service, endpoint_url=account.endpoint_url)

    def secret(self, name: str) -> Json:
        """The content of a secret, as somebody reads it who hands it over."""
        found = self.client("secretsmanager").get_secret_value(SecretId=self.told[name])
        content: Json = json.loads(found["SecretString"])
        return content


@dataclass(frozen=True)
class Made:
    """What modules/partner-subscription made in the partner's account."""

    deployment: Deployment

    @cached_property
    def queue_arns(self) -> dict[str, str]:
        main = self._attributes(self.deployment.partner.queue_url)
        return {
            "main": main["QueueArn"],
            "dead letters": json.loads(main["RedrivePolicy"])["deadLetterTargetArn"],
        }

    def policy(self, queue: str) -> Json:
        sqs = self.deployment.partner_account.sqs
        name = self.queue_arns[queue].rpartition(":")[2]
        found: Json = json.loads(
            self._attributes(sqs.get_queue_url(QueueName=name)["QueueUrl"])["Policy"]
        )
        return found

    def key_policy(self) -> Json:
        account = self.deployment.partner_account
        session: Any = account.session
        kms = session.client("kms", endpoint_url=account.endpoint_url)
        key = self._attributes(self.deployment.partner.queue_url)["KmsMasterKeyId"]
        found: Json = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        return found

    def subscription(self, topic_arn: str) -> Json:
        """The topic's owner lists it, and its own tells the rest."""
        listed = self.deployment.platform.sns.list_subscriptions_by_topic(TopicArn=topic_arn)
        [own] = [
            each["SubscriptionArn"]
            for each in listed["Subscriptions"]
            if each["Endpoint"] == self.queue_arns["main"]
        ]
        sns = self.deployment.partner_account.sns
        return dict(sns.get_subscription_attributes(SubscriptionArn=own)["Attributes"])

    def _attributes(self, url: str) -> dict[str, str]:
        sqs = self.deployment.partner_account.sqs
        found: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        attributes: dict[str, str] = found
        return attributes


def printed(environment: Environment, partner: str, task_type: str) -> Json:
    command = [sys.executable, "-m", "tools.ops.app", "--json", "partner", "sheet"]
    done = subprocess.run(
        [*command, partner, task_type],
        cwd=REPOSITORY,
        env={**os.environ, "CALLBACKS_LOCAL": str(environment.directory)},
        capture_output=True,
        check=True,
    )
    sheet: Json = json.loads(done.stdout)
    return sheet


@pytest.fixture(scope="module")
def with_aws(environment: Environment, deployment: Deployment) -> Sheet:
    return Sheet(deployment, printed(environment, "acme-shipping", walkthrough.TASK_TYPE))


@pytest.fixture(scope="module")
def without_aws(environment: Environment, deployment: Deployment) -> Sheet:
    told = printed(environment, review_walkthrough.PARTNER, review_walkthrough.TASK_TYPE)
    return Sheet(deployment, told)


@pytest.fixture(scope="module")
def made(deployment: Deployment) -> Made:
    return Made(deployment)


def unsigned(url: str) -> int:
    return requests.post(url, json={}, timeout=TIMEOUT_SECONDS).status_code


def test_topic_role_and_routes_of_a_partner_with_aws_exist(with_aws: Sheet) -> None:
    told = with_aws.told

    topic = with_aws.client("sns").get_topic_attributes(TopicArn=told["topic_arn"])
    assert topic["Attributes"]["TopicArn"] == told["topic_arn"]
    name = told["callback_role_arn"].rpartition("/")[2]
    role = with_aws.client("iam").get_role(RoleName=name)["Role"]
    assert role["Arn"] == told["callback_role_arn"]
    assert [unsigned(url) for url in told["callback_urls"].values()] == [403]


def test_secrets_and_routes_of_a_partner_without_aws_exist(without_aws: Sheet) -> None:
    told = without_aws.told

    client = without_aws.secret("client_secret_arn")
    assert (client["scope"], client["token_url"]) == (told["scope"], told["token_url"])
    assert without_aws.secret("signing_secret_arn")["current"].startswith("whsec_")
    assert [unsigned(url) for url in told["callback_urls"].values()] == [401]


def test_no_secret_is_told(without_aws: Sheet) -> None:
    told = json.dumps(without_aws.told)

    assert without_aws.secret("signing_secret_arn")["current"] not in told
    assert without_aws.secret("client_secret_arn")["client_secret"] not in told


def test_the_first_call_of_a_partner_with_aws_is_answered_as_told(with_aws: Sheet) -> None:
    told, call = with_aws.told, with_aws.told["first_call"]
    sts = with_aws.deployment.partner_account.sts
    api = ApiWithAws(sts, told["callback_role_arn"], told["external_id"], told["region"])

    assert api.call_back(call["url"], call["body"]).status_code == call["expected_status"]


def test_the_first_call_of_a_partner_without_aws_is_answered_as_told(without_aws: Sheet) -> None:
    call = without_aws.told["first_call"]
    api = ApiWithoutAws(**without_aws.secret("client_secret_arn"))
    try:
        assert api.call_back(call["url"], call["body"]).status_code == call["expected_status"]
    finally:
        api.close()


def test_the_policies_told_are_those_that_the_module_makes(with_aws: Sheet, made: Made) -> None:
    for name, policy in with_aws.told["queue_policies"].items():
        [told], [there] = policy["Statement"], made.policy(PLACEHOLDERS[name])["Statement"]
        assert in_lists(told) == in_lists(there | {"Resource": told["Resource"]})
        assert there["Resource"] == made.queue_arns[PLACEHOLDERS[name]]

    told = in_lists(with_aws.told["key_statement"])
    assert told in [in_lists(one) for one in made.key_policy()["Statement"]]


def in_lists(statement: Json) -> Json:
    """A statement whose actions are a list, in one order, however few they are."""
    actions = statement["Action"]
    return statement | {"Action": sorted([actions] if isinstance(actions, str) else actions)}


def test_the_subscription_told_is_what_the_module_makes(with_aws: Sheet, made: Made) -> None:
    told = with_aws.told["subscription"]
    there = made.subscription(told["TopicArn"])

    assert there["Protocol"] == told["Protocol"]
    assert there["RawMessageDelivery"] == told["Attributes"]["RawMessageDelivery"]
    assert json.loads(there["RedrivePolicy"]) == {
        "deadLetterTargetArn": made.queue_arns["dead letters"]
    }
