"""ChannelRegistry: the item that Terraform writes, at most a minute old."""

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.domain.channel import Channel
from callbacks.domain.ports import ChannelRegistry

from tests.support.channels import SHIPPING, as_earlier, registration, shipping_channel
from tests.support.cloud import TASKS, Cloud
from tests.support.fakes import FakeChannels, FakeClock
from tests.support.ports import IMPLEMENTATIONS

CHANNELS = {
    "as shipping has it": shipping_channel(),
    "that requires the id": shipping_channel(callback_id_required=True),
    "with heartbeats": shipping_channel(heartbeat_seconds=300),
    "with a reporter": shipping_channel(reporters=frozenset({"AROASENTINEL"})),
    "of no partner with AWS": shipping_channel(partner_accounts=frozenset()),
    "with addresses of a client": shipping_channel(
        source_ranges={"client-1": ["198.51.100.0/24", "2001:db8::/32"]}
    ),
    "disabled": shipping_channel(enabled=False),
    "of two versions": shipping_channel(
        message_version="v2",
        versions={version: shipping_channel().versions["v1"] for version in ("v1", "v2")},
    ),
}


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("channel", CHANNELS.values(), ids=CHANNELS)
def test_a_channel_is_read_as_it_is_registered(
    channel: Channel, implementation: str, request: pytest.FixtureRequest
) -> None:
    registry: ChannelRegistry = FakeChannels({SHIPPING: channel})
    if implementation == "aws":
        aws: Cloud = request.getfixturevalue("aws")
        aws.register(channel)
        registry = DynamoDBChannels(lazy("dynamodb"), TASKS, FakeClock())

    assert registry.get(SHIPPING) == channel
    assert registry.get("OTHER") is None


def test_a_channel_that_an_earlier_version_registered_is_read(aws: Cloud) -> None:
    aws.dynamodb.put_item(TableName=TASKS, Item=as_earlier(registration(shipping_channel())))

    assert (
        DynamoDBChannels(lazy("dynamodb"), TASKS, FakeClock()).get(SHIPPING) == shipping_channel()
    )


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_the_task_types_are_those_of_all_channels(
    implementation: str, request: pytest.FixtureRequest
) -> None:
    types = ["ORDER_BILLING_SERVICE", SHIPPING]
    registry: ChannelRegistry = FakeChannels(dict.fromkeys(types, shipping_channel()))
    if implementation == "aws":
        aws: Cloud = request.getfixturevalue("aws")
        for task_type in types:
            aws.register(shipping_channel(task_type=task_type))
        registry = DynamoDBChannels(lazy("dynamodb"), TASKS, FakeClock())

    assert sorted(registry.task_types()) == types


def test_a_registration_is_kept_for_a_minute(aws: Cloud) -> None:
    clock = FakeClock()
    registry = DynamoDBChannels(lazy("dynamodb"), TASKS, clock)
    aws.register(shipping_channel(enabled=True))
    registry.get(SHIPPING)
    aws.register(shipping_channel(enabled=False))

    clock.advance(59)
    assert registry.get(SHIPPING) == shipping_channel(enabled=True)

    clock.advance(1)
    assert registry.get(SHIPPING) == shipping_channel(enabled=False)


def test_an_absence_is_kept_for_a_minute(aws: Cloud) -> None:
    clock = FakeClock()
    registry = DynamoDBChannels(lazy("dynamodb"), TASKS, clock)
    registry.get(SHIPPING)
    aws.register()

    clock.advance(59)
    assert registry.get(SHIPPING) is None

    clock.advance(1)
    assert registry.get(SHIPPING) == shipping_channel()
