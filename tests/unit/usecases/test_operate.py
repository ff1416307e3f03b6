"""What an operator does by hand goes the way that partners' callbacks go."""

from typing import Any

import pytest
from callbacks.domain.errors import AttemptNotCurrent, OperationRefused, TaskNotFound
from callbacks.domain.task import Status
from callbacks.usecases.complete import Result
from callbacks.usecases.operate import Operator, Person, request_digest
from callbacks.usecases.receive import Receiver

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.fakes import FakeChannelSwitch, FakeContracts, FakeRedrives
from tests.support.harness import Harness
from tests.support.tasks import EXECUTION, KEY, SHIPPED, pending

ROBIN = Person("arn:aws:sts::111111111111:assumed-role/operator/robin", "OPS-17")
REPORT: dict[str, Any] = {
    "order_id": KEY.order_id,
    "task_type": SHIPPING,
    "callback_id": "attempt-1",
    "task_status": "SUCCESS",
    "task_output": SHIPPED.output,
}

NO_ID = "callback_id must name the attempt that is reported on"
NOT_CURRENT = "callback_id names an attempt that is not the current one; nothing was taken"
NO_HEARTBEAT = "nobody but the partner knows that the work goes on"


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.channels.channels[SHIPPING] = shipping_channel()
    harness.given(pending())
    return harness


@pytest.fixture
def operator(harness: Harness) -> Operator:
    receiver = Receiver(
        registry=harness.channels, contracts=FakeContracts(), completer=harness.completer
    )
    return Operator(
        receiver=receiver,
        channels=FakeChannelSwitch({SHIPPING: True}),
        executions=FakeRedrives(),
    )


def test_a_report_is_recorded_as_the_persons_with_the_reason(
    operator: Operator, harness: Harness
) -> None:
    assert operator.report(REPORT, ROBIN) is Result.DELIVERED
    assert harness.record().status is Status.COMPLETED
    assert harness.record().principal == f"{ROBIN.arn} by hand: OPS-17"
    assert operator.report(REPORT, ROBIN) is Result.DUPLICATE


@pytest.mark.parametrize(
    ("changes", "raised", "said"),
    [
        ({"callback_id": None}, OperationRefused, NO_ID),
        ({"callback_id": ""}, OperationRefused, NO_ID),
        ({"callback_id": "attempt-9"}, AttemptNotCurrent, NOT_CURRENT),
        ({"task_type": "NO_SUCH"}, TaskNotFound, "there is no NO_SUCH task for this order"),
        ({"task_type": None}, TaskNotFound, "there is no None task for this order"),
        ({"task_status": "IN_PROGRESS"}, OperationRefused, NO_HEARTBEAT),
    ],
)
def test_a_report_that_no_attempt_waits_for_is_refused(
    operator: Operator,
    harness: Harness,
    changes: dict[str, Any],
    raised: type[Exception],
    said: str,
) -> None:
    with pytest.raises(raised, match=f"^{said}$"):
        operator.report({**REPORT, **changes}, ROBIN)

    assert harness.record() == pending()


def test_a_report_names_its_task_type(operator: Operator) -> None:
    report = {name: value for name, value in REPORT.items() if name != "task_type"}

    with pytest.raises(TaskNotFound, match="there is no  task"):
        operator.report(report, ROBIN)


def test_a_channel_is_switched_if_there_is_one(operator: Operator) -> None:
    operator.switch(SHIPPING, enabled=False)

    assert operator.channels == FakeChannelSwitch({SHIPPING: False})
    with pytest.raises(OperationRefused, match="there is no channel NO_SUCH in this environment"):
        operator.switch("NO_SUCH", enabled=True)


def test_an_execution_is_redriven(operator: Operator) -> None:
    operator.redrive(EXECUTION)

    assert operator.executions == FakeRedrives([EXECUTION])


def test_a_signature_is_bound_to_all_of_the_event_but_itself() -> None:
    event = {"action": "report", "reason": "r", "callback": {"b": 1, "a": [2.5, "é"]}}
    same = {"callback": {"a": [2.5, "é"], "b": 1}, "reason": "r", "action": "report"}

    bound = request_digest(event)

    assert bound == request_digest({**same, "caller": {"Authorization": "x"}})
    assert len(bound) == 64
    others: tuple[dict[str, Any], ...] = (
        {**event, "reason": "s"},
        {**event, "callback": {}},
        {**event, "more": None},
    )
    assert len({bound, *(request_digest(other) for other in others)}) == 4
