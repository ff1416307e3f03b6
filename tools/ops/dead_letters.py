"""What is in the dead-letter queues, and why; nothing is removed by looking."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from callbacks.adapters.sqs_queues import SQSDeadLetters
from callbacks.domain.ports import Letter
from callbacks.domain.task import CallbackTask, OutcomeStatus, TaskKey
from callbacks.usecases.dead_letters import batches

from tools import Json
from tools.ops.channels import NotFoundError, Registration, registrations
from tools.ops.open_tasks import OpenTasks
from tools.ops.place import Place
from tools.ops.timeline import instant

OF_THE_PLATFORM = ("close-execution", "redelivery", "reports")


def queues(channels: Sequence[Registration]) -> list[str]:
    """The names of all dead-letter queues of an environment."""
    webhooks = (
        f"{channel.task_type}/{name}" for channel in channels for name in channel.webhook_partners
    )
    return [*OF_THE_PLATFORM, *webhooks]


def known(place: Place, queue: str) -> str:
    """The queue's URL. Raises NotFoundError if there is no such queue."""
    names = queues(registrations(place))
    if queue not in names:
        raise NotFoundError(f"There is no queue {queue}. There are: {', '.join(names)}.")
    return _url(place, queue)


def counts(place: Place, names: Sequence[str]) -> list[Json]:
    """How many letters each queue has, those in hand included."""
    return [{"queue": name, "letters": _count(place, name)} for name in names]


def letters(place: Place, queue: str, limit: int) -> list[Letter]:
    """Up to `limit` letters, the oldest first; they are shown to others again."""
    source = SQSDeadLetters(lambda: place.client("sqs"), known(place, queue))
    found: list[Letter] = []
    try:
        for batch in batches(source):
            found += batch
            if len(found) >= limit:
                break
    finally:
        for letter in found:
            source.release(letter)
    return sorted(found, key=lambda letter: letter.sent_at)[:limit]


def as_json(letter: Letter) -> Json:
    """Whose it is and why it is there: bodies hold what partners were sent or said."""
    about = _about(letter)
    return {
        "id": letter.id,
        "sent_at": instant(letter.sent_at / 1000),
        "receives": letter.receives,
        "order_id": about.get("order_id"),
        "task_type": about.get("task_type"),
        "execution_arn": about.get("execution_arn"),
        "reason": about.get("reason"),
    }


def dead_lettered(place: Place, tasks: OpenTasks, older_than: int | None) -> list[CallbackTask]:
    """Tasks whose outcome redelivery gave up: no index has them, but their letters name them."""
    keys = []
    for letter in letters(place, "redelivery", 10_000):
        about = _about(letter)
        if about.get("order_id") and about.get("task_type") in tasks.task_types:
            keys.append(TaskKey(about["order_id"], about["task_type"]))
    now = time.time()
    found = [
        task
        for task in tasks.records(list(dict.fromkeys(keys)))
        if task.outcome_status is OutcomeStatus.DEAD_LETTERED
        and (older_than is None or now - task.requested_at / 1000 > older_than)
    ]
    return sorted(found, key=lambda task: task.requested_at)


def _about(letter: Letter) -> dict[str, Any]:
    """From a redelivery or a report, a CloudEvent, or the end of an execution."""
    reason = letter.attributes.get("reason") or letter.attributes.get("ErrorCode")
    try:
        document = json.loads(letter.body)
        ended = document.get("requestPayload", document).get("detail")
        response = document.get("responsePayload")
    except (ValueError, AttributeError):
        return {"reason": reason or "it is no JSON object"}
    if isinstance(ended, dict):
        failed = response.get("errorType") if isinstance(response, dict) else None
        return {
            "execution_arn": ended.get("executionArn"),
            "order_id": _order_of(ended.get("input")),
            "reason": failed or reason or "the function did not take it",
        }
    return {
        "order_id": document.get("order_id") or document.get("subject"),
        "task_type": document.get("task_type") or document.get("tasktype"),
        "reason": reason or document.get("reason"),
    }


def _order_of(text: Any) -> str | None:
    try:
        order_id = json.loads(text)["order_id"]
    except (ValueError, TypeError, KeyError):
        return None
    return order_id if isinstance(order_id, str) else None


def _count(place: Place, queue: str) -> int | None:
    """None for a queue that is not there (yet)."""
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    try:
        attributes = place.client("sqs").get_queue_attributes(
            QueueUrl=_url(place, queue), AttributeNames=wanted
        )["Attributes"]
    except ClientError as error:
        if error.response["Error"]["Code"].endswith(("NonExistentQueue", "QueueDoesNotExist")):
            return None
        raise
    return sum(int(attributes[name]) for name in wanted)


def _url(place: Place, queue: str) -> str:
    name = place.dead_letter_queue(queue)
    return str(place.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])
