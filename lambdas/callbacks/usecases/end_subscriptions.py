"""End the subscriptions of accounts that are no partners any more.

SNS keeps a subscription when the topic's policy no longer allows it.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Subscription, Subscriptions


class Served(Protocol):
    """What is to be known of a channel."""

    @property
    def topic_arn(self) -> str: ...

    @property
    def partner_accounts(self) -> frozenset[str]: ...


def end_subscriptions(
    channels: Iterable[Served], subscriptions: Subscriptions
) -> Iterator[Subscription]:
    """Ends what neither the topic's own account nor a partner's holds, and yields it.

    A topic that fails keeps no other from being looked at. Raises DependencyUnavailable at the end
    if any did.
    """
    failures = []
    for channel in channels:
        allowed = {channel.topic_arn.split(":")[4], *channel.partner_accounts}
        try:
            for subscription in subscriptions.to(channel.topic_arn):
                if subscription.owner not in allowed:
                    subscriptions.end(subscription)
                    yield subscription
        except DependencyUnavailable as error:
            failures.append(error)
    if failures:
        raise failures[0]
