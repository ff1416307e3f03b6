"""The workflows on moto's interpreter of the Amazon States Language, with the real functions."""

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import boto3

from tests.support import functions
from tests.support.cloud import ORDERS, PREFIX, REGION, Cloud
from tests.support.functions import ACCOUNT, Context, Handler
from tools import REPOSITORY
from tools.contracts import settings, tree, workflows

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}"
PATIENCE_SECONDS = 180

Definition = dict[str, Any]


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{PREFIX}-{name.replace('_', '-')}"


def render(timeout_seconds: int = 600, workflow: str = "order_processing") -> Definition:
    """A file of statemachines/ as Terraform renders it, with shorter waits."""
    path = tree.WORKFLOWS / f"{workflow}.asl.json"
    channels = {
        task_type: {**known, "timeout_seconds": timeout_seconds}
        for task_type, known in settings.read(REPOSITORY).items()
    }
    arns = {
        f"{name}_function_arn": function_arn(name)
        for name in ("get_order_metadata", "process_shipping_result")
    }
    dispatchers = {
        f"{task_type.lower()}_function_arn": function_arn("sns_callback") for task_type in channels
    }
    values = workflows.placeholders(REPOSITORY, channels) | arns | dispatchers
    values |= {"orders_table": ORDERS}
    text = (REPOSITORY / path).read_text()
    definition: Definition = json.loads(workflows.render(text, values))
    return definition


class LambdaServiceError(Exception):
    """What the Lambda service itself replies in place of the function."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass
class Functions:
    """Replies to the interpreter's calls of Lambda with handlers of this process, by ARN.

    A handler's exception becomes what Lambda makes of it: errorType and errorMessage.
    """

    handlers: dict[str, Handler] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def session(self) -> boto3.Session:
        """A session whose clients of Lambda reach the handlers, and no service."""
        session = boto3.Session(region_name=REGION)
        session.events.register("before-call.lambda.Invoke", self._invoke)
        return session

    def of(self, name: str) -> list[dict[str, Any]]:
        """The events that the function was called with."""
        return [event for called, event in self.calls if called == function_arn(name)]

    def _invoke(self, params: Mapping[str, Any], **_: Any) -> Any:
        arn = unquote(params["url_path"].split("/")[3])
        event = json.loads(params["body"])
        self.calls.append((arn, event))
        try:
            returned, error = self.handlers[arn](event, Context()), None
        except LambdaServiceError as fault:
            metadata = {"HTTPStatusCode": fault.status, "RequestId": "0"}
            refusal = {"Error": {"Code": fault.code, "Message": ""}, "ResponseMetadata": metadata}
            return SimpleNamespace(status_code=fault.status), refusal
        except Exception as raised:
            returned = {"errorType": type(raised).__name__, "errorMessage": str(raised)}
            error = "Unhandled"
        parsed: dict[str, Any] = {
            "ResponseMetadata": {"HTTPStatusCode": 200},
            "StatusCode": 200,
            "Payload": io.BytesIO(json.dumps(returned).encode()),
        }
        if error:
            parsed["FunctionError"] = error
        return SimpleNamespace(status_code=200), parsed


@dataclass(frozen=True)
class Engine:
    """Runs state machines; all times are real."""

    cloud: Cloud

    def start(self, definition: Definition, task_input: Any, name: str = "execution-1") -> str:
        """Returns the ARN of the execution; the state machine is made if it is not there yet."""
        machine = self.cloud.stepfunctions.create_state_machine(
            name=f"{PREFIX}-order-processing", definition=json.dumps(definition), roleArn=ROLE_ARN
        )
        started = self.cloud.stepfunctions.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=name, input=json.dumps(task_input)
        )
        return str(started["executionArn"])

    def ended(self, execution_arn: str) -> dict[str, Any]:
        """The execution once it no longer runs."""

        def execution() -> dict[str, Any] | None:
            found: dict[str, Any] = self.cloud.stepfunctions.describe_execution(
                executionArn=execution_arn
            )
            return None if found["status"] == "RUNNING" else found

        return eventually(execution)

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        response = self.cloud.stepfunctions.get_execution_history(executionArn=execution_arn)
        events: list[dict[str, Any]] = response["events"]
        return events

    def states(self, execution_arn: str) -> list[str]:
        """The names of the states that the execution entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(execution_arn)
            if "stateEnteredEventDetails" in event
        ]


def eventually[T](probe: Callable[[], T | None]) -> T:
    """What `probe` finds, as soon as it finds something."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = probe()
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing was found within {PATIENCE_SECONDS} s")


@dataclass(frozen=True)
class Partner:
    """Takes messages from its queue and calls back as the callbackurl says."""

    aws: Cloud

    def message(self) -> dict[str, Any]:
        """The next message."""

        def received() -> dict[str, Any] | None:
            bodies = self.aws.receive(self.aws.partner_queue_url)
            return json.loads(bodies[0]) if bodies else None

        return eventually(received)

    def call_back(self, message: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Posts the callback; returns the API's response."""
        callback = {"order_id": message["subject"], "task_type": message["tasktype"], **body}
        event = functions.callback_event(
            callback,
            callback_id=message["id"],
            resource=f"/externalCallback/{message['tasktype']}",
        )
        response: dict[str, Any] = functions.handler("external_callback")(
            event, functions.Context()
        )
        return response
