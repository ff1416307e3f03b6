"""rebuild_tasks: an operator's call to records, without a token in what it says."""

from typing import Any

import pytest
from callbacks.domain.task import TaskKey

from tests.support.channels import SHIPPING
from tests.support.deployed import Deployed
from tests.support.history import History
from tests.support.tasks import EXECUTION, NOW, pending, token

TASK = pending(key=TaskKey("order-1", SHIPPING))
WAIT = {
    "order_id": "order-1",
    "task_type": SHIPPING,
    "callback_id": "attempt-1",
    "execution_arn": EXECUTION,
}


@pytest.fixture(autouse=True)
def _waiting(deployed: Deployed) -> None:
    """One execution waits, its work named by its dispatcher; there is another page of them."""
    history = History()
    history.wait(work_id="attempt-1")
    execution: dict[str, Any] = {
        "executionArn": EXECUTION,
        "stateMachineArn": deployed.aws.state_machine_arn,
        "name": "order-1",
        "status": "RUNNING",
        "startDate": NOW,
    }
    page: dict[str, Any] = {"executions": [execution]}
    last: dict[str, Any] = {"executions": []}
    deployed.stepfunctions.answers |= {
        "ListExecutions": [page | {"nextToken": "more"}, last],
        "GetExecutionHistory": {"events": history.events},
    }


@pytest.mark.parametrize("event", [{}, {"dry_run": True}])
def test_a_run_is_dry_unless_it_is_told_to_write(event: dict[str, Any], deployed: Deployed) -> None:
    returned = deployed.call("rebuild_tasks", event)

    assert returned == {
        "dry_run": True,
        "executions": 1,
        "dispatching": 0,
        "counts": {"rebuilt": 1, "current": 0, "newer": 0, "unregistered": 0},
        "tasks": {"rebuilt": [WAIT], "newer": [], "unregistered": []},
        "cursor": None,
        "interrupted": None,
    }
    assert deployed.record(TASK.key) is None


def test_what_is_rebuilt_is_what_was_registered(deployed: Deployed) -> None:
    deployed.call("rebuild_tasks", {"dry_run": False})

    assert deployed.record(TASK.key) == TASK
    line = deployed.logged("TASKS_REBUILT")
    assert (line["dry_run"], line["counts"]["rebuilt"]) == (False, 1)


def test_a_run_that_is_short_of_time_is_gone_on_with(deployed: Deployed) -> None:
    first = deployed.call("rebuild_tasks", {"dry_run": False}, seconds_left=100)
    second = deployed.call("rebuild_tasks", {"dry_run": False, "cursor": first["cursor"]})

    assert first["cursor"] == f"{deployed.aws.state_machine_arn} more"
    assert (second["executions"], second["cursor"]) == (0, None)
    listed = [call for name, call in deployed.stepfunctions.calls if name == "ListExecutions"]
    assert [call.get("nextToken") for call in listed] == [None, "more"]


def test_a_service_that_refuses_is_named_with_where_to_go_on(deployed: Deployed) -> None:
    deployed.stepfunctions.refuse("GetExecutionHistory", "ThrottlingException", token())

    returned = deployed.call("rebuild_tasks", {"dry_run": False})

    assert returned["interrupted"] == "GetExecutionHistory: ThrottlingException"
    assert returned["cursor"] is None
    assert deployed.record(TASK.key) is None


@pytest.mark.parametrize("event", [{"dry_run": "false"}, {"dry_run": None}, {"cursor": 7}])
def test_an_event_that_is_none_of_its_own_is_refused(
    event: dict[str, Any], deployed: Deployed
) -> None:
    with pytest.raises(ValueError, match="dry_run must be true or false"):
        deployed.call("rebuild_tasks", event)
