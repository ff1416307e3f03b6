"""Every half an hour, ends the subscriptions of accounts that are no partners any more."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.sns_subscriptions import SNSSubscriptions
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import SubscriptionSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.end_subscriptions import end_subscriptions


def handler(_event: dict[str, Any], context: Any) -> None:
    """Takes any event. Raises DependencyUnavailable; the next run takes up the rest."""
    log, registry = about(context), _registry()
    channels = (registry.get(task_type) for task_type in registry.task_types())
    in_service = (channel for channel in channels if channel is not None)
    for ended in end_subscriptions(in_service, SNSSubscriptions(lazy("sns"))):
        log.warning(
            "SUBSCRIPTION_ENDED", extra={"endpoint": ended.endpoint, "subscription": ended.arn}
        )


@cache
def _registry() -> DynamoDBChannels:
    table = load(SubscriptionSettings).callback_table
    return DynamoDBChannels(lazy("dynamodb"), table, SystemClock(), consistent=True)
