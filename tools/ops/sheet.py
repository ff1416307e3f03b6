"""The sheet of a partner: all that it needs to work for one channel, with secrets by reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from tools import Json
from tools.contracts import tree
from tools.errors import UserError
from tools.ops import durations
from tools.ops.channels import NotFoundError, Registration

QUEUE, DEAD_LETTER_QUEUE = "YOUR-QUEUE", "YOUR-DEAD-LETTER-QUEUE"
SUBSCRIPTION_MODULE = "terraform/modules/partner-subscription"

# No order and no attempt have it.
_NOBODY = "00000000-0000-4000-8000-000000000000"


def sheet(environment: str, channel: Registration, partner: str) -> Json:
    """What `partner` is told of the channel; sizes are bytes, times are seconds.

    Raises:
        NotFoundError: the channel has no such partner.
        UserError: an earlier version registered the channel, without what a partner needs.
    """
    if partner not in channel.partners:
        raise NotFoundError(
            f"{partner} is no partner of {channel.task_type} in {environment}. "
            f"Its partners are: {', '.join(sorted(channel.partners)) or 'none'}."
        )
    facts = channel.partners[partner]
    try:
        own = (
            _without_aws(channel, facts) if channel.auth == "OAUTH2" else _with_aws(channel, facts)
        )
    except KeyError as error:
        raise UserError(
            f"The registration of {channel.task_type} in {environment} lacks {error}: "
            "apply the platform, which registers it, and ask again."
        ) from None
    return {
        "environment": environment,
        "partner": partner,
        "task_type": channel.task_type,
        "auth": channel.auth,
        "enabled": channel.enabled,
        "region": _Arn.of(channel.topic_arn).region,
        **own,
        "callback_urls": dict(channel.callback_urls),
        "message_version": channel.message_version,
        "limits": {
            "timeout_seconds": channel.timeout_seconds,
            "heartbeat_seconds": channel.heartbeat_seconds,
            "max_output_bytes": channel.max_output_bytes,
            "callback_id_required": channel.callback_id_required,
        },
        "contract": [
            *(str(tree.Version(channel.task_type, name).page) for name in channel.versions),
            str(tree.PUBLISHED / "openapi.json"),
            str(tree.PUBLISHED / "asyncapi.json"),
        ],
        "first_call": _first_call(channel),
    }


def markdown(sheet: Json) -> str:
    """The document as people read it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tools.ops"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2)
    environment.filters["spoken"] = durations.spoken
    return environment.get_template("sheet.md.j2").render(sheet, module=SUBSCRIPTION_MODULE)


@dataclass(frozen=True)
class _Arn:
    partition: str
    region: str

    @classmethod
    def of(cls, arn: str) -> _Arn:
        _, partition, _, region, *_ = arn.split(":")
        return cls(partition, region)


def _with_aws(channel: Registration, facts: Mapping[str, Any]) -> Json:
    topic = _Arn.of(channel.topic_arn)
    queue, dead_letter = (
        f"arn:{topic.partition}:sqs:{topic.region}:{facts['account_id']}:{name}"
        for name in (QUEUE, DEAD_LETTER_QUEUE)
    )
    return {
        "account_id": facts["account_id"],
        "topic_arn": channel.topic_arn,
        "queue_policies": {
            name: _policy(_delivery(channel.topic_arn, ["sqs:SendMessage"], arn))
            for name, arn in ((QUEUE, queue), (DEAD_LETTER_QUEUE, dead_letter))
        },
        # In a key's policy the resource * is that key.
        "key_statement": _delivery(channel.topic_arn, ["kms:Decrypt", "kms:GenerateDataKey"], "*"),
        "subscription": {
            "TopicArn": channel.topic_arn,
            "Protocol": "sqs",
            "Endpoint": queue,
            "Attributes": {
                "RawMessageDelivery": "true",
                "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_letter}),
            },
        },
        "callback_role_arn": facts["callback_role_arn"],
        "external_id": facts["external_id"],
    }


def _without_aws(channel: Registration, facts: Mapping[str, Any]) -> Json:
    oauth2 = channel.oauth2 or {}
    return {
        "webhook_url": facts["webhook_url"],
        "signing_secret_arn": facts["signing_secret_arn"],
        "token_url": oauth2["token_url"],
        "scope": oauth2["scope"],
        "client_secret_arn": facts["client_secret_arn"],
        "source_ranges": facts.get("source_ranges"),
    }


def _policy(statement: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _delivery(topic_arn: str, actions: list[str], resource: str) -> Json:
    """As modules/partner-subscription has it for its queues and its key."""
    return {
        "Sid": "TopicDelivery",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": actions,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }


def _first_call(channel: Registration) -> Json:
    """A callback for an order that does not exist: all but the task is as it will be."""
    return {
        "method": "POST",
        "url": f"{channel.callback_urls[channel.message_version]}?callback_id={_NOBODY}",
        "body": {
            "order_id": _NOBODY,
            "task_type": channel.task_type,
            "task_status": "IN_PROGRESS",
        },
        "expected_status": 404,
    }
