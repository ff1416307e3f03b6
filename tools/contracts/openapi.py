"""The callback API as OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any

from callbacks.runtime.problems import Problem

from tools.contracts import compose, event, responses
from tools.contracts.channels import Channel, Contract

SIGV4, OAUTH2 = "sigv4", "oauth2"


def document(channels: list[Channel]) -> dict[str, Any]:
    components: dict[str, Any] = {
        "Accepted": responses.ACCEPTED_SCHEMA,
        "Problem": responses.PROBLEM_SCHEMA,
    }
    paths: dict[str, Any] = {}
    for channel in channels:
        for contract in channel.contracts:
            name = compose.model_name(channel.task_type, contract.name)
            definitions, model = detached(contract.model, name, "#/components/schemas/")
            components |= {**definitions, name: model}
            paths[contract.route(channel.task_type)] = {"post": _operation(channel, contract, name)}
    oauth2 = [channel for channel in channels if channel.settings["auth"] == "OAUTH2"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Callback channels",
            "version": "1",
            "description": "Partners report here on the work that they were asked for.",
        },
        "servers": [
            {
                "url": "https://{host}/{stage}",
                "description": "Every message carries the whole address as its callbackurl.",
                "variables": {
                    "host": {"default": "api.example.com"},
                    "stage": {"default": "prod"},
                },
            }
        ],
        "tags": [
            {"name": channel.task_type, "description": channel.contracts[-1].output["description"]}
            for channel in channels
        ],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {problem.slug: _problem(problem) for problem in responses.PROBLEMS},
            "securitySchemes": {
                SIGV4: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Signature Version 4 for the service execute-api, with the "
                    "credentials of the channel's callback role.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
                **(_oauth2(oauth2) if oauth2 else {}),
            },
        },
    }


def detached(
    schema: Mapping[str, Any], name: str, place: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema's definitions under names of their own, and the schema with references there."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: f"{place}{name}{inner.rpartition('/')[2]}"
                if key == "$ref" and isinstance(inner, str)
                else moved(inner)
                for key, inner in value.items()
            }
        return [moved(inner) for inner in value] if isinstance(value, list) else value

    definitions = {name + key: moved(part) for key, part in schema.get("definitions", {}).items()}
    rest = {key: part for key, part in schema.items() if key not in {"$schema", "definitions"}}
    return definitions, moved(rest)


def _operation(channel: Channel, contract: Contract, model: str) -> dict[str, Any]:
    auth = {OAUTH2: [channel.scope]} if channel.settings["auth"] == "OAUTH2" else {SIGV4: []}
    required = channel.settings["require_callback_id"]
    return {
        "operationId": f"report{model}",
        "summary": f"Report on a task of {channel.task_type}",
        "tags": [channel.task_type],
        "security": [auth],
        "parameters": [
            {
                "name": "callback_id",
                "in": "query",
                "description": "The id of the message; its callbackurl carries it. "
                + ("Required here, or in the body." if required else "Also taken from the body."),
                "schema": {"type": "string", "minLength": 1, "maxLength": 64},
            },
            {
                "name": "traceparent",
                "in": "header",
                "description": "The trace that you call back in (W3C Trace Context), such as that "
                "of the message. One of another form is ignored.",
                "schema": {"type": "string"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{model}"},
                    "examples": {
                        kind: {"value": value}
                        for kind, value in event.callbacks(channel, contract).items()
                    },
                }
            },
        },
        "responses": {
            **{str(status): _accepted(status) for status in (200, 202)},
            **{
                str(problem.status): {"$ref": f"#/components/responses/{problem.slug}"}
                for problem in responses.PROBLEMS
            },
        },
    }


def _accepted(status: int) -> dict[str, Any]:
    successes = [success for success in responses.SUCCESSES if success.status == status]
    return {
        "description": " ".join(f"{success.result}: {success.when}" for success in successes),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Accepted"}}},
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "description": f"{problem.when} {problem.action}",
        **(
            {
                "headers": {
                    "Retry-After": {
                        "description": "Seconds to wait before the next try.",
                        "schema": {"type": "integer"},
                    }
                }
            }
            if problem.retry_after_seconds is not None
            else {}
        ),
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _oauth2(channels: list[Channel]) -> dict[str, Any]:
    return {
        OAUTH2: {
            "type": "oauth2",
            "description": "Each partner is told the token's address with its credentials.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "https://auth.example.com/oauth2/token",
                    "scopes": {
                        channel.scope: f"Report on tasks of {channel.task_type}"
                        for channel in channels
                    },
                }
            },
        }
    }
