"""Who keeps a subscription: the platform's own account and the partners of the channel."""

from dataclasses import dataclass

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Subscription
from callbacks.usecases.end_subscriptions import end_subscriptions

from tests.support.fakes import FakeSubscriptions

PLATFORM, PARTNER, FORMER = "111111111111", "222222222222", "333333333333"
GIFTS, FLOWERS = (f"arn:aws:sns:eu-west-1:{PLATFORM}:{name}" for name in ("gifts", "flowers"))


@dataclass(frozen=True)
class Channel:
    topic_arn: str = GIFTS
    partner_accounts: frozenset[str] = frozenset({PARTNER})


def subscription(owner: str, topic_arn: str = GIFTS) -> Subscription:
    return Subscription(f"{topic_arn}:{owner}", owner, f"arn:aws:sqs:eu-west-1:{owner}:orders")


def test_a_partner_that_has_left_is_unsubscribed_and_no_other() -> None:
    kept = [subscription(PLATFORM), subscription(PARTNER)]
    subscriptions = FakeSubscriptions({GIFTS: [subscription(FORMER), *kept]})

    assert list(end_subscriptions([Channel()], subscriptions)) == [subscription(FORMER)]

    assert subscriptions.subscriptions == {GIFTS: kept}


def test_a_partner_of_another_channel_is_none_of_this() -> None:
    channels = [Channel(), Channel(FLOWERS, frozenset({FORMER}))]
    subscriptions = FakeSubscriptions({GIFTS: [subscription(FORMER)]})

    assert list(end_subscriptions(channels, subscriptions)) == [subscription(FORMER)]


def test_a_channel_without_partners_has_no_subscriber() -> None:
    subscriptions = FakeSubscriptions({GIFTS: [subscription(PARTNER)]})

    assert list(end_subscriptions([Channel(partner_accounts=frozenset())], subscriptions))

    assert subscriptions.subscriptions == {GIFTS: []}


def test_a_topic_that_cannot_be_read_keeps_no_other_from_being_looked_at() -> None:
    former = subscription(FORMER, FLOWERS)
    subscriptions = FakeSubscriptions({FLOWERS: [former]}, unavailable={GIFTS})
    ended: list[Subscription] = []

    with pytest.raises(DependencyUnavailable):
        ended.extend(end_subscriptions([Channel(), Channel(FLOWERS)], subscriptions))

    assert subscriptions.subscriptions == {FLOWERS: []}
