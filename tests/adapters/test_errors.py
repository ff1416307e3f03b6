"""What the SDK raises becomes the domain's errors, and nothing that it says gets through."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.stub import Stubber
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.adapters.sqs_queues import SQSDeadLetterQueue, SQSRedeliveryQueue
from callbacks.adapters.step_functions import StepFunctions
from callbacks.adapters.task_table import DynamoDBTaskOverview, DynamoDBTasks
from callbacks.domain.errors import (
    CallbackChannelError,
    DependencyUnavailable,
    RecordUncertain,
    TokenNotAccepted,
)
from callbacks.domain.outcome import digest
from callbacks.domain.ports import Redelivery
from callbacks.domain.task import expired
from callbacks.usecases.dispatch import DispatchRequest

from tests.support.fakes import FakeClock
from tests.support.services import unreachable_client
from tests.support.tasks import (
    EXECUTION,
    KEY,
    LOST,
    NOW,
    PRINCIPAL,
    SHIPPED,
    attempt_of,
    completing,
    pending,
    token,
    unsettled,
)

QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/111111111111/queue"
TOPIC_ARN = "arn:aws:sns:eu-west-1:111111111111:topic"
REDELIVERY = Redelivery(KEY, "attempt-1", digest(SHIPPED))
FACTS = f"Invalid token {token()} of order {KEY.order_id}"


@dataclass(frozen=True)
class Call:
    """One call of an adapter: the SDK's method, and what it raises when that fails."""

    service: str
    method: str
    raised: type[DependencyUnavailable]
    make: Callable[[Callable[[], Any]], object]

    def run(self, client: Any) -> CallbackChannelError:
        """What the call raises over the client."""
        with pytest.raises(CallbackChannelError) as failure:
            self.make(lambda: client)
        return failure.value


def table(service: Callable[[], Any]) -> DynamoDBTasks:
    return DynamoDBTasks(service, "tasks")


def overview(service: Callable[[], Any]) -> DynamoDBTaskOverview:
    return DynamoDBTaskOverview(service, "tasks")


def orders(service: Callable[[], Any]) -> DynamoDBOrders:
    return DynamoDBOrders(service, "orders")


RECORDS = [
    Call("dynamodb", "get_item", RecordUncertain, lambda sdk: table(sdk).get(KEY)),
    Call("dynamodb", "put_item", RecordUncertain, lambda sdk: table(sdk).create(pending())),
    Call(
        "dynamodb",
        "update_item",
        RecordUncertain,
        lambda sdk: table(sdk).claim(KEY, None, SHIPPED, PRINCIPAL, NOW),
    ),
    Call(
        "dynamodb",
        "update_item",
        RecordUncertain,
        lambda sdk: table(sdk).replace(pending(), expired(pending(), NOW)),
    ),
    Call("dynamodb", "query", RecordUncertain, lambda sdk: list(overview(sdk).due(NOW))),
    Call("dynamodb", "query", RecordUncertain, lambda sdk: overview(sdk).peek(KEY)),
    Call("dynamodb", "query", RecordUncertain, lambda sdk: overview(sdk).of_order("order-1")),
    Call(
        "dynamodb",
        "update_item",
        RecordUncertain,
        lambda sdk: overview(sdk).replace(pending(), expired(pending(), NOW)),
    ),
]
OTHERS = [
    Call(
        "dynamodb",
        "get_item",
        DependencyUnavailable,
        lambda sdk: DynamoDBChannels(sdk, "tasks", FakeClock()).get("TYPE"),
    ),
    Call("dynamodb", "get_item", DependencyUnavailable, lambda sdk: orders(sdk).contents("o")),
    Call(
        "dynamodb",
        "update_item",
        DependencyUnavailable,
        lambda sdk: orders(sdk).record_shipping("o", SHIPPED.output),
    ),
    Call(
        "dynamodb",
        "update_item",
        DependencyUnavailable,
        lambda sdk: orders(sdk).mark_failed("o", "why"),
    ),
    Call(
        "sns",
        "publish",
        DependencyUnavailable,
        lambda sdk: SNSTopic(sdk, TOPIC_ARN).publish("", {}),
    ),
    Call(
        "sqs",
        "send_message",
        DependencyUnavailable,
        lambda sdk: SQSRedeliveryQueue(sdk, QUEUE_URL).send(REDELIVERY),
    ),
    Call(
        "sqs",
        "send_message",
        DependencyUnavailable,
        lambda sdk: SQSDeadLetterQueue(sdk, QUEUE_URL).send(REDELIVERY, "why", SHIPPED),
    ),
    Call(
        "sqs",
        "change_message_visibility",
        DependencyUnavailable,
        lambda sdk: SQSRedeliveryQueue(sdk, QUEUE_URL).retry_in("receipt", 1),
    ),
    Call(
        "stepfunctions",
        "describe_execution",
        DependencyUnavailable,
        lambda sdk: StepFunctions(sdk).ended_at(EXECUTION),
    ),
    Call(
        "stepfunctions",
        "describe_execution",
        DependencyUnavailable,
        lambda sdk: StepFunctions(sdk).execution_input(EXECUTION),
    ),
    Call(
        "stepfunctions",
        "get_execution_history",
        DependencyUnavailable,
        lambda sdk: StepFunctions(sdk).verdict(attempt_of(token(), SHIPPED)),
    ),
]
WITH_TOKEN = [
    Call(
        "stepfunctions",
        "send_task_success",
        DependencyUnavailable,
        lambda sdk: StepFunctions(sdk).complete(token(), SHIPPED),
    ),
    Call(
        "stepfunctions",
        "send_task_failure",
        DependencyUnavailable,
        lambda sdk: StepFunctions(sdk).complete(token(), LOST),
    ),
    Call(
        "stepfunctions",
        "send_task_heartbeat",
        DependencyUnavailable,
        lambda sdk: StepFunctions(sdk).heartbeat(token()),
    ),
]

