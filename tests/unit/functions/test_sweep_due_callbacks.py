"""sweep_due_callbacks: what is due is queued, and nothing is read with its token."""

import json
import time
from unittest.mock import patch

import pytest
from callbacks.adapters.open_work import DynamoDBOpenWork
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.outcome import digest
from callbacks.domain.task import CallbackTask, TaskKey, claimed, leased, queued

from tests.support.channels import SHIPPING
from tests.support.deployed import Deployed
from tests.support.services import intercepted
from tests.support.tasks import KEY, PRINCIPAL, SHIPPED, completing, done, pending, token

LONG_AGO = 1_000_000_000
FAR_OFF = 10_000_000_000
DUE = claimed(pending(), SHIPPED, PRINCIPAL, LONG_AGO)


def test_what_is_due_is_queued_and_leased(deployed: Deployed) -> None:
    deployed.given(DUE)

    deployed.call("sweep_due_callbacks", {})

    [message] = deployed.aws.receive(deployed.aws.redelivery_queue_url)
    assert json.loads(message)["outcome_digest"] == digest(SHIPPED)
    task = deployed.record()
    assert task is not None
    assert task.queued_at is not None
    assert task == queued(leased(DUE, 0), "attempt-1", task.queued_at)
    assert deployed.logged("DUE_OUTCOMES_QUEUED")["queued"] == 1
    assert deployed.measured("OutcomesRequeued") == {"": [1], SHIPPING: [1]}

    deployed.call("sweep_due_callbacks", {})

    assert deployed.aws.receive(deployed.aws.redelivery_queue_url) == []


def test_no_response_of_the_table_holds_a_token(deployed: Deployed) -> None:
    deployed.given(DUE)
    with intercepted("dynamodb") as dynamodb:
        deployed.call("sweep_due_callbacks", {})

    assert KEY.order_id in str(dynamodb.replies)
    assert token() not in str(dynamodb.replies)


@pytest.mark.parametrize("task", [pending(), leased(completing(), FAR_OFF)])
def test_what_is_not_due_is_left_alone(task: CallbackTask, deployed: Deployed) -> None:
    deployed.given(task)

    deployed.call("sweep_due_callbacks", {})

    assert deployed.record() == task
    assert deployed.measured("OutcomesRequeued") == {}
    assert deployed.aws.receive(deployed.aws.redelivery_queue_url) == []


def test_a_queue_that_refuses_is_the_next_runs_business(deployed: Deployed) -> None:
    deployed.given(DUE)
    with intercepted("sqs") as sqs:
        sqs.refuse("SendMessage", "ServiceUnavailable", status=503)

        with pytest.raises(DependencyUnavailable):
            deployed.call("sweep_due_callbacks", {})

    task = deployed.record()
    assert task is not None
    assert task.due_at is not None


def test_nothing_open_is_silent(deployed: Deployed) -> None:
    deployed.given(done())

    deployed.call("sweep_due_callbacks", {})

    assert deployed.lines() == []


def test_what_is_open_is_measured_each_minute(deployed: Deployed) -> None:
    hour_ago = int(time.time()) - 3600
    deployed.given(pending(requested_at=hour_ago * 1000, timeout_seconds=7200))
    held = claimed(pending(key=TaskKey("order-2", SHIPPING)), SHIPPED, PRINCIPAL, hour_ago)
    deployed.given(leased(held, FAR_OFF))

    deployed.call("sweep_due_callbacks", {})

    for name, least, most in (
        ("OpenTasks", 1, 1),
        ("OldestOpenSeconds", 3600, 3900),
        ("OldestWaitPercent", 49, 54),
        ("HeldOutcomes", 1, 1),
        ("OldestHeldSeconds", 3600, 3900),
    ):
        found = deployed.measured(name)
        assert found.keys() == {SHIPPING, ""}
        assert found[SHIPPING] == found[""]
        assert least <= found[""][0] <= most
    assert deployed.measured("OverdueTasks") == {}


@pytest.mark.parametrize("error", [DependencyUnavailable("Query: InternalError"), ValueError("-")])
def test_what_cannot_be_measured_fails_nothing(error: Exception, deployed: Deployed) -> None:
    deployed.given(DUE)
    with patch.object(DynamoDBOpenWork, "deliveries", side_effect=error):
        deployed.call("sweep_due_callbacks", {})

    assert deployed.logged("NOT_MEASURED")["level"] == "WARNING"
    assert deployed.measured("OutcomesRequeued") == {"": [1], SHIPPING: [1]}


def test_what_there_is_no_time_for_is_not_measured(deployed: Deployed) -> None:
    deployed.given(pending())

    deployed.call("sweep_due_callbacks", {}, seconds_left=15)

    assert deployed.logged("NOT_MEASURED")
    assert deployed.measured("OpenTasks") == {}


def test_what_is_open_is_measured_though_nothing_can_be_queued(deployed: Deployed) -> None:
    deployed.given(DUE)
    with intercepted("sqs") as sqs:
        sqs.refuse("SendMessage", "ServiceUnavailable", status=503)

        with pytest.raises(DependencyUnavailable):
            deployed.call("sweep_due_callbacks", {})

    assert deployed.measured("HeldOutcomes") == {"": [1], SHIPPING: [1]}
