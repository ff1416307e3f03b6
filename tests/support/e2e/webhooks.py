"""The reference partner without AWS in this process, its webhook as a test says."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from examples.partner_without_aws.service import Api, Partner, serve
from tools import Json
from tools.devenv.walkthrough import Deployment, until
from tools.devenv.webhooks import HandedOver, hand_over


@dataclass
class RecordingApi(Api):
    """Keeps the responses to callbacks, by order."""

    responses: dict[str, requests.Response] = field(default_factory=dict)

    def call_back(self, url: str, body: Json, traceparent: str | None = None) -> requests.Response:
        self.responses[body["order_id"]] = response = super().call_back(url, body, traceparent)
        return response


@dataclass(frozen=True)
class Received:
    """One request to the webhook, and what it was told."""

    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass
class RecordingPartner(Partner):
    """Responds with an order's `statuses` first, and only then takes its message."""

    api: RecordingApi
    statuses: dict[str, list[int]] = field(default_factory=dict)
    received: dict[str, list[Received]] = field(default_factory=dict)

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        order_id = json.loads(body)["subject"]
        statuses = self.statuses.get(order_id)
        status = statuses.pop(0) if statuses else super().take(headers, body)
        self.received.setdefault(order_id, []).append(Received(headers, body, status))
        return status

    def event(self, order_id: str) -> Json:
        """The message about an order, once it is there."""
        received = until(lambda: self.received.get(order_id), "the webhook has the message")
        event: Json = json.loads(received[0].body)
        return event

    def response(self, order_id: str) -> requests.Response:
        """What the API responded to the callback for an order."""
        return until(lambda: self.api.responses.get(order_id), "the response to the callback")


@contextmanager
def listening(
    deployment: Deployment, task_type: str, name: str, port: int, work: Callable[[Json], Json]
) -> Iterator[RecordingPartner]:
    """The partner `name` of a channel, at its webhook."""
    handed = handed_over(deployment, task_type, name)
    partner = RecordingPartner(RecordingApi(**handed.client), handed.signing_secrets, work)
    server = serve(partner, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield partner
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        partner.close()


def handed_over(deployment: Deployment, task_type: str, name: str) -> HandedOver:
    return hand_over(deployment.platform, deployment.outputs["channels"][task_type], name)
