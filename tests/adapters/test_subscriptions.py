"""Subscriptions: those of all pages that are confirmed, and no longer there once ended."""

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.sns_subscriptions import SNSSubscriptions
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Subscription, Subscriptions

from tests.support.cloud import Cloud
from tests.support.fakes import FakeSubscriptions
from tests.support.ports import IMPLEMENTATIONS
from tests.support.services import intercepted


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_subscription_that_is_ended_is_gone_and_no_other(
    implementation: str, request: pytest.FixtureRequest
) -> None:
    topic_arn = "arn:aws:sns:eu-west-1:111111111111:topic"
    subscriptions: Subscriptions = FakeSubscriptions(
        {topic_arn: [Subscription(f"{topic_arn}:{name}", "1", name) for name in ("a", "b")]}
    )
    if implementation == "aws":
        aws: Cloud = request.getfixturevalue("aws")
        topic_arn = aws.sns.create_topic(Name="subscribed")["TopicArn"]
        for name in ("a", "b"):
            queue = f"arn:aws:sqs:eu-west-1:111111111111:{name}"
            aws.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue)
        subscriptions = SNSSubscriptions(lazy("sns"))
    first, second = subscriptions.to(topic_arn)

    subscriptions.end(first)

    assert list(subscriptions.to(topic_arn)) == [second]


@pytest.mark.usefixtures("identity")
def test_the_subscriptions_are_those_of_all_pages_that_are_confirmed() -> None:
    def page(*arns: str, more: str | None = None) -> dict[str, object]:
        listed = [
            {"SubscriptionArn": arn, "Owner": "222222222222", "Protocol": "sqs", "Endpoint": "q"}
            for arn in arns
        ]
        return {"Subscriptions": listed} | ({"NextToken": more} if more else {})

    with intercepted("sns") as sns:
        sns.answers["ListSubscriptionsByTopic"] = [
            page("PendingConfirmation", "arn:1", more="more"),
            page("arn:2"),
        ]
        found = list(SNSSubscriptions(lazy("sns")).to("topic"))

    assert found == [Subscription(arn, "222222222222", "q") for arn in ("arn:1", "arn:2")]


@pytest.mark.usefixtures("identity")
def test_what_sns_refuses_is_unavailable() -> None:
    subscriptions = SNSSubscriptions(lazy("sns"))
    with intercepted("sns") as sns:
        sns.refuse("ListSubscriptionsByTopic", "Throttled")
        sns.refuse("Unsubscribe", "Throttled")

        with pytest.raises(DependencyUnavailable, match="ListSubscriptionsByTopic: Throttled"):
            list(subscriptions.to("topic"))
        with pytest.raises(DependencyUnavailable, match="Unsubscribe: Throttled"):
            subscriptions.end(Subscription("arn:1", "222222222222", "q"))
