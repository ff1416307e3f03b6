"""The headers of the POST that brings a message to a webhook: Standard Webhooks, and the trace."""

from collections.abc import Mapping
from typing import Any

from tools.contracts.event import EXAMPLE_ID, EXAMPLE_TIME, EXAMPLE_TRACE

CONTENT_TYPE = "application/cloudevents+json"
SPECIFICATION = "https://www.standardwebhooks.com"
SIGNATURE = "webhook-signature"
SCHEME = "standardWebhooks"
SECURITY: Mapping[str, str] = {
    "name": SIGNATURE,
    "in": "header",
    "description": "A message to a webhook is signed with the secret that its partner was given: "
    f"{SPECIFICATION}.",
}
REQUIRED = ("webhook-id", "webhook-timestamp", SIGNATURE)

HEADERS: Mapping[str, Mapping[str, Any]] = {
    "webhook-id": {
        "type": "string",
        "description": "The id of the message: the same each time that it comes.",
    },
    "webhook-timestamp": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "When it was sent, in seconds since 1970. Refuse one that is not of now.",
    },
    SIGNATURE: {
        "type": "string",
        "pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
        "description": "HMAC-SHA256 of id, timestamp and body, in Base64; two, with a space "
        "between, while the secret is rotated. One that matches is enough.",
    },
    "traceparent": {
        "type": "string",
        "description": "The trace that the message belongs to (W3C Trace Context), if any.",
    },
}

EXAMPLE: Mapping[str, str] = {
    "webhook-id": EXAMPLE_ID,
    "webhook-timestamp": str(int(EXAMPLE_TIME.timestamp())),
    SIGNATURE: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "traceparent": EXAMPLE_TRACE.traceparent,
}
