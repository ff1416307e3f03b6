"""Whose reads of secrets and which changes of keys the rules of the module platform tell of.

Their patterns are taken from what Terraform makes, and judged by moto's reading of them.
"""

import json
import os
import shutil
from collections.abc import Mapping
from typing import Any

import pytest
from moto.events.models import EventPattern

from tools import REPOSITORY
from tools.deploy.terraform import LOCK_FILE, Directory

type Event = dict[str, Any]

ACCOUNT = "111111111111"
RUN = '"notifies_of_what_nobody_should_do"'
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
SECRETS = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret"
SIGNING = "callbacks-dev-order-fraud-review-sentinel-review-signing-1-a1b2c3"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, EventPattern]:
    """The rules' patterns by name, with somebody to notify and one reader named."""
    tree = tmp_path_factory.mktemp("detection")
    for folder in ("lambdas", "terraform"):
        ignored = shutil.ignore_patterns(".terraform")
        shutil.copytree(REPOSITORY / folder, tree / folder, ignore=ignored)
    module = tree / "terraform" / "modules" / "platform"
    shutil.copyfile(LOCK_FILE, module / LOCK_FILE.name)
    (tests,) = (module / "tests").iterdir()
    mocks, *runs = tests.read_text().split("\nrun ")
    (kept,) = [run for run in runs if run.startswith(RUN)]
    tests.write_text("\nrun ".join([mocks, kept]))
    directory = Directory(module, tree / ".terraform", os.environ)
    directory.init("-backend=false")
    printed = directory.run("test", "-json", "-verbose", quiet=True)
    messages = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    (state,) = [message["test_state"] for message in messages if "test_state" in message]
    return {
        resource["index"]: EventPattern.load(resource["values"]["event_pattern"])
        for resource in state["root_module"]["resources"]
        if resource["address"].startswith("aws_cloudwatch_event_rule.detection")
    }


def role(name: str) -> Event:
    """The identity of a session of one of the account's roles."""
    return {
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}},
    }


def event(service: str, name: str, **detail: Any) -> Event:
    return {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": f"{service}.amazonaws.com", "eventName": name, **detail},
    }


def read(by: Event, secret: str = f"{SECRETS}:{SIGNING}") -> Event:
    asked = {"secretId": secret}
    return event("secretsmanager", "GetSecretValue", userIdentity=by, requestParameters=asked)


def matches(rule: EventPattern, happened: Any) -> bool:
    return bool(rule.matches_event(happened))


OPERATOR = role("operator")


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (read(OPERATOR), True),
        (read(OPERATOR, SIGNING), True),
        (read({"arn": f"arn:aws:iam::{ACCOUNT}:root"}), True),
        (read({"arn": f"arn:aws:iam::{ACCOUNT}:user/somebody", "userName": "somebody"}), True),
        (read({"type": "AWSAccount", "accountId": "222222222222"}), True),
        (read(role("callbacks-dev-order-fraud-review-sentinel-review")), False),
        (read(role("deployment")), False),
        (read(OPERATOR, f"{SECRETS}:another-a1b2c3"), False),
        (read(OPERATOR, "another"), False),
        (event("secretsmanager", "DescribeSecret", userIdentity=OPERATOR), False),
    ],
)
def test_a_read_of_a_secret_is_told_of_unless_it_is_expected(
    happened: Event, told: bool, rules: Mapping[str, EventPattern]
) -> None:
    assert matches(rules["secret-read"], happened) is told


@pytest.mark.parametrize(
    ("name", "key", "told"),
    [
        ("PutKeyPolicy", KEY, True),
        ("DisableKey", KEY, True),
        ("ScheduleKeyDeletion", KEY, True),
        ("ScheduleKeyDeletion", "1", True),
        ("ScheduleKeyDeletion", "2", False),
        ("ScheduleKeyDeletion", KEY.replace("key/1", "key/2"), False),
        ("GetKeyPolicy", KEY, False),
    ],
)
def test_a_change_of_the_platforms_key_is_told_of(
    name: str, key: str, told: bool, rules: Mapping[str, EventPattern]
) -> None:
    happened = event("kms", name, userIdentity=OPERATOR, requestParameters={"keyId": key})

    assert matches(rules["key-changed"], happened) is told
