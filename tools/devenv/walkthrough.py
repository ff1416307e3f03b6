"""Walks one order through a deployed platform and its partner, and checks every step on the way."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from examples.partner_with_aws.service import Api, Message, Partner, ship
from tools import REPOSITORY, Json
from tools.deploy.accounts import Account
from tools.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

TASK_TYPE = "ORDER_SHIPPING_SERVICE"
PATIENCE_SECONDS = 180
POLL_SECONDS = 0.2


class StepFailedError(UserError):
    """A step failed; the message says what was seen."""


@dataclass(frozen=True)
class Deployment:
    """A platform and one of its partners, on AWS or on the local engine.

    `outputs` are those of the platform's root.
    """

    platform: Account
    partner_account: Account
    partner: Partner
    outputs: Json

    @property
    def orders(self) -> Table:
        return self.platform.dynamodb.Table(self.outputs["orders_table"])

    @property
    def callback_tasks(self) -> Table:
        return self.platform.dynamodb.Table(self.outputs["callback_tasks_table"])

    @property
    def channel(self) -> Json:
        channel: Json = self.outputs["channels"][TASK_TYPE]
        return channel

    def place_order(self, order_id: str, task_type: str = TASK_TYPE) -> Json:
        """Put a new order, to be worked on by a channel, into the Orders table and return it."""
        order: Json = {
            "order_id": order_id,
            "order_status": "RECEIVED",
            "order_contents": example("request", task_type),
        }
        self.orders.put_item(Item=order)
        return order

    def order(self, order_id: str) -> Json | None:
        """The order as the table has it now."""
        found = self.orders.get_item(Key={"order_id": order_id}, ConsistentRead=True)
        return found.get("Item")

    def callback_task(self, order_id: str, task_type: str = TASK_TYPE) -> Json | None:
        """The order's task as the table has it now, without its token.

        `task_token` is true where the item holds one.
        """
        found = self.callback_tasks.get_item(
            Key={"order_id": order_id, "task_type": task_type}, ConsistentRead=True
        ).get("Item")
        return found and {**found, "task_token": bool(found.get("task_token"))}

    def token_is_in(self, order_id: str, text: str, task_type: str = TASK_TYPE) -> bool:
        """Whether the task token of the order's task occurs in a text."""
        found = self.callback_tasks.get_item(
            Key={"order_id": order_id, "task_type": task_type}, ConsistentRead=True
        )["Item"]
        return str(found["task_token"]) in text

    def start(self, order_id: str, workflow: str = "order_processing") -> str:
        """Start a workflow and return the execution's ARN."""
        return self.platform.stepfunctions.start_execution(
            stateMachineArn=self.outputs["state_machines"][workflow],
            input=json.dumps({"order_id": order_id}),
        )["executionArn"]

    def execution(self, execution_arn: str) -> DescribeExecutionOutputTypeDef:
        return self.platform.stepfunctions.describe_execution(executionArn=execution_arn)

    def finished(self, execution_arn: str) -> DescribeExecutionOutputTypeDef:
        """The execution once it has ended."""

        def ended() -> DescribeExecutionOutputTypeDef | None:
            seen = self.execution(execution_arn)
            return None if seen["status"] == "RUNNING" else seen

        return until(ended, "the execution has ended")

    def message_for(self, order_id: str) -> Message:
        """The partner's message about an order; messages about others go back to the queue."""

        def take() -> Message | None:
            message = self.partner.receive(wait_seconds=2)
            if message and message.event["subject"] != order_id:
                self.partner_account.sqs.change_message_visibility(
                    QueueUrl=self.partner.queue_url,
                    ReceiptHandle=message.receipt_handle,
                    VisibilityTimeout=0,
                )
                return None
            return message

        return until(take, "the partner's queue has the message")


def deployment(
    platform: Account,
    partner: Account,
    platform_outputs: Json,
    partner_outputs: Json,
    external_id: str,
) -> Deployment:
    """A deployment from the two accounts and the outputs of the two Terraform roots."""
    subscription = partner_outputs["subscriptions"][TASK_TYPE]
    return Deployment(
        platform=platform,
        partner_account=partner,
        partner=reference_partner(
            partner, subscription["queue_url"], subscription["callback_role_arn"], external_id
        ),
        outputs=platform_outputs,
    )


def reference_partner(
    account: Account,
    queue_url: str,
    callback_role_arn: str,
    external_id: str,
    work: Callable[[Json], Json] = ship,
) -> Partner:
    """The example of a partner with AWS, in this process."""
    api = Api(account.sts, callback_role_arn, external_id, account.session.region_name)
    return Partner(account.sqs, queue_url, api, work)


@dataclass
class Step:
    """One step of the walk: what happened, the data that shows it, and how long it took."""

    title: str
    data: Json = field(default_factory=dict)
    seconds: float = 0.0


def walk(deployment: Deployment) -> Iterator[Step]:
    """Take the steps of the reference scenario, and yield each once it has been checked.

    Raises:
        StepFailedError: a step failed; the message says which, and what was seen.
    """
    return _Walk(deployment).steps()


def taken(*steps: tuple[str, Callable[[], Json]]) -> Iterator[Step]:
    """Take the steps, and yield each once it has been checked.

    Raises:
        StepFailedError: a step failed; the message says which, and what was seen.
    """
    for title, take in steps:
        began = time.perf_counter()
        try:
            data = take()
        except StepFailedError as error:
            raise StepFailedError(f"{title}: {error}") from error
        except (BotoCoreError, ClientError, requests.RequestException) as error:
            raise StepFailedError(f"{title}: {type(error).__name__}: {error}") from error
        yield Step(title, data, time.perf_counter() - began)


