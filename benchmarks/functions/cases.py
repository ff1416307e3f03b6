"""One ordinary invocation of each function, on the task and the channel that the tests have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.domain.channel import Channel
from callbacks.domain.task import CallbackTask

from tests.support.functions import (
    SUCCESS,
    callback_event,
    dispatch_event,
    execution_event,
    redelivery_event,
    redelivery_message,
    webhook_message,
)
from tests.support.tasks import EXECUTION, KEY, SHIPPED, completing, pending

WAITING = pending(timeout_seconds=10**9)
CLAIMED = completing(timeout_seconds=10**9)
SIGNED = "AWS4-HMAC-SHA256 Credential=K, SignedHeaders=host;x-callbacks-request, Signature=0"
SWITCH = {
    "action": "switch_channel",
    "reason": "OPS-17",
    "caller": {"Authorization": SIGNED},
    "task_type": KEY.task_type,
    "enabled": True,
}
ORDER = {"order_id": KEY.order_id, "execution_arn": EXECUTION}


@dataclass(frozen=True, kw_only=True)
class Case:
    """`given` is the task as it is found; `calls` are made by every invocation but the first.

    `channel` is the shipping channel of the tests unless it is given.
    """

    function: str
    event: Mapping[str, Any]
    calls: tuple[str, ...]
    given: CallbackTask | None = None
    channel: Channel | None = None


CASES = (
    Case(function="get_order_metadata", event=ORDER, calls=("update_item",)),
    Case(
        function="process_shipping_result",
        event=ORDER | {"shipping": SHIPPED.output},
        calls=("update_item",),
    ),
    Case(function="sns_callback", event=dispatch_event(), calls=("put_item", "publish")),
    Case(
        function="external_callback",
        event=callback_event(SUCCESS, callback_id=WAITING.callback_id),
        calls=("update_item", "send_task_success", "update_item"),
        given=WAITING,
    ),
    Case(
        function="redeliver_callback",
        event=redelivery_event(redelivery_message(CLAIMED)),
        calls=("get_item", "update_item", "send_task_success", "update_item"),
        given=CLAIMED,
    ),
    Case(function="erase_order", event={"order_id": KEY.order_id}, calls=("query", "query")),
    Case(function="operate", event=SWITCH, calls=("get_caller_identity", "update_item")),
    Case(function="rebuild_tasks", event={}, calls=("list_executions",)),
    Case(
        function="end_subscriptions",
        event={},
        calls=("query", "list_subscriptions_by_topic"),
    ),
    Case(function="reconcile_tasks", event={}, calls=("query",) * 5),
    Case(function="sweep_due_callbacks", event={}, calls=("query",) * 21),
    Case(
        function="close_execution",
        event=execution_event(EXECUTION, "ABORTED", input=json.dumps(ORDER)),
        calls=("query", "update_item", "put_item"),
        given=WAITING,
    ),
    Case(
        function="deliver_webhook",
        event=redelivery_event(webhook_message()),
        calls=("get_item", "request"),
        given=WAITING,
    ),
)
