"""What operators act on: registrations, executions, functions; and who an operator is."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from callbacks.adapters.aws import ClientFactory, error_code, unavailable
from callbacks.adapters.channel_table import REGISTRATION
from callbacks.domain.errors import DependencyUnavailable, OperationRefused

BOUND_TO = "X-Callbacks-Request"
PROOF = ("Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token")
NOT_REDRIVEN = {
    "ExecutionDoesNotExist": "there is no such execution (any more)",
    "ExecutionLimitExceeded": "too many executions are open: wait until some have ended",
    "ExecutionNotRedrivable": "it runs, has succeeded, or ended more than 14 days ago",
    "InvalidArn": "that is no execution's ARN",
    "ValidationException": "that is no execution's ARN",
}


class DynamoDBChannelSwitch:
    """ChannelSwitch over the registrations; `client` makes or returns a client of DynamoDB."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def switch(self, task_type: str, *, enabled: bool) -> bool:
        with unavailable(DependencyUnavailable, "UpdateItem"):
            try:
                self._client().update_item(
                    TableName=self._table,
                    Key={"order_id": {"S": REGISTRATION}, "task_type": {"S": task_type}},
                    UpdateExpression="SET enabled = :enabled",
                    ConditionExpression="attribute_exists(task_type)",
                    ExpressionAttributeValues={":enabled": {"BOOL": enabled}},
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


class StepFunctionsRedrives:
    """Redrives over Step Functions; `client` makes or returns a client of it."""

    def __init__(self, client: ClientFactory) -> None:
        self._client = client

    def redrive(self, execution_arn: str) -> None:
        with unavailable(DependencyUnavailable, "RedriveExecution"):
            try:
                self._client().redrive_execution(executionArn=execution_arn)
            except ClientError as error:
                if why := NOT_REDRIVEN.get(error_code(error)):
                    raise OperationRefused(f"{execution_arn}: {why}") from None
                raise


class STSCallers:
    """Callers over STS: the operator signs a GetCallerIdentity, and this side sends it.

    The signature covers a header with what it is for, so that it serves no other request.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html

    `client` makes or returns a client of STS.
    """

    def __init__(self, client: ClientFactory) -> None:
        self._client = client

    def identify(self, proof: Mapping[str, str], bound_to: str) -> str:
        if BOUND_TO.lower() not in _signed_headers(proof.get("Authorization", "")):
            raise OperationRefused(f"the caller's signature does not cover {BOUND_TO}")
        given = {name: proof.get(name) for name in PROOF}
        present = partial(_present, given | {BOUND_TO: bound_to})
        sts = self._client()
        sts.meta.events.register("before-send.sts.GetCallerIdentity", present, "proof")
        try:
            with unavailable(DependencyUnavailable, "GetCallerIdentity"):
                try:
                    return str(sts.get_caller_identity()["Arn"])
                except ClientError as error:
                    if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403):
                        raise OperationRefused(
                            f"AWS does not know the caller: {error_code(error)}"
                        ) from None
                    raise
        finally:
            sts.meta.events.unregister("before-send.sts.GetCallerIdentity", present, "proof")


class LambdaInvoker:
    """Invokes one function and waits for it; `client` makes or returns a client of Lambda."""

    def __init__(self, client: ClientFactory, function: str) -> None:
        self._client = client
        self._function = function

    def invoke(self, event: Mapping[str, Any]) -> None:
        """Raises DependencyUnavailable if it failed or could not be invoked."""
        with unavailable(DependencyUnavailable, "Invoke"):
            response = self._client().invoke(
                FunctionName=self._function, Payload=json.dumps(event).encode()
            )
        if "FunctionError" in response:
            raise DependencyUnavailable(f"{self._function} failed: see its log")


def _signed_headers(authorization: str) -> set[str]:
    _, _, rest = authorization.partition("SignedHeaders=")
    return set(rest.partition(",")[0].split(";"))


def _present(headers: Mapping[str, str | None], request: Any, **_: Any) -> None:
    """The operator's signature in place of the function's own."""
    for name, value in headers.items():
        if name in request.headers:
            del request.headers[name]
        if value is not None:
            request.headers[name] = value
