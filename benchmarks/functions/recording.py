"""What the functions ask of AWS and what it replies, recorded in process on moto."""

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from callbacks.adapters.aws import READ_TIMEOUT_SECONDS, client, lazy
from callbacks.adapters.public_http import Destination, Response
from callbacks.adapters.task_table import DynamoDBTasks, item_key

from benchmarks.functions.cases import Case
from benchmarks.functions.runtime import CONTEXT
from tests.support import functions
from tests.support.channels import shipping_channel
from tests.support.cloud import REGION, TASKS, cloud
from tests.support.services import intercepted
from tests.support.tasks import KEY

# A service, a method of its client, and the arguments; "http" and "request" for a webhook.
type Call = tuple[str, str, Mapping[str, Any]]

# A state machine that nothing runs.
NOTHING = json.dumps({"StartAt": "Nothing", "States": {"Nothing": {"Type": "Succeed"}}})
NOBODY = f"arn:aws:iam::{functions.ACCOUNT}:role/nobody"


@dataclass(frozen=True)
class Recording:
    """The calls of a first and of a later invocation; a reply for each method, as it is sent.

    The same method of another table, or of an index, has a reply of its own.
    """

    environment: Mapping[str, str]
    first: list[Call]
    later: list[Call]
    replies: Mapping[str, bytes]

    def methods(self, invocations: int) -> list[str]:
        """What so many invocations of one process call."""
        return [method for _, method, _ in self.first + self.later * (invocations - 1)]


def recorded(case: Case) -> Recording:
    """Invokes the function twice, and finds the same each time.

    Raises:
        ValueError: it calls something else than the case says.
    """
    invocations: list[list[Call]] = []
    replies: dict[str, bytes] = {}
    with (
        patch.dict(os.environ, AWS_DEFAULT_REGION=REGION),
        redirect_stdout(io.StringIO()),
        cloud() as aws,
        functions.deployed(aws),
        intercepted("stepfunctions") as stepfunctions,
    ):
        stepfunctions.answers |= {"SendTaskFailure": {}, "SendTaskSuccess": {}}
        secret = json.dumps({"current": "whsec_" + "MDEy" * 8})
        client("secretsmanager").create_secret(Name=functions.SIGNING_SECRET, SecretString=secret)
        aws.stepfunctions.create_state_machine(
            name=aws.state_machine_arn.rpartition(":")[2], definition=NOTHING, roleArn=NOBODY
        )
        aws.register(case.channel or shipping_channel(topic_arn=aws.topic_arn))
        context = functions.Context(invoked_function_arn=CONTEXT.invoked_function_arn)
        for _ in range(2):
            aws.put_order(KEY.order_id)
            key = case.given.key if case.given else KEY
            aws.dynamodb.delete_item(TableName=TASKS, Key=item_key(key))
            if case.given:
                DynamoDBTasks(lazy("dynamodb"), TASKS).create(case.given)
            with _heard(replies) as calls:
                functions.handler(case.function)(dict(case.event), context)
            invocations.append(calls)
        environment = functions.environment(aws)
    first, later = invocations
    if (made := [method for _, method, _ in later]) != [*case.calls]:
        raise ValueError(f"{case.function} calls {made} and not {[*case.calls]}")
    return Recording(environment, first, later, replies)


def reply_key(method: str, params: Mapping[str, Any]) -> str:
    """What a recorded reply goes by."""
    told_apart = (params[name] for name in ("TableName", "IndexName") if name in params)
    return " ".join((method, *told_apart))


@contextmanager
def _heard(replies: dict[str, bytes]) -> Iterator[list[Call]]:
    """The calls, in order, as they are made; `replies` get the first one to each method."""
    calls: list[Call] = []
    asked = ""

    def call(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        nonlocal asked
        calls.append((model.service_model.service_name, xform_name(model.name), params))
        asked = reply_key(xform_name(model.name), params)

    def reply(response_dict: Mapping[str, Any], **_: Any) -> None:
        replies.setdefault(asked, response_dict["body"])

    def exchange(to: Destination, body: bytes, headers: Any) -> Response:
        url = f"https://{to.host}{to.target}"
        sent = {"method": "POST", "url": url, "body": body.decode(), "headers": headers}
        calls.append(("http", "request", sent))
        return Response(200)

    with ExitStack() as stack:
        stack.enter_context(patch("callbacks.adapters.webhook.exchange", exchange))
        for service in READ_TIMEOUT_SECONDS:
            events = client(service).meta.events
            for name, hear in (("provide-client-params.*.*", call), ("before-parse.*.*", reply)):
                events.register(name, hear)
                stack.callback(events.unregister, name, hear)
        yield calls
