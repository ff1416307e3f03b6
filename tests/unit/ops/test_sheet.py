"""The sheet of a partner: what it names, for a partner with AWS and for one without."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from tests.support.channels import CALLBACK_URL, SHIPPING, TOPIC_ARN, as_earlier, shipping_channel
from tests.support.channels import registration as registered
from tests.support.cloud import PREFIX, REGION, TASKS, Cloud
from tools.errors import UserError
from tools.ops.channels import NotFoundError, Registration, registration
from tools.ops.cli.partner import partner
from tools.ops.cli.shared import Operations
from tools.ops.place import Place
from tools.ops.sheet import markdown, sheet

ACME, SENTINEL = "acme-shipping", "sentinel-review"
ROLE_ARN = "arn:aws:iam::111111111111:role/callbacks-test-acme-shipping"
EXTERNAL_ID = "external-id-of-acme"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:callbacks-test"

WITH_AWS = Registration(
    task_type=SHIPPING,
    enabled=True,
    auth="AWS_IAM",
    partners={
        ACME: {
            "account_id": "222222222222",
            "callback_role_arn": ROLE_ARN,
            "external_id": EXTERNAL_ID,
        },
        "other": {
            "account_id": "333333333333",
            "callback_role_arn": "arn:aws:iam::111111111111:role/other",
            "external_id": "external-id-of-other",
        },
    },
    versions=["v1", "v2"],
    message_version="v2",
    callback_id_required=True,
    max_output_bytes=65_536,
    timeout_seconds=86_400,
    heartbeat_seconds=600,
    callback_url=CALLBACK_URL,
    topic_arn=TOPIC_ARN,
)
WITHOUT_AWS = replace(
    WITH_AWS,
    auth="OAUTH2",
    partners={
        SENTINEL: {
            "webhook_url": "https://hooks.sentinel.example/tasks",
            "signing_secret_arn": f"{SECRET_ARN}-signing",
            "client_secret_arn": f"{SECRET_ARN}-client",
            "source_ranges": ["198.51.100.0/24"],
        }
    },
    versions=["v1"],
    message_version="v1",
    heartbeat_seconds=None,
    oauth2={"scope": f"callbacks-1/{SHIPPING}", "token_url": "https://auth.example/oauth2/token"},
)


@pytest.mark.parametrize(
    "told",
    [
        TOPIC_ARN,
        ROLE_ARN,
        EXTERNAL_ID,
        "eu-west-1",
        f"{CALLBACK_URL}`",
        f"{CALLBACK_URL}/v2`",
        "terraform/modules/partner-subscription",
        f"docs/contracts/{SHIPPING}.html",
        f"docs/contracts/{SHIPPING}-v2.html",
        "docs/contracts/openapi.json",
        "docs/contracts/asyncapi.json",
        "65536 bytes",
        "1d",
        "10m",
        "required",
    ],
)
def test_a_partner_with_aws_is_told(told: str) -> None:
    assert told in markdown(sheet("prod", WITH_AWS, ACME))


@pytest.mark.parametrize(
    "told",
    [
        "https://hooks.sentinel.example/tasks",
        f"{SECRET_ARN}-signing",
        f"{SECRET_ARN}-client",
        "secret_readers",
        "https://auth.example/oauth2/token",
        f"callbacks-1/{SHIPPING}",
        "198.51.100.0/24",
        f"{CALLBACK_URL}`",
        f"docs/contracts/{SHIPPING}.html",
        "not limited",
    ],
)
def test_a_partner_without_aws_is_told(told: str) -> None:
    assert told in markdown(sheet("prod", WITHOUT_AWS, SENTINEL))


def test_a_partner_is_told_nothing_of_another() -> None:
    told = json.dumps(sheet("prod", WITH_AWS, ACME)) + markdown(sheet("prod", WITH_AWS, ACME))

    assert "external-id-of-other" not in told
    assert "333333333333" not in told


def test_the_policies_of_both_queues_let_the_topic_send_and_nobody_else() -> None:
    policies = sheet("prod", WITH_AWS, ACME)["queue_policies"]

    assert [policy["Statement"][0]["Resource"] for policy in policies.values()] == [
        "arn:aws:sqs:eu-west-1:222222222222:YOUR-QUEUE",
        "arn:aws:sqs:eu-west-1:222222222222:YOUR-DEAD-LETTER-QUEUE",
    ]
    for policy in policies.values():
        [statement] = policy["Statement"]
        assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
        assert statement["Action"] == ["sqs:SendMessage"]
        assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC_ARN}}


def test_the_key_may_be_used_by_the_topic() -> None:
    statement = sheet("prod", WITH_AWS, ACME)["key_statement"]

    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": TOPIC_ARN}}


def test_the_subscription_is_raw_and_keeps_what_the_queue_refuses() -> None:
    attributes = sheet("prod", WITH_AWS, ACME)["subscription"]["Attributes"]

    assert attributes["RawMessageDelivery"] == "true"
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:222222222222:YOUR-DEAD-LETTER-QUEUE"
    }


def test_all_that_is_to_be_pasted_is_json_as_it_stands() -> None:
    made = markdown(sheet("prod", WITH_AWS, ACME))
    blocks = re.findall(r"```json\n(.*?)```", made, re.DOTALL)

    document = sheet("prod", WITH_AWS, ACME)
    assert [json.loads(block) for block in blocks] == [
        *document["queue_policies"].values(),
        document["key_statement"],
        document["subscription"],
    ]


@pytest.mark.parametrize(("channel", "name"), [(WITH_AWS, ACME), (WITHOUT_AWS, SENTINEL)])
def test_the_first_call_goes_to_the_route_of_the_messages_that_are_sent(
    channel: Registration, name: str
) -> None:
    call = sheet("prod", channel, name)["first_call"]

    assert call["url"].partition("?")[0] == channel.callback_urls[channel.message_version]
    assert call["url"] in markdown(sheet("prod", channel, name))


def test_a_disabled_channel_is_told_as_such() -> None:
    assert "disabled" in markdown(sheet("prod", replace(WITH_AWS, enabled=False), ACME))
    assert "disabled" not in markdown(sheet("prod", WITH_AWS, ACME))


def test_who_is_no_partner_is_refused_with_those_who_are() -> None:
    with pytest.raises(NotFoundError, match="acme-shipping, other"):
        sheet("prod", WITH_AWS, SENTINEL)


@pytest.mark.parametrize(
    ("channel", "name", "facts"),
    [
        (WITH_AWS, ACME, {"account_id": "222222222222"}),
        (WITHOUT_AWS, SENTINEL, {"webhook_url": "https://hooks.sentinel.example/tasks"}),
    ],
)
def test_a_registration_of_an_earlier_version_is_to_be_applied_anew(
    channel: Registration, name: str, facts: Mapping[str, Any]
) -> None:
    with pytest.raises(UserError, match="apply the platform"):
        sheet("prod", replace(channel, partners={name: facts}, oauth2=None), name)


@pytest.fixture
def operations(aws: Cloud) -> Operations:
    """On an account with the shipping channel registered."""
    aws.register()
    operations = Operations(None, None, None, None, as_json=True)
    operations.place = Place("test", PREFIX, boto3.Session(region_name=REGION))
    return operations


def test_the_command_prints_what_is_registered_or_writes_it(
    operations: Operations, tmp_path: Path
) -> None:
    def run(*arguments: str) -> str:
        command = ["sheet", "partner-222222222222", SHIPPING, *arguments]
        return CliRunner().invoke(partner, command, obj=operations).output

    document = json.loads(run())
    assert document["external_id"] == "external-id-of-222222222222"
    assert document["callback_role_arn"].endswith("role/partner-222222222222")

    operations.as_json = False
    assert run() == markdown(document)
    run("--out", str(tmp_path / "sheet.md"))
    assert (tmp_path / "sheet.md").read_text() == markdown(document)


def test_a_channel_that_an_earlier_version_registered_is_read(
    operations: Operations, aws: Cloud
) -> None:
    aws.dynamodb.put_item(TableName=TASKS, Item=as_earlier(registered(shipping_channel())))

    found = registration(operations.place, SHIPPING)

    assert found.partners["partner-222222222222"] == {"account_id": "222222222222"}
    assert found.oauth2 is None
