"""Brings the messages of one channel to one partner's webhook."""

from dataclasses import asdict
from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.secrets_manager import SigningSecrets
from callbacks.adapters.sqs_queues import SQSMessageQueue, SQSReportQueue
from callbacks.adapters.task_table import DynamoDBOpenAttempts
from callbacks.adapters.webhook import HttpWebhook
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.message import parse_message
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import WebhookSettings, load
from callbacks.runtime.telemetry import about, emit
from callbacks.usecases.deliver import Delivery, Result, WebhookDeliverer

REQUEUED_AFTER_SECONDS = 7 * 86_400


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS batch to its partial failures: messages to be tried again.

    An operator invokes it with `{"resend": "BODY"}`: nobody but this function may write to its
    queue. Raises ValueError for a body that is no message.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if "resend" in event:
        parse_message(event["resend"])
        _queue().send(event["resend"])
        return {"batchItemFailures": []}
    retried = [record for record in event["Records"] if not _deliver(record, context)]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in retried]}


def _deliver(record: dict[str, Any], context: Any) -> bool:
    """True if the message is done with."""
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    log = about(context, message_id=record["messageId"])
    try:
        message = parse_message(record["body"])
    except ValueError as error:
        log.exception("MESSAGE_UNREADABLE")
        _undelivered().send(record["body"], str(error))
        return True
    log.append_keys(
        order_id=message.key.order_id,
        task_type=message.key.task_type,
        callback_id=message.callback_id,
        tries=tries,
        trace_id=message.trace.trace_id if message.trace else None,
    )
    try:
        delivery = _deliverer().deliver(message, tries)
        _count_try(delivery)
        said = {name: value for name, value in asdict(delivery).items() if value is not None}
        if delivery.retry_in is None:
            log.info("MESSAGE_DONE", extra=said)
            return True
        log.info("MESSAGE_RETRIED", extra=said)
        return _later(record, delivery.retry_in)
    except DependencyUnavailable as error:
        log.warning("DELIVERY_UNAVAILABLE", extra={"reason": str(error)})
        return False


def _count_try(delivery: Delivery) -> None:
    """Of the endpoint; a message of another channel, or that nobody wants, never got there."""
    if delivery.milliseconds is None:
        return
    name = "WebhooksTaken" if delivery.result is Result.TAKEN else "WebhooksRefused"
    dimensions = {"task_type": _settings().task_type, "partner": _settings().partner}
    emit([(name, 1, "Count")], dimensions)


def _later(record: dict[str, Any], retry_in: int) -> bool:
    """A message keeps its age while it is retried, and SQS deletes it at fourteen days."""
    sent_at = int(record["attributes"]["SentTimestamp"]) / 1000
    if SystemClock().now() - sent_at > REQUEUED_AFTER_SECONDS:
        _queue().send(record["body"])
        return True
    _queue().retry_in(record["receiptHandle"], retry_in)
    return False


@cache
def _settings() -> WebhookSettings:
    return load(WebhookSettings)


@cache
def _queue() -> SQSMessageQueue:
    return SQSMessageQueue(lazy("sqs"), _settings().webhook_queue_url)


@cache
def _undelivered() -> SQSMessageQueue:
    return SQSMessageQueue(lazy("sqs"), _settings().dead_letter_queue_url)


@cache
def _deliverer() -> WebhookDeliverer:
    settings, clock = _settings(), SystemClock()
    secrets = SigningSecrets(lazy("secretsmanager"), settings.signing_secret_arn, clock)
    return WebhookDeliverer(
        task_type=settings.task_type,
        webhook=HttpWebhook(
            settings.webhook_url,
            secrets,
            clock,
            loopback=settings.webhook_addresses == "LOOPBACK",
        ),
        tasks=DynamoDBOpenAttempts(lazy("dynamodb"), settings.callback_table),
        reports=SQSReportQueue(lazy("sqs"), settings.report_queue_url),
        undelivered=_undelivered(),
        clock=clock,
        partners=settings.partners,
    )
