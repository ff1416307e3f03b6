"""Erasure: what was read is removed, and nothing that has changed since."""

from callbacks.domain.ports import OrderTrace
from callbacks.domain.task import TaskKey, expired

from tests.support.channels import SHIPPING
from tests.support.ports import Erasable
from tests.support.tasks import NOW, pending

TASK = pending(key=TaskKey("order-1", SHIPPING))


def test_an_order_is_read_with_the_execution_that_took_it_up(erasable: Erasable) -> None:
    before = erasable.erasure.order("order-1")
    erasable.orders.take_up("order-1", "first", None)

    assert before == OrderTrace(None)
    assert erasable.erasure.order("order-1") == OrderTrace("first")
    assert erasable.erasure.order("order-2") is None


def test_an_order_is_erased_once(erasable: Erasable) -> None:
    erasable.orders.take_up("order-1", "first", None)
    found = OrderTrace("first")

    assert erasable.erasure.erase_order("order-1", found) is True
    assert erasable.erasure.order("order-1") is None
    assert erasable.erasure.erase_order("order-1", found) is False


def test_an_order_that_was_never_taken_up_is_erased(erasable: Erasable) -> None:
    assert erasable.erasure.erase_order("order-1", OrderTrace(None)) is True
    assert erasable.erasure.order("order-1") is None


def test_an_order_that_was_taken_up_meanwhile_stays(erasable: Erasable) -> None:
    for found, execution in ((OrderTrace(None), "first"), (OrderTrace("first"), "second")):
        erasable.orders.take_up("order-1", execution, None)

        assert erasable.erasure.erase_order("order-1", found) is False
    assert erasable.erasure.order("order-1") == OrderTrace("second")


def test_a_task_is_erased_once(erasable: Erasable) -> None:
    erasable.store.create(TASK)

    assert erasable.erasure.erase_task(TASK) is True
    assert erasable.store.get(TASK.key) is None
    assert erasable.erasure.erase_task(TASK) is False


def test_a_task_that_has_changed_meanwhile_stays(erasable: Erasable) -> None:
    erasable.store.create(TASK)
    changed = expired(TASK, NOW)
    erasable.store.replace(TASK, changed)

    assert erasable.erasure.erase_task(TASK) is False
    assert erasable.store.get(TASK.key) == changed
