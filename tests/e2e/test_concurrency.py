"""Many callbacks at once, repeated, conflicting, and while Step Functions refuses."""

import json
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tools import Json
from tools.devenv.walkthrough import TASK_TYPE, Deployment, until

TASKS = 200
# The engine starts a process for each call of a function that is under way: no more than so many
# orders are begun at once, and each caller waits until what it resumed has ended.
WAVE = 10
REPEATS = 40
CONFLICTS = 10
CALLERS = 8
SEED = 20240229

# What the API may respond with here: delivered or duplicate, held for redelivery; another outcome
# stands; not known to be accepted, when the engine is slower than the functions wait.
DELIVERED = 200
TAKEN = frozenset({DELIVERED, 202})
CONFLICT = 409
UNKNOWN = 503

SENDERS = ("external_callback", "redeliver_callback")
REFUSAL = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Action": ["states:SendTaskSuccess"], "Resource": "*"},
    ],
}


@dataclass(frozen=True)
class Call:
    order_id: str
    url: str
    output: Json

    @property
    def body(self) -> Json:
        return {
            "order_id": self.order_id,
            "task_type": TASK_TYPE,
            "task_status": "SUCCESS",
            "task_output": self.output,
        }


def test_every_order_ends_with_the_one_output_that_was_taken(deployment: Deployment) -> None:
    executions: dict[str, str] = {}
    urls: dict[str, str] = {}
    for _ in range(TASKS // WAVE):
        wave = [str(uuid.uuid4()) for _ in range(WAVE)]
        for order_id in wave:
            deployment.place_order(order_id)
            executions[order_id] = deployment.start(order_id)
        urls |= messages(deployment, set(wave))
    calls = shuffled_calls(urls)
    third = len(calls) // 3

    with ThreadPoolExecutor(CALLERS) as callers:

        def posted(calls: list[Call]) -> Iterator[tuple[Call, int]]:
            return callers.map(lambda call: post(deployment, call, executions), calls)

        responses = list(posted(calls[:third]))
        with step_functions_refuses(deployment):
            responses += posted(calls[third : 2 * third])
        responses += posted(calls[2 * third :])

    statuses = [status for _, status in responses]
    assert set(statuses) <= TAKEN | {CONFLICT}
    assert statuses.count(202) >= third // 2, "the refusal was not felt"
    assert statuses.count(CONFLICT) >= CONFLICTS
    taken: dict[str, list[Json]] = defaultdict(list)
    for call, status in responses:
        if status in TAKEN and call.output not in taken[call.order_id]:
            taken[call.order_id].append(call.output)
    assert {order_id: len(outputs) for order_id, outputs in taken.items()} == dict.fromkeys(
        executions, 1
    )
    assert all(
        (status == CONFLICT) == (call.output != taken[call.order_id][0])
        for call, status in responses
    )
    for order_id, execution_arn in executions.items():
        execution = deployment.finished(execution_arn)
        assert execution["status"] == "SUCCEEDED"
        assert json.loads(execution["output"])["shipping"] == taken[order_id][0]
        assert_closed(deployment, order_id)


def shuffled_calls(urls: dict[str, str]) -> list[Call]:
    """One outcome per task; some of them again, and for some others a different one."""
    fresh = [Call(order_id, url, output("1Z")) for order_id, url in urls.items()]
    chosen = random.Random(SEED)
    repeats = chosen.sample(fresh, REPEATS)
    conflicts = [
        Call(call.order_id, call.url, output("9X")) for call in chosen.sample(fresh, CONFLICTS)
    ]
    calls = [*fresh, *repeats, *conflicts]
    chosen.shuffle(calls)
    return calls


def output(carrier: str) -> Json:
    return {"shipping_status": "SHIPPED", "tracking_number": carrier + uuid.uuid4().hex[:10]}


def post(deployment: Deployment, call: Call, executions: dict[str, str]) -> tuple[Call, int]:
    """The response as a partner takes it: one of 503 says that it may be sent again."""

    def send() -> int | None:
        status = deployment.partner.api.call_back(call.url, call.body).status_code
        return None if status == UNKNOWN else status

    status = until(send, f"a response for order {call.order_id} other than {UNKNOWN}")
    if status == DELIVERED:
        deployment.finished(executions[call.order_id])
    return call, status


def messages(deployment: Deployment, orders: set[str]) -> dict[str, str]:
    """The callbackurl of each order's message, once the partner's queue has had them all."""
    urls: dict[str, str] = {}

    def receive() -> dict[str, str] | None:
        while urls.keys() != orders and (message := deployment.partner.receive(wait_seconds=1)):
            if message.event["subject"] in orders:
                urls[message.event["subject"]] = message.event["callbackurl"]
                deployment.partner.delete(message)
        return urls if urls.keys() == orders else None

    return until(receive, f"the partner has {len(orders)} messages")


def assert_closed(deployment: Deployment, order_id: str) -> None:
    def closed() -> Any:
        task = deployment.callback_task(order_id)
        return task if task and task["status"] == "COMPLETED" else None

    assert not until(closed, f"the task of order {order_id} is closed")["task_token"]


@contextmanager
def step_functions_refuses(deployment: Deployment) -> Iterator[None]:
    """Denies the functions that send outcomes the right to do so."""
    iam = deployment.platform.session.client("iam", endpoint_url=deployment.platform.endpoint_url)
    # A function and its role have one name.
    roles = [deployment.outputs["functions"][name]["name"] for name in SENDERS]
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName="refusal", PolicyDocument=json.dumps(REFUSAL))
    try:
        yield
    finally:
        for role in roles:
            iam.delete_role_policy(RoleName=role, PolicyName="refusal")
