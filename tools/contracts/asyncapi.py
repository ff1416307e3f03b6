"""What is sent to partners as AsyncAPI 3.1: by SNS to those with AWS, to the others' webhooks."""

from collections.abc import Mapping
from typing import Any

from tools.contracts import components, compose, event, webhook
from tools.contracts.channels import Channel, Contract

SNS, WEBHOOKS = "sns", "webhooks"

SERVERS: Mapping[str, Any] = {
    SNS: {
        "host": "sns.{region}.amazonaws.com",
        "protocol": "sns",
        "description": "Topics of the platform's account; a partner with AWS subscribes its queue.",
        "variables": {"region": {"default": "eu-west-1"}},
    },
    WEBHOOKS: {
        "host": "{host}",
        "protocol": "https",
        "description": "The endpoint of a partner without AWS, at the address that it gave.",
        "variables": {"host": {"default": "partner.example.com"}},
        "security": [{"$ref": f"#/components/securitySchemes/{webhook.SCHEME}"}],
    },
}


def document(channels: list[Channel]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for channel in channels:
        for contract in channel.contracts:
            name = compose.model_name(channel.task_type, contract.name)
            schemas |= components.message(channel, contract, name)
            messages[name] = _message(channel, contract, name)
    used = {_server(channel) for channel in channels}
    signed = {webhook.SCHEME: {**webhook.SECURITY, "type": "httpApiKey"}}
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Callback channels",
            "version": "1",
            "description": "What the platform sends to partners whose work its workflows wait for.",
        },
        "defaultContentType": webhook.CONTENT_TYPE,
        "servers": {name: server for name, server in SERVERS.items() if name in used},
        "channels": {channel.task_type: _channel(channel) for channel in channels},
        "operations": {
            f"request{compose.model_name(channel.task_type, '')}": _operation(channel)
            for channel in channels
        },
        "components": {
            "messages": messages,
            "schemas": schemas,
            **({"securitySchemes": signed} if WEBHOOKS in used else {}),
        },
    }


def _server(channel: Channel) -> str:
    return WEBHOOKS if channel.settings["auth"] == "OAUTH2" else SNS


def _channel(channel: Channel) -> dict[str, Any]:
    parameters: Mapping[str, Mapping[str, str]]
    if _server(channel) == SNS:
        address = f"{{prefix}}-{channel.slug}"
        parameters = {"prefix": {"description": "The name prefix of the environment's resources."}}
    else:
        address = "/{path}"
        parameters = {"path": {"description": "The rest of the address that the partner gave."}}
    return {
        "address": address,
        "title": channel.name,
        "description": channel.contracts[-1].request["description"],
        "servers": [{"$ref": f"#/servers/{_server(channel)}"}],
        "parameters": parameters,
        "messages": {
            contract.name: {
                "$ref": "#/components/messages/"
                + compose.model_name(channel.task_type, contract.name)
            }
            for contract in channel.contracts
        },
    }


def _operation(channel: Channel) -> dict[str, Any]:
    posted = {"bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}}}
    return {
        "action": "send",
        "summary": f"Ask partners for the work of {channel.task_type}.",
        "channel": {"$ref": f"#/channels/{channel.task_type}"},
        "messages": [
            {"$ref": f"#/channels/{channel.task_type}/messages/{contract.name}"}
            for contract in channel.contracts
        ],
        **(posted if _server(channel) == WEBHOOKS else {}),
    }


def _message(channel: Channel, contract: Contract, name: str) -> dict[str, Any]:
    headers, example = _headers(channel)
    return {
        "name": name,
        "title": f"{channel.name}, {contract.name}",
        "summary": "A CloudEvent 1.0 that asks for one unit of work.",
        "headers": headers,
        "payload": components.reference(f"{name}Message"),
        "examples": [{"headers": example, "payload": event.example(channel, contract)}],
    }


def _headers(channel: Channel) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The schema of a message's headers, and an example."""
    if _server(channel) == WEBHOOKS:
        return {
            "type": "object",
            "description": f"Headers of the POST, as {webhook.SPECIFICATION} says.",
            "required": list(webhook.REQUIRED),
            "properties": dict(webhook.HEADERS),
        }, webhook.EXAMPLE
    return {
        "type": "object",
        "description": "SNS message attributes, for filter policies.",
        "required": ["order_id", "task_type"],
        "properties": {
            "order_id": {"type": "string"},
            "task_type": {"type": "string", "enum": [channel.task_type]},
        },
    }, {"order_id": event.EXAMPLE_ORDER, "task_type": channel.task_type}
