"""erase_order: an operator's call, with a trace of who asked for it and of what remains."""

from typing import Any

import pytest
from callbacks.domain.errors import DependencyUnavailable

from tests.support.channels import SHIPPING
from tests.support.cloud import ORDERS
from tests.support.deployed import Deployed
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY, NOW, done, pending

ERASE = {"order_id": KEY.order_id, "reference": "PRIVACY-17", "dry_run": False}


@pytest.fixture(autouse=True)
def _ended(deployed: Deployed) -> None:
    """An order whose execution has ended."""
    deployed.aws.put_order(KEY.order_id, execution_arn={"S": EXECUTION})
    execution_is(deployed, status="SUCCEEDED", stopDate=NOW + 10)


def execution_is(deployed: Deployed, **state: Any) -> None:
    deployed.stepfunctions.answers["DescribeExecution"] = {
        "executionArn": EXECUTION,
        "stateMachineArn": deployed.aws.state_machine_arn,
        "startDate": NOW,
        **state,
    }


def order(deployed: Deployed) -> Any:
    return deployed.aws.item(ORDERS, order_id=KEY.order_id)


def test_an_order_is_erased_and_what_remains_is_named(deployed: Deployed) -> None:
    deployed.given(done())

    returned = deployed.call("erase_order", ERASE)

    assert returned == {
        "order_id": KEY.order_id,
        "dry_run": False,
        "refused": None,
        "removed": {"order": True, "tasks": [SHIPPING]},
        "executions": [EXECUTION],
        "remains": {
            "histories of the executions": "90 days after their ends",
            "logs, with the order's id": "90 days",
            "dead letters": "14 days, or until somebody deletes them",
            "point-in-time backups of both tables": "35 days; repeat this after restoring one",
            "what partners were sent": "as agreed with them",
        },
    }
    assert (order(deployed), deployed.record()) == (None, None)
    line = deployed.logged("ORDER_ERASED")
    assert (line["order_id"], line["reference"]) == (KEY.order_id, "PRIVACY-17")


@pytest.mark.parametrize("dry", [{}, {"dry_run": True}])
def test_a_run_is_dry_unless_it_is_told_to_erase(dry: dict[str, Any], deployed: Deployed) -> None:
    deployed.given(done())

    returned = deployed.call("erase_order", {"order_id": KEY.order_id, **dry})

    assert (returned["dry_run"], returned["removed"]) == (
        True,
        {"order": True, "tasks": [SHIPPING]},
    )
    assert None not in (order(deployed), deployed.record())
    assert deployed.logged("ORDER_NOT_ERASED")["dry_run"] is True


def test_an_order_that_is_worked_on_is_refused_with_what_to_do(deployed: Deployed) -> None:
    deployed.given(pending())
    execution_is(deployed, status="RUNNING")

    returned = deployed.call("erase_order", ERASE)

    assert "let it end or stop it" in returned["refused"]
    assert returned["removed"] == {"order": False, "tasks": []}
    assert None not in (order(deployed), deployed.record())
    assert deployed.logged("ORDER_NOT_ERASED")["refused"] == returned["refused"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({}, "order_id must be"),
        ({**ERASE, "order_id": ""}, "order_id must be"),
        ({**ERASE, "order_id": 7}, "order_id must be"),
        ({**ERASE, "dry_run": "false"}, "dry_run must be"),
        ({"order_id": KEY.order_id, "dry_run": False}, "reference must name"),
        ({**ERASE, "reference": "Jane Doe asked"}, "reference must name"),
        ({**ERASE, "dryrun": False}, "the event takes"),
    ],
)
def test_an_event_that_is_none_of_its_own_is_refused(
    event: dict[str, Any], why: str, deployed: Deployed
) -> None:
    with pytest.raises(ValueError, match=why):
        deployed.call("erase_order", event)

    assert order(deployed) is not None


@pytest.mark.parametrize("operation", ["Query", "DeleteItem"])
def test_a_table_that_refuses_is_named(operation: str, deployed: Deployed) -> None:
    with intercepted("dynamodb") as dynamodb:
        dynamodb.refuse(operation, "ThrottlingException")

        with pytest.raises(DependencyUnavailable, match=operation):
            deployed.call("erase_order", ERASE)