each_call = pytest.mark.parametrize(
    "call", [*RECORDS, *OTHERS, *WITH_TOKEN], ids=lambda call: call.method
)


def says_nothing(error: BaseException) -> bool:
    """Neither the error nor its traceback has the token, or any of the service's words."""
    told = [str(error), repr(error), "".join(traceback.format_exception(error))]
    return not any("SECRET" in text or "Invalid token" in text for text in told)


@each_call
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
        ("AccessDeniedException", 400),
        ("ValidationException", 400),
    ],
)
def test_a_service_that_refuses_is_unavailable(call: Call, code: str, status: int) -> None:
    client = unreachable_client(call.service)
    with Stubber(client) as stubber:
        stubber.add_client_error(call.method, code, FACTS, status)
        error = call.run(client)

    assert type(error) is call.raised
    assert code in str(error)
    assert says_nothing(error)


@each_call
@pytest.mark.parametrize(
    "failure",
    [
        ReadTimeoutError(endpoint_url="https://example.com"),
        ConnectTimeoutError(endpoint_url="https://example.com"),
        EndpointConnectionError(endpoint_url="https://example.com"),
        NoCredentialsError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_service_that_does_not_answer_is_unavailable(call: Call, failure: Exception) -> None:
    def fail(**_: Any) -> None:
        raise failure

    client = unreachable_client(call.service)
    client.meta.events.register("before-call.*.*", fail)

    error = call.run(client)

    assert type(error) is call.raised
    assert type(failure).__name__ in str(error)
    assert says_nothing(error)


@pytest.mark.parametrize("call", WITH_TOKEN, ids=lambda call: call.method)
@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_is_closed_is_not_accepted(code: str, call: Call) -> None:
    client = unreachable_client(call.service)
    with Stubber(client) as stubber:
        stubber.add_client_error(call.method, code, FACTS)
        error = call.run(client)

    assert type(error) is TokenNotAccepted
    assert says_nothing(error)


@pytest.mark.parametrize("code", ["InvalidOutput", "KmsThrottlingException"])
def test_another_fault_of_the_call_does_not_close_the_token(code: str) -> None:
    client = unreachable_client("stepfunctions")
    with Stubber(client) as stubber:
        stubber.add_client_error("send_task_success", code, FACTS)
        error = WITH_TOKEN[0].run(client)

    assert type(error) is DependencyUnavailable


def test_a_call_that_the_sdk_does_not_make_says_nothing_of_its_arguments() -> None:
    workflow = StepFunctions(lambda: unreachable_client("stepfunctions"))
    unusable: Any = {"token": token()}

    with pytest.raises(DependencyUnavailable, match="ParamValidationError") as failure:
        workflow.heartbeat(unusable)

    assert says_nothing(failure.value)


def test_an_execution_that_does_not_exist_has_ended() -> None:
    client = unreachable_client("stepfunctions")
    with Stubber(client) as stubber:
        stubber.add_client_error("describe_execution", "ExecutionDoesNotExist", FACTS)

        assert StepFunctions(lambda: client).ended_at(EXECUTION) is not None


KNOWING = [
    pending(),
    completing(),
    unsettled(),
    completing().attempt,
    DispatchRequest(key=KEY, payload={}, task_token=token(), execution_arn=EXECUTION),
]


@pytest.mark.parametrize("thing", KNOWING, ids=lambda thing: type(thing).__name__)
def test_nothing_that_knows_a_token_shows_it(thing: object) -> None:
    assert "SECRET" not in f"{thing} {thing!r}"
