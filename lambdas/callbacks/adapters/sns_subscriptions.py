"""Subscriptions to topics on SNS."""

from collections.abc import Iterator

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Subscription


class SNSSubscriptions:
    """Subscriptions over SNS; `client` makes or returns a client of SNS."""

    def __init__(self, client: ClientFactory) -> None:
        self._client = client

    def to(self, topic_arn: str) -> Iterator[Subscription]:
        with unavailable(DependencyUnavailable, "ListSubscriptionsByTopic"):
            pages = self._client().get_paginator("list_subscriptions_by_topic")
            found = [
                Subscription(each["SubscriptionArn"], each["Owner"], each["Endpoint"])
                for page in pages.paginate(TopicArn=topic_arn)
                for each in page["Subscriptions"]
            ]
        # PendingConfirmation stands in an ARN's place.
        yield from (each for each in found if each.arn.startswith("arn:"))

    def end(self, subscription: Subscription) -> None:
        with unavailable(DependencyUnavailable, "Unsubscribe"):
            self._client().unsubscribe(SubscriptionArn=subscription.arn)
