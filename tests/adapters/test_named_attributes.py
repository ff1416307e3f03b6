"""What each way of writing a record names is what the roles that write so may name."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from callbacks.adapters import task_table
from callbacks.domain.task import CallbackTask, Status, expired, leased, queued, taken_over

from tests.support.tasks import NOW, STATES, pending
from tools import REPOSITORY

POLICY = (REPOSITORY / "terraform/modules/platform/table_access.tf").read_text()
OUTCOMES = {
    "outcome",
    "outcome_digest",
    "outcome_is_final",
    "principal",
    "reported_code",
    "reported_status",
}


def permitted(name: str) -> set[str]:
    [listed] = re.findall(rf"  {name} = \[(.*?)\n? *\]\n", POLICY, re.DOTALL)
    return set(re.findall(r'"([a-z_]+)"', listed))


REGISTERED = permitted("registered_attributes")
CLOSED = REGISTERED - {"task_token"} | {"closed_at"}
PENDING = {name: task for name, task in STATES.items() if task.status is Status.PENDING}


def named(arguments: Mapping[str, Any]) -> set[str]:
    return {*arguments["Key"], *arguments["ExpressionAttributeNames"].values()}


def test_no_role_that_registers_closes_or_leases_writes_an_outcome() -> None:
    assert not (REGISTERED | CLOSED | permitted("leased_attributes")) & OUTCOMES


@pytest.mark.parametrize("found", STATES.values(), ids=STATES)
def test_an_attempt_that_takes_over_is_what_dispatchers_may_put(found: CallbackTask) -> None:
    assert task_table._encoded(taken_over(found, pending(9))).keys() <= REGISTERED


def test_a_registration_is_what_dispatchers_may_put() -> None:
    given = replace(pending(), work_id="attempt-0")

    assert task_table._encoded(given).keys() <= REGISTERED


@pytest.mark.parametrize("task", PENDING.values(), ids=PENDING)
def test_a_wait_that_ended_is_what_closing_functions_may_put(task: CallbackTask) -> None:
    assert task_table._encoded(expired(task, NOW)).keys() <= CLOSED


@pytest.mark.parametrize("task", STATES.values(), ids=STATES)
def test_a_lease_is_what_the_sweep_may_write(task: CallbackTask) -> None:
    changes = [leased(task, NOW + 300)]
    changes += [queued(task, callback_id, NOW) for callback_id in task.to_queue(NOW)]

    for new in changes:
        assert named(task_table._update(task, new)) <= permitted("leased_attributes")


def test_those_who_see_no_token_may_read_every_other_attribute() -> None:
    assert permitted("read_attributes") == set(task_table._ATTRIBUTES)
