"""sweep_due_callbacks: what is due is queued, and nothing is read with its token."""

import json

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.outcome import digest
from callbacks.domain.task import CallbackTask, claimed, leased, queued

from tests.support.channels import SHIPPING
from tests.support.deployed import Deployed
from tests.support.services import intercepted
from tests.support.tasks import KEY, PRINCIPAL, SHIPPED, completing, pending, token

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
def test_nothing_due_is_silent(task: CallbackTask, deployed: Deployed) -> None:
    deployed.given(task)

    deployed.call("sweep_due_callbacks", {})

    assert deployed.lines() == []
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
