"""Topic: the message as it is, with attributes that a subscription can filter by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Topic

from tests.support.cloud import Cloud
from tests.support.fakes import FakeTopic
from tests.support.ports import IMPLEMENTATIONS

ATTRIBUTES = {"order_id": "order-1", "task_type": "ORDER_SHIPPING_SERVICE"}


@dataclass(frozen=True)
class Published:
    topic: Topic
    received: Callable[[], list[tuple[str, Mapping[str, str]]]]


@pytest.fixture(params=IMPLEMENTATIONS)
def published(request: pytest.FixtureRequest) -> Published:
    if request.param == "fake":
        fake = FakeTopic()
        return Published(fake, lambda: fake.published)
    aws: Cloud = request.getfixturevalue("aws")

    def received() -> list[tuple[str, Mapping[str, str]]]:
        response = aws.sqs.receive_message(
            QueueUrl=aws.partner_queue_url, MessageAttributeNames=["All"]
        )
        return [
            (
                message["Body"],
                {
                    name: attribute["StringValue"]
                    for name, attribute in message["MessageAttributes"].items()
                },
            )
            for message in response.get("Messages", [])
        ]

    return Published(SNSTopic(lazy("sns"), aws.topic_arn), received)


def test_a_message_is_received_as_it_was_published(published: Published) -> None:
    published.topic.publish('{"name": "Máire \u2603"}', ATTRIBUTES)

    assert published.received() == [('{"name": "Máire \u2603"}', ATTRIBUTES)]


def test_a_topic_that_is_not_there_is_unavailable(aws: Cloud) -> None:
    topic = SNSTopic(lazy("sns"), aws.topic_arn + "-gone")

    with pytest.raises(DependencyUnavailable, match="Publish: NotFound"):
        topic.publish("{}", ATTRIBUTES)
