"""The channels of an environment, as they are registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from callbacks.adapters.channel_table import REGISTRATION
from callbacks.domain import routes

from tools.errors import UserError
from tools.ops.place import Place

_SHOWN = (
    "task_type",
    "auth",
    "callback_id_required",
    "callback_url",
    "enabled",
    "heartbeat_seconds",
    "max_output_bytes",
    "message_version",
    "oauth2",
    "partners",
    "timeout_seconds",
    "topic_arn",
)


class NotFoundError(UserError):
    """There is no such thing in the environment."""


@dataclass(frozen=True)
class Registration:
    """What an operator sees of a channel; sizes are bytes, times are seconds.

    Of a partner with AWS: account_id, callback_role_arn and external_id; of one without:
    webhook_url, client_secret_arn, signing_secret_arn and, if they are limited, source_ranges.
    Registrations of an earlier version have account_id or webhook_url only, and no `oauth2`,
    which is scope and token_url.
    """

    task_type: str
    enabled: bool
    auth: str
    partners: Mapping[str, Mapping[str, Any]]
    versions: Sequence[str]
    message_version: str
    callback_id_required: bool
    max_output_bytes: int
    timeout_seconds: int
    heartbeat_seconds: int | None
    callback_url: str
    topic_arn: str
    oauth2: Mapping[str, str] | None = None

    @property
    def callback_urls(self) -> Mapping[str, str]:
        """Live version => where its callbacks are posted."""
        return {version: self.callback_url + routes.suffix(version) for version in self.versions}

    @property
    def webhook_partners(self) -> Sequence[str]:
        return sorted(name for name, partner in self.partners.items() if "webhook_url" in partner)


def registrations(place: Place) -> list[Registration]:
    """All channels, in one query: contracts are left out, which are the larger part."""
    names = {f"#{name}": name for name in _SHOWN}
    query = place.client("dynamodb").get_paginator("query")
    pages = query.paginate(
        TableName=place.table,
        KeyConditionExpression="order_id = :registrations",
        ProjectionExpression=", ".join([*names, "#versions"]),
        ExpressionAttributeNames={**names, "#versions": "versions"},
        ExpressionAttributeValues={":registrations": {"S": REGISTRATION}},
    )
    return [_registration(item) for page in pages for item in page["Items"]]


def registration(place: Place, task_type: str) -> Registration:
    """One channel. Raises NotFoundError."""
    known = registrations(place)
    for found in known:
        if found.task_type == task_type:
            return found
    raise NotFoundError(
        f"There is no channel {task_type} in {place.name}. There are: "
        f"{', '.join(channel.task_type for channel in known) or 'none'}."
    )


def _registration(item: Mapping[str, Any]) -> Registration:
    deserialize = TypeDeserializer().deserialize
    found = {name: deserialize(item[name]) for name in _SHOWN if name in item}
    heartbeat = found.get("heartbeat_seconds")
    return Registration(
        task_type=found["task_type"],
        enabled=found["enabled"],
        auth=found["auth"],
        partners=found["partners"],
        versions=sorted(item["versions"]["M"], key=lambda name: int(name[1:])),
        message_version=found["message_version"],
        callback_id_required=found["callback_id_required"],
        max_output_bytes=int(found["max_output_bytes"]),
        timeout_seconds=int(found["timeout_seconds"]),
        heartbeat_seconds=None if heartbeat is None else int(heartbeat),
        callback_url=found["callback_url"],
        topic_arn=found["topic_arn"],
        oauth2=found.get("oauth2"),
    )
