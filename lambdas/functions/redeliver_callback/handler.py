"""Delivers recorded outcomes from the redelivery queue, with backoff and jitter."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.sqs_queues import (
    SQSDeadLetterQueue,
    SQSMessageQueue,
    SQSRedeliveryQueue,
    parse_redelivery,
)
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.errors import DependencyUnavailable
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.records import LoggedTasks
from callbacks.runtime.settings import RedeliverySettings, load
from callbacks.runtime.telemetry import about, count, logger
from callbacks.usecases.backoff import backoff_seconds
from callbacks.usecases.redeliver import Disposition, Redeliverer


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch to its partial failures: messages to be tried again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    retried = [record for record in event["Records"] if not _deliver(record, context)]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in retried]}


def _deliver(record: dict[str, Any], context: Any) -> bool:
    """True if the message is done with."""
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    log = about(context, message_id=record["messageId"])
    try:
        redelivery = parse_redelivery(record["body"])
    except (ValueError, KeyError, TypeError):
        log.exception("REDELIVERY_UNREADABLE")
        _unreadable().send(record["body"], "the message is no redelivery of this platform")
        return True
    log.append_keys(
        order_id=redelivery.key.order_id,
        task_type=redelivery.key.task_type,
        callback_id=redelivery.callback_id,
        tries=tries,
    )
    try:
        disposition = _redeliverer().redeliver(redelivery)
    except DependencyUnavailable as error:
        log.warning("REDELIVERY_UNAVAILABLE", extra={"reason": str(error)})
        disposition = Disposition.RETRY
    if disposition is Disposition.RETRY:
        _pause(record, backoff_seconds(tries))
    log.info("REDELIVERY_TRIED", extra={"disposition": disposition.value})
    count("RedeliveriesTried", redelivery.key.task_type)
    return disposition is Disposition.DONE


def _pause(record: dict[str, Any], seconds: int) -> None:
    """Best effort: without it, the message comes again after the queue's visibility time-out."""
    try:
        _queue().retry_in(record["receiptHandle"], seconds)
    except DependencyUnavailable:
        logger().warning("PAUSE_NOT_SET", exc_info=True)


@cache
def _settings() -> RedeliverySettings:
    return load(RedeliverySettings)


@cache
def _queue() -> SQSRedeliveryQueue:
    return SQSRedeliveryQueue(lazy("sqs"), _settings().redelivery_queue_url)


@cache
def _unreadable() -> SQSMessageQueue:
    return SQSMessageQueue(lazy("sqs"), _settings().dead_letter_queue_url)


@cache
def _redeliverer() -> Redeliverer:
    settings = _settings()
    return Redeliverer(
        store=LoggedTasks(lazy("dynamodb"), settings.callback_table),
        workflow=StepFunctions(lazy("stepfunctions")),
        dead_letters=SQSDeadLetterQueue(lazy("sqs"), settings.dead_letter_queue_url),
        clock=SystemClock(),
    )
