"""Channels as Terraform registers them, from the schemas of the repository."""

import json
from pathlib import Path
from typing import Any

from callbacks.domain.channel import Channel, Contract

from tools import REPOSITORY
from tools.contracts.compose import model

SCHEMAS = REPOSITORY / "schemas"
SHIPPING = "ORDER_SHIPPING_SERVICE"
TOPIC_ARN = "arn:aws:sns:eu-west-1:111111111111:callbacks-test-order-shipping-service"
ROLES = "arn:aws:iam::111111111111:role"
SECRETS = "arn:aws:secretsmanager:eu-west-1:111111111111:secret"
CALLBACK_URL = f"https://api.example.com/live/externalCallback/{SHIPPING}"

TOLD_TO_PARTNERS = {"callback_role_arn", "client_secret_arn", "external_id", "signing_secret_arn"}

Json = dict[str, Any]


def schema(name: str, task_type: str = SHIPPING, version: str = "v1") -> Json:
    found: Json = _read(SCHEMAS / task_type / version / f"{name}.schema.json")
    return found


def composed(output: Json, task_type: str = SHIPPING) -> Json:
    """The schema of a channel's callbacks."""
    return model(task_type, "v1", _read(SCHEMAS / "callback.schema.json"), output)


def shipping_channel(**changes: Any) -> Channel:
    known: Json = {
        "task_type": SHIPPING,
        "enabled": True,
        "topic_arn": TOPIC_ARN,
        "partner_accounts": frozenset({"222222222222"}),
        "callback_url": CALLBACK_URL,
        "callback_id_required": False,
        "max_output_bytes": 65_536,
        "timeout_seconds": 86_400,
        "heartbeat_seconds": None,
        "message_version": "v1",
        "versions": {
            "v1": Contract(json.dumps(schema("request")), json.dumps(composed(schema("output"))))
        },
    }
    return Channel(**known | changes)


def registration(channel: Channel) -> dict[str, Any]:
    """The item that modules/callback-channel writes for the channel."""
    item: dict[str, Any] = {
        "order_id": {"S": "#CHANNEL"},
        "task_type": {"S": channel.task_type},
        "auth": {"S": "AWS_IAM"},
        "callback_id_required": {"BOOL": channel.callback_id_required},
        "callback_url": {"S": channel.callback_url},
        "enabled": {"BOOL": channel.enabled},
        "max_output_bytes": {"N": str(channel.max_output_bytes)},
        "message_version": {"S": channel.message_version},
        "partners": {
            "M": {
                "sentinel-review": {
                    "M": {
                        "client_secret_arn": {"S": f"{SECRETS}:client"},
                        "signing_secret_arn": {"S": f"{SECRETS}:signing"},
                        "webhook_url": {"S": "https://hooks.example.com"},
                    }
                },
                **{
                    f"partner-of-{client}": {
                        "M": {
                            "client_ids": {"L": [{"S": client}]},
                            "source_ranges": {"L": [{"S": each} for each in ranges]},
                        }
                    }
                    for client, ranges in channel.source_ranges.items()
                },
                **{
                    f"partner-{account_id}": {
                        "M": {
                            "account_id": {"S": account_id},
                            "callback_role_arn": {"S": f"{ROLES}/partner-{account_id}"},
                            "external_id": {"S": f"external-id-of-{account_id}"},
                        }
                    }
                    for account_id in channel.partner_accounts
                },
            }
        },
        "route": {"S": f"/externalCallback/{channel.task_type}"},
        "timeout_seconds": {"N": str(channel.timeout_seconds)},
        "topic_arn": {"S": channel.topic_arn},
        "versions": {
            "M": {
                name: {
                    "M": {"callback": {"S": contract.callback}, "request": {"S": contract.request}}
                }
                for name, contract in channel.versions.items()
            }
        },
    }
    if channel.reporters:
        item["reporters"] = {"L": [{"S": reporter} for reporter in sorted(channel.reporters)]}
    if channel.heartbeat_seconds is not None:
        item["heartbeat_seconds"] = {"N": str(channel.heartbeat_seconds)}
    return item


def as_earlier(item: dict[str, Any]) -> dict[str, Any]:
    """A registration as it was before it had what partners are told."""
    for partner in item["partners"]["M"].values():
        for name in partner["M"].keys() & TOLD_TO_PARTNERS:
            del partner["M"][name]
    return item


def example(kind: str, name: str, task_type: str = SHIPPING, version: str = "v1") -> Any:
    return _read(SCHEMAS / task_type / version / "examples" / kind / f"{name}.json")


def _read(path: Path) -> Any:
    return json.loads(path.read_text())
