"""Each port twice: as the use cases' tests have it, in memory, and as AWS has it, on moto."""

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.erasure import DynamoDBErasure
from callbacks.adapters.open_work import DynamoDBOpenWork
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.adapters.task_table import (
    DynamoDBOpenAttempts,
    DynamoDBTaskOverview,
    DynamoDBTasks,
)
from callbacks.domain.ports import Orders

from tests.support.channels import example
from tests.support.cloud import ORDERS, TASKS, Cloud
from tests.support.fakes import FakeErasure, FakeOpenWork, FakeOrders, FakeTaskOverview, FakeTasks
from tests.support.ports import IMPLEMENTATIONS, Erasable, Records


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Nothing here may reach a service."""


@pytest.fixture(params=IMPLEMENTATIONS)
def records(request: pytest.FixtureRequest) -> Records:
    """Tasks of channels that are registered; no task is there yet."""
    if request.param == "fake":
        tasks = FakeTasks()
        return Records(tasks, tasks, FakeTaskOverview(tasks), FakeOpenWork(tasks))
    aws: Cloud = request.getfixturevalue("aws")
    aws.register()
    dynamodb = lazy("dynamodb")
    return Records(
        DynamoDBTasks(dynamodb, TASKS),
        DynamoDBOpenAttempts(dynamodb, TASKS),
        DynamoDBTaskOverview(dynamodb, TASKS),
        DynamoDBOpenWork(dynamodb, TASKS),
    )


@pytest.fixture(params=IMPLEMENTATIONS)
def erasable(request: pytest.FixtureRequest) -> Erasable:
    if request.param == "fake":
        tasks = FakeTasks()
        fake = FakeOrders({"order-1": {"order_contents": example("valid", "request")}})
        return Erasable(tasks, fake, FakeErasure(tasks, fake))
    aws: Cloud = request.getfixturevalue("aws")
    aws.put_order("order-1")
    dynamodb = lazy("dynamodb")
    return Erasable(
        DynamoDBTasks(dynamodb, TASKS),
        DynamoDBOrders(dynamodb, ORDERS),
        DynamoDBErasure(dynamodb, TASKS, ORDERS),
    )


@pytest.fixture(params=IMPLEMENTATIONS)
def orders(request: pytest.FixtureRequest) -> Orders:
    """One order, `order-1`."""
    if request.param == "fake":
        return FakeOrders({"order-1": {"order_contents": example("valid", "request")}})
    aws: Cloud = request.getfixturevalue("aws")
    aws.put_order("order-1")
    return DynamoDBOrders(lazy("dynamodb"), ORDERS)
