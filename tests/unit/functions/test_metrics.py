"""All functions together emit what the table of metrics says, and nothing else."""

import base64
import json
import time
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from callbacks.adapters.aws import client
from callbacks.adapters.public_http import Response
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.task import CallbackTask, TaskKey, claimed
from callbacks.usecases.receive import Receiver

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.cloud import PREFIX
from tests.support.deployed import Deployed
from tests.support.functions import (
    NAMES,
    SIGNING_SECRET,
    SUCCESS,
    callback_event,
    dispatch_event,
    execution_event,
    redelivery_event,
    redelivery_message,
    webhook_message,
)
from tests.support.metrics import EMITTED, readings
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY, PRINCIPAL, SHIPPED, pending

HOUR_AGO = int(time.time()) - 3600
REPORTER = "AROAREPORTER"
FAILURE = {
    **{name: SUCCESS[name] for name in ("order_id", "task_type")},
    "task_status": "FAILURE",
    "task_error": {"code": "LOST", "message": "the parcel was lost", "retryable": False},
}


def waiting(order_id: str, **changes: Any) -> CallbackTask:
    known = {"requested_at": HOUR_AGO * 1000, "timeout_seconds": 86_400}
    return pending(key=TaskKey(order_id, SHIPPING), **known | changes)


def dispatch(deployed: Deployed) -> None:
    deployed.call("sns_callback", dispatch_event())
    with suppress(Exception):
        deployed.call("sns_callback", {})
    with intercepted("sns") as sns, suppress(Exception):
        sns.refuse("Publish", "InternalError", status=500)
        deployed.call("sns_callback", dispatch_event())


def call_back(deployed: Deployed) -> None:
    """Taken, refused, failed, too late, and held."""
    for body, order_id, requested_at in (
        (SUCCESS, "succeeded", HOUR_AGO * 1000),
        (FAILURE, "failed", HOUR_AGO * 1000),
        (SUCCESS, "late", 1000),
    ):
        deployed.given(waiting(order_id, requested_at=requested_at))
        deployed.call("external_callback", callback_event({**body, "order_id": order_id}))
    deployed.given(waiting("held"))
    with patch.object(StepFunctions, "complete", side_effect=DependencyUnavailable("SendTask")):
        deployed.call("external_callback", callback_event({**SUCCESS, "order_id": "held"}))
    with patch.object(Receiver, "take", side_effect=RuntimeError):
        deployed.call("external_callback", callback_event(SUCCESS))


def report(deployed: Deployed) -> None:
    task = deployed.given(waiting("reported"))
    body = {
        "order_id": task.key.order_id,
        "task_type": SHIPPING,
        "callback_id": task.callback_id,
        "reason": "the endpoint responded with 410",
    }
    event = redelivery_event(json.dumps(body))
    event["Records"][0]["attributes"]["SenderId"] = f"{REPORTER}:function"
    deployed.call("external_callback", event)


def deliver(deployed: Deployed) -> None:
    secret = json.dumps({"current": "whsec_" + base64.b64encode(b"a" * 32).decode()})
    client("secretsmanager").create_secret(Name=SIGNING_SECRET, SecretString=secret)
    deployed.given(waiting(KEY.order_id))
    for status in (200, 410):
        with patch("callbacks.adapters.webhook.exchange", return_value=Response(status, None)):
            deployed.call("deliver_webhook", redelivery_event(webhook_message()))


def sweep(deployed: Deployed) -> None:
    """A wait, one in vain, and an outcome that is due."""
    deployed.given(waiting("open"))
    deployed.given(waiting("overdue", requested_at=1000))
    deployed.given(claimed(waiting("due"), SHIPPED, PRINCIPAL, HOUR_AGO))
    deployed.call("sweep_due_callbacks", {})


def redeliver(deployed: Deployed) -> None:
    task = deployed.given(claimed(waiting("redelivered"), SHIPPED, PRINCIPAL, HOUR_AGO))
    deployed.call("redeliver_callback", redelivery_event(redelivery_message(task)))


def close(deployed: Deployed) -> None:
    given = json.dumps({"order_id": "open"})
    deployed.call("close_execution", execution_event(EXECUTION, "ABORTED", input=given))


def test_all_functions_emit_what_the_table_says_and_nothing_else(deployed: Deployed) -> None:
    deployed.aws.register(
        shipping_channel(topic_arn=deployed.aws.topic_arn, reporters=frozenset({REPORTER}))
    )

    # The sweep comes before anything is held that was claimed just now.
    for step in (deliver, dispatch, sweep, call_back, report, redeliver, close):
        step(deployed)
    for name in NAMES:
        with suppress(Exception):
            deployed.call(name, {})

    found = list(readings(deployed.lines()))
    assert {reading.metric for reading in found} == EMITTED
    assert {reading.namespace for reading in found} == {f"CallbackChannels/{PREFIX}"}