class _Walk:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._order_id = str(uuid.uuid4())
        self._order: Json = {}
        self._execution_arn = ""
        self._message: Message | None = None
        self._shipping = example("output")

    def steps(self) -> Iterator[Step]:
        return taken(
            ("An order is in the Orders table", self._place_order),
            ("The workflow is started", self._start_workflow),
            ("The workflow pauses at the shipping callback", self._see_pause),
            ("The partner's own queue has the message from the topic", self._receive_message),
            ("The task is in the CallbackTasks table", self._see_task),
            ("The partner assumes its callback role and posts the callback", self._call_back),
            ("The workflow has completed", self._see_completion),
            ("Tracking number and shipping status are in the Orders table", self._see_order),
        )

    def _place_order(self) -> Json:
        self._order = self._deployment.place_order(self._order_id)
        seen = self._deployment.order(self._order_id)
        expect("the order", seen, self._order)
        return self._order

    def _start_workflow(self) -> Json:
        self._execution_arn = self._deployment.start(self._order_id)
        return {"execution": self._execution_arn, "input": {"order_id": self._order_id}}

    def _see_pause(self) -> Json:
        def waiting() -> Json | None:
            seen = self._deployment.execution(self._execution_arn)
            expect("the execution's status", seen["status"], "RUNNING")
            state = self._state_entered_last()
            return state if state["name"] == "ShippingServiceCallback" else None

        state = until(waiting, "the workflow waits at ShippingServiceCallback")
        event = json.loads(state["input"])
        expect("the event's order_id", event.get("order_id"), self._order_id)
        expect("the event's order_contents", event.get("order_contents"), example("request"))
        return {"state": state["name"], "event": event}

    def _state_entered_last(self) -> Json:
        events = self._deployment.platform.stepfunctions.get_execution_history(
            executionArn=self._execution_arn, reverseOrder=True, maxResults=100
        )["events"]
        for event in events:
            if "stateEnteredEventDetails" in event:
                return dict(event["stateEnteredEventDetails"])
        return {"name": None}

    def _receive_message(self) -> Json:
        self._message = self._deployment.message_for(self._order_id)
        event = self._message.event
        expect("the message's tasktype", event.get("tasktype"), TASK_TYPE)
        expect("the message's data", event.get("data"), example("request"))
        return {"topic": self._deployment.channel["topic_arn"], "message": event}

    def _see_task(self) -> Json:
        task = self._deployment.callback_task(self._order_id) or {}
        event = self._received.event
        expect("the task's status", task.get("status"), "PENDING")
        expect("the task's callback_id", task.get("callback_id"), event["id"])
        expect("a task token in the table", task.get("task_token"), True)
        leaked = self._deployment.token_is_in(self._order_id, json.dumps(event))
        expect("the task token in the message", leaked, False)
        shown = ("order_id", "task_type", "status", "callback_id")
        return {**{name: task[name] for name in shown}, "task_token": "held here, shown to nobody"}

    def _call_back(self) -> Json:
        response = self._deployment.partner.handle(self._received)
        expect("the API's response", response.status_code, 200, response.text)
        return {
            "role": self._deployment.partner.api.callback_role_arn,
            "posted": json.loads(response.request.body or b"{}"),
            "response": {"status": response.status_code, **response.json()},
        }

    def _see_completion(self) -> Json:
        seen = self._deployment.finished(self._execution_arn)
        expect("the execution's status", seen["status"], "SUCCEEDED", seen.get("cause", ""))
        output = json.loads(seen["output"])
        expect("the shipping output in the state", output.get("shipping"), self._shipping)
        return {"status": seen["status"], "output": output}

    def _see_order(self) -> Json:
        order = self._deployment.order(self._order_id) or {}
        for name, value in self._shipping.items():
            expect(f"the order's {name}", order.get(name), value)
        task = self._deployment.callback_task(self._order_id) or {}
        expect("the task's status", task.get("status"), "COMPLETED")
        expect("a task token in the table", task.get("task_token"), False)
        return order

    @property
    def _received(self) -> Message:
        if self._message is None:
            raise StepFailedError("no message was received")
        return self._message


def example(name: str, task_type: str = TASK_TYPE) -> Json:
    """A valid example of a channel's contract: `request` or `output`."""
    examples = REPOSITORY / "schemas" / task_type / "v1" / "examples" / "valid"
    document: Json = json.loads((examples / f"{name}.json").read_text())
    return document


def expect(what: str, seen: Any, wanted: Any, detail: str = "") -> None:
    """Check one thing that was seen.

    Raises:
        StepFailedError: it is not what was wanted.
    """
    if seen != wanted:
        raise StepFailedError(f"{what} is {seen!r}, not {wanted!r} {detail}".rstrip())


def until[T](look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Look again until there is something to see, and return it.

    Raises:
        StepFailedError: nothing was to be seen in time.
    """
    give_up = time.monotonic() + seconds
    while (seen := look()) is None:
        if time.monotonic() > give_up:
            raise StepFailedError(f"timed out after {seconds:.0f} s waiting for this: {what}")
        time.sleep(POLL_SECONDS)
    return seen
