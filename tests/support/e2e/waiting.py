"""A workflow of one state, the wait that a channel's module gives, and the partner at work."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tools import Json
from tools.devenv.walkthrough import Deployment


@dataclass(frozen=True)
class Waiting:
    """Starts executions that wait on one channel; `deployment` has the channel's partner."""

    deployment: Deployment
    state_machine_arn: str
    payload_event_key: str

    def start(self, payload: Json) -> tuple[str, str]:
        """A new order's id and the execution that waits for it."""
        order_id = str(uuid.uuid4())
        started = self.deployment.platform.stepfunctions.start_execution(
            stateMachineArn=self.state_machine_arn,
            input=json.dumps({"order_id": order_id, self.payload_event_key: payload}),
        )
        return order_id, started["executionArn"]


@contextmanager
def waiting_on(
    deployment: Deployment, name: str, wait_state: Json, payload_event_key: str
) -> Iterator[Waiting]:
    """A state machine that waits, and a role that may invoke the dispatcher and nothing else."""
    platform = deployment.platform
    iam = platform.session.client("iam", endpoint_url=platform.endpoint_url)
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=_policy("sts:AssumeRole", principal="states")
    )["Role"]
    invoke = _policy("lambda:InvokeFunction", resource=wait_state["Parameters"]["FunctionName"])
    iam.put_role_policy(RoleName=name, PolicyName="invoke", PolicyDocument=invoke)
    definition = {"StartAt": "Wait", "States": {"Wait": {**wait_state, "End": True}}}
    machine = platform.stepfunctions.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role["Arn"]
    )["stateMachineArn"]
    try:
        yield Waiting(deployment, machine, payload_event_key)
    finally:
        platform.stepfunctions.delete_state_machine(stateMachineArn=machine)
        iam.delete_role_policy(RoleName=name, PolicyName="invoke")
        iam.delete_role(RoleName=name)


def _policy(action: str, *, principal: str | None = None, resource: str | None = None) -> str:
    statement: Json = {"Effect": "Allow", "Action": action}
    if principal:
        statement["Principal"] = {"Service": f"{principal}.amazonaws.com"}
    if resource:
        statement["Resource"] = resource
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
