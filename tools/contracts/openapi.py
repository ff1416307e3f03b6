"""The callback API as OpenAPI 3.1."""

from typing import Any

from callbacks.runtime.problems import Problem

from tools.contracts import components, compose, event, responses, webhook
from tools.contracts.channels import Channel, Contract

ABOUT = {
    "contact": {"name": "The platform's team"},
    "license": {"name": "For the platform's partners", "identifier": "LicenseRef-Partners"},
}
SIGV4, OAUTH2 = "sigv4", "oauth2"
SIGNED_FOR_AWS = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "Signature Version 4 for the service execute-api, with the credentials of the "
    "channel's callback role.",
    "x-amazon-apigateway-authtype": "awsSigv4",
}
EXAMPLE_REQUEST = "7f9c2ba4-e88f-4827-a5c0-0e3f3e4d7c11"


def document(channels: list[Channel]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    webhooks: dict[str, Any] = {}
    for channel in channels:
        for contract in channel.contracts:
            name = compose.model_name(channel.task_type, contract.name)
            schemas |= components.callback(contract, name)
            paths[contract.route(channel.task_type)] = {"post": _operation(channel, contract, name)}
            if channel.settings["auth"] == "OAUTH2":
                schemas |= components.message(channel, contract, name)
                webhooks[f"request{name}"] = {"post": _webhook(channel, contract, name)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Callback channels",
            "version": "1",
            "description": "Partners report here on the work that they were asked for.",
            **ABOUT,
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
        "webhooks": webhooks,
        "components": _components(channels, schemas) if channels else {},
    }


def _components(channels: list[Channel], schemas: dict[str, Any]) -> dict[str, Any]:
    auths = {channel.settings["auth"] for channel in channels}
    return {
        "schemas": {
            "Accepted": responses.ACCEPTED_SCHEMA,
            "Problem": responses.PROBLEM_SCHEMA,
            **schemas,
        },
        "responses": {problem.slug: _problem(problem) for problem in responses.PROBLEMS},
        "securitySchemes": {
            **({SIGV4: SIGNED_FOR_AWS} if "AWS_IAM" in auths else {}),
            **(_oauth2(channels) if "OAUTH2" in auths else {}),
        },
    }


def _operation(channel: Channel, contract: Contract, model: str) -> dict[str, Any]:
    auth = {OAUTH2: [channel.scope]} if channel.settings["auth"] == "OAUTH2" else {SIGV4: []}
    required = channel.settings["require_callback_id"]
    return {
        "operationId": f"report{model}",
        "summary": f"Report on a task of {channel.task_type}",
        "description": "Post it to the callbackurl of the message. The same outcome may be sent "
        "again at any time.",
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
                    "schema": components.reference(model),
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


def _webhook(channel: Channel, contract: Contract, name: str) -> dict[str, Any]:
    return {
        "operationId": f"request{name}",
        "summary": f"Ask for the work of {channel.task_type}",
        "description": f"A POST to the partner's webhook, signed as {webhook.SPECIFICATION} says. "
        "Verify it, store it, return 2xx at once, and do the work once for each workid.",
        "tags": [channel.task_type],
        "security": [{webhook.SCHEME: []}],
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": header in webhook.REQUIRED,
                "description": schema["description"],
                "schema": {key: part for key, part in schema.items() if key != "description"},
                "example": webhook.EXAMPLE[header],
            }
            for header, schema in webhook.HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                webhook.CONTENT_TYPE: {
                    "schema": components.reference(f"{name}Message"),
                    "example": event.example(channel, contract),
                }
            },
        },
        "responses": {
            "2XX": {"description": "The message is taken, and is not sent again."},
            "401": {"description": "No signature matches. The message is sent again."},
            "410": {
                "description": "You do no more of this work. The message is not sent again, and "
                "the task fails if the channel has no other partner."
            },
            "default": {
                "description": "The message is sent again, with growing pauses, and not before "
                "Retry-After, if that is given."
            },
        },
    }


def _accepted(status: int) -> dict[str, Any]:
    successes = [success for success in responses.SUCCESSES if success.status == status]
    return {
        "description": " ".join(f"{success.result}: {success.when}" for success in successes),
        "content": {"application/json": {"schema": components.reference("Accepted")}},
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
            "application/problem+json": {
                "schema": components.reference("Problem"),
                "example": {
                    "type": problem.type,
                    "title": problem.title,
                    "status": problem.status,
                    "detail": problem.when,
                    "request_id": EXAMPLE_REQUEST,
                },
            }
        },
    }


def _oauth2(channels: list[Channel]) -> dict[str, Any]:
    return {
        webhook.SCHEME: {**webhook.SECURITY, "type": "apiKey"},
        OAUTH2: {
            "type": "oauth2",
            "description": "Each partner is told the token's address with its credentials.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "https://auth.example.com/oauth2/token",
                    "scopes": {
                        channel.scope: f"Report on tasks of {channel.task_type}"
                        for channel in channels
                        if channel.settings["auth"] == "OAUTH2"
                    },
                }
            },
        },
    }
