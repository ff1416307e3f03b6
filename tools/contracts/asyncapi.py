"""The topics as AsyncAPI 3.0."""

from typing import Any

from tools.contracts import components, compose, event
from tools.contracts.channels import Channel, Contract


def document(channels: list[Channel]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for channel in channels:
        for contract in channel.contracts:
            name = compose.model_name(channel.task_type, contract.name)
            schemas |= components.message(channel, contract, name)
            messages[name] = _message(channel, contract, name)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Callback channels",
            "version": "1",
            "description": "What the platform sends to partners whose work its workflows wait for.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "sns": {
                "host": "sns.{region}.amazonaws.com",
                "protocol": "sns",
                "description": "Topics of the platform's account; a partner subscribes its queue.",
                "variables": {"region": {"default": "eu-west-1"}},
            }
        },
        "channels": {
            channel.task_type: {
                "address": f"{{prefix}}-{channel.slug}",
                "title": channel.name,
                "description": channel.contracts[-1].request["description"],
                "parameters": {
                    "prefix": {"description": "The name prefix of the environment's resources."}
                },
                "messages": {
                    contract.name: {
                        "$ref": "#/components/messages/"
                        + compose.model_name(channel.task_type, contract.name)
                    }
                    for contract in channel.contracts
                },
            }
            for channel in channels
        },
        "operations": {
            f"request{compose.model_name(channel.task_type, '')}": {
                "action": "send",
                "summary": f"Ask partners for the work of {channel.task_type}.",
                "channel": {"$ref": f"#/channels/{channel.task_type}"},
                "messages": [
                    {"$ref": f"#/channels/{channel.task_type}/messages/{contract.name}"}
                    for contract in channel.contracts
                ],
            }
            for channel in channels
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _message(channel: Channel, contract: Contract, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"{channel.name}, {contract.name}",
        "summary": "A CloudEvent 1.0 that asks for one unit of work.",
        "headers": {
            "type": "object",
            "description": "SNS message attributes, for filter policies.",
            "required": ["order_id", "task_type"],
            "properties": {
                "order_id": {"type": "string"},
                "task_type": {"type": "string", "enum": [channel.task_type]},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{name}Message"},
        "examples": [
            {
                "headers": {"order_id": event.EXAMPLE_ORDER, "task_type": channel.task_type},
                "payload": event.example(channel, contract),
            }
        ],
    }
