"""Sends orders through the local environment while functions and Step Functions refuse by turns.

Every order must be completed, and no partner be asked twice for one piece of work. An order that
is caught in a pause of its retries takes up to five minutes more than the outage.
"""

import json
import sys
import threading
import time
import uuid
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

import requests
from rich.console import Console
from rich.table import Table

from examples.partner_with_aws.service import FINAL, Message, Partner, ship
from tools import REPOSITORY, Json, show
from tools.devenv import ENGINE_PYTHON
from tools.devenv.environment import Environment
from tools.devenv.state import forget_aws_configuration
from tools.devenv.walkthrough import Deployment, until

SENDERS = ("external_callback", "redeliver_callback")
PATIENCE_SECONDS = 900
RETRY_SECONDS = 8  # Thrice in a turn: the queue gives a message up after five receipts.
REFUSAL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Action": "states:SendTask*", "Resource": "*"},
    }
)


@dataclass
class Counting(Partner):
    """The example, with its pieces of work counted by order, and its responses by status.

    What is refused comes again soon, not after the queue's time-out.
    """

    worked: Counter[str] = field(default_factory=Counter)
    responses: Counter[int] = field(default_factory=Counter)

    def handle(self, message: Message) -> requests.Response:
        response = super().handle(message)
        self.responses[response.status_code] += 1
        if response.status_code not in FINAL:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue_url,
                ReceiptHandle=message.receipt_handle,
                VisibilityTimeout=RETRY_SECONDS,
            )
        return response

    def _outcome(self, event: Json) -> Json:
        if event["workid"] not in self._outcomes:
            self.worked[event["subject"]] += 1
        return super()._outcome(event)


@dataclass
class Outage:
    """What came of a run: executions by the id of their order, and what the partner did."""

    executions: dict[str, str]
    partner: Counting
    statuses: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> bool:
        orders = len(self.executions)
        return self.statuses["COMPLETED"] == orders and set(self.partner.worked.values()) == {1}


def run(deployment: Deployment, orders: int, seconds: float, turn_seconds: float) -> Outage:
    """Starts the orders evenly over `seconds`, and waits until all have ended.

    Raises:
        StepFailedError: some have not, after a time that all retries fit into.
    """
    example = deployment.partner
    partner = Counting(example.sqs, example.queue_url, example.api, ship)
    worker = threading.Thread(target=partner.run)
    worker.start()
    outage = Outage({}, partner)
    stop = threading.Event()
    refusing = threading.Thread(
        target=_refuse_by_turns, args=(deployment, turn_seconds, stop, outage.refusals)
    )
    refusing.start()
    try:
        for _ in range(orders):
            order_id = str(uuid.uuid4())
            deployment.place_order(order_id)
            outage.executions[order_id] = deployment.start(order_id)
            time.sleep(seconds / orders)
        stop.set()
        refusing.join()
        for order_id in outage.executions:
            ended = partial(_ended, deployment, order_id)
            until(ended, f"order {order_id} has ended", PATIENCE_SECONDS)
    finally:
        stop.set()
        refusing.join()
        partner.stopped.set()
        worker.join()
    outage.statuses.update(
        str((deployment.order(order_id) or {}).get("order_status"))
        for order_id in outage.executions
    )
    return outage


def _ended(deployment: Deployment, order_id: str) -> bool | None:
    status = (deployment.order(order_id) or {}).get("order_status")
    return status in ("COMPLETED", "FAILED", "STALLED") or None


def _refuse_by_turns(
    deployment: Deployment, seconds: float, stop: threading.Event, refusals: Counter[str]
) -> None:
    """Each function of the workflow by itself, Step Functions, nothing; and so on."""
    functions = deployment.outputs["functions"]
    topic: str = deployment.channel["topic_arn"]  # The dispatcher has its name.
    names = {
        "get_order_metadata": functions["get_order_metadata"]["name"],
        "sns_callback": topic.rpartition(":")[2],
        "process_shipping_result": functions["process_shipping_result"]["name"],
        "external_callback": functions["external_callback"]["name"],
    }
    turns = [*names, "Step Functions", "nothing"]
    for turn in cycle(turns):
        if stop.is_set():
            return
        refusals[turn] += 1
        if turn == "nothing":
            stop.wait(seconds)
        elif turn == "Step Functions":
            with _without_send_task(deployment, [functions[name]["name"] for name in SENDERS]):
                stop.wait(seconds)
        else:
            with _throttled(deployment, names[turn]):
                stop.wait(seconds)


@contextmanager
def _throttled(deployment: Deployment, function: str) -> Iterator[None]:
    account = deployment.platform
    service = account.session.client("lambda", endpoint_url=account.endpoint_url)
    reserved = service.get_function_concurrency(FunctionName=function)
    service.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        if number := reserved.get("ReservedConcurrentExecutions"):
            service.put_function_concurrency(
                FunctionName=function, ReservedConcurrentExecutions=number
            )
        else:
            service.delete_function_concurrency(FunctionName=function)


@contextmanager
def _without_send_task(deployment: Deployment, roles: Sequence[str]) -> Iterator[None]:
    account = deployment.platform
    iam = account.session.client("iam", endpoint_url=account.endpoint_url)
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName="outage", PolicyDocument=REFUSAL)
    try:
        yield
    finally:
        for role in roles:
            iam.delete_role_policy(RoleName=role, PolicyName="outage")


def report(outage: Outage, seconds: float) -> Table:
    """What came of it, as a table."""
    table = Table("what", "how many", title=f"{len(outage.executions)} orders, {seconds:.0f} s")
    table.columns[1].justify = "right"
    for status, count in sorted(outage.statuses.items()):
        table.add_row(f"orders {status}", str(count))
    for code, count in sorted(outage.partner.responses.items()):
        table.add_row(f"responses {code} to the partner", str(count))
    worked = outage.partner.worked
    table.add_row("pieces of work", str(worked.total()))
    table.add_row("orders that were worked on twice", str(sum(n > 1 for n in worked.values())))
    for turn, count in outage.refusals.items():
        table.add_row(f"turns in which {turn} refused", str(count))
    return table


def main() -> int:
    parser = ArgumentParser(prog="python -m benchmarks.outage", description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    forget_aws_configuration()
    environment = Environment(REPOSITORY / ".local", ENGINE_PYTHON)
    began = time.monotonic()
    with show.progress("sending orders through an outage"):
        outage = run(environment.deployment(), arguments.orders, arguments.minutes * 60, 20)
    Console().print(report(outage, time.monotonic() - began))
    return 0 if outage.passed else 1


if __name__ == "__main__":
    sys.exit(main())
