"""What the SDK raises becomes the domain's errors, and nothing that it says gets through."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.erasure import DynamoDBErasure
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.adapters.sqs_queues import SQSDeadLetterQueue, SQSRedeliveryQueue
from callbacks.adapters.step_functions import StepFunctions
from callbacks.adapters.task_table import DynamoDBOpenAttempts, DynamoDBTaskOverview, DynamoDBTasks
from callbacks.domain.callback import Callback
from callbacks.domain.errors import (
    CallbackChannelError,
    DependencyUnavailable,
    RecordUncertain,
    TokenNotAccepted,
)
from callbacks.domain.message import Message
from callbacks.domain.outcome import Failure, Outcome, Success, digest
from callbacks.domain.ports import OrderTrace, Redelivery, Run, Write
from callbacks.domain.task import expired, leased
from callbacks.usecases.dispatch import DispatchRequest

from tests.support.fakes import FakeClock
from tests.support.services import intercepted
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
DYNAMODB, SNS, SQS, STEP_FUNCTIONS = map(lazy, ("dynamodb", "sns", "sqs", "stepfunctions"))
FACTS = f"Invalid token {token()} of order {KEY.order_id}"


@dataclass(frozen=True)
class Call:
    """One call of an adapter: the service's operation, and what it raises when that fails."""

    service: str
    operation: str
    raised: type[DependencyUnavailable]
    make: Callable[[], object]

    def fail(self) -> CallbackChannelError:
        """What the call raises."""
        with pytest.raises(CallbackChannelError) as failure:
            self.make()
        return failure.value


TASKS = DynamoDBTasks(DYNAMODB, "tasks")
OVERVIEW = DynamoDBTaskOverview(DYNAMODB, "tasks")
ATTEMPTS = DynamoDBOpenAttempts(DYNAMODB, "tasks")
CHANNELS = DynamoDBChannels(DYNAMODB, "tasks", FakeClock())
ORDERS = DynamoDBOrders(DYNAMODB, "orders")
ERASURE = DynamoDBErasure(DYNAMODB, "tasks", "orders")
TOPIC = SNSTopic(SNS, TOPIC_ARN)
REDELIVERIES = SQSRedeliveryQueue(SQS, QUEUE_URL)
DEAD_LETTERS = SQSDeadLetterQueue(SQS, QUEUE_URL)
WORKFLOW = StepFunctions(STEP_FUNCTIONS)

RECORDS = [
    Call("dynamodb", "GetItem", RecordUncertain, lambda: TASKS.get(KEY)),
    Call("dynamodb", "PutItem", RecordUncertain, lambda: TASKS.create(pending())),
    Call(
        "dynamodb",
        "UpdateItem",
        RecordUncertain,
        lambda: TASKS.claim(KEY, None, SHIPPED, PRINCIPAL, NOW),
    ),
    Call(
        "dynamodb",
        "UpdateItem",
        RecordUncertain,
        lambda: TASKS.replace(pending(), expired(pending(), NOW)),
    ),
    Call("dynamodb", "PutItem", RecordUncertain, lambda: TASKS.take_over(pending(), pending(2))),
    Call("dynamodb", "GetItem", RecordUncertain, lambda: ATTEMPTS.is_waited_for(KEY, "attempt-1")),
    Call("dynamodb", "Query", RecordUncertain, lambda: list(OVERVIEW.due(NOW))),
    Call("dynamodb", "Query", RecordUncertain, lambda: OVERVIEW.peek(KEY)),
    Call("dynamodb", "Query", RecordUncertain, lambda: OVERVIEW.of_order("order-1")),
    Call(
        "dynamodb",
        "PutItem",
        RecordUncertain,
        lambda: OVERVIEW.replace(pending(), expired(pending(), NOW)),
    ),
    Call(
        "dynamodb",
        "UpdateItem",
        RecordUncertain,
        lambda: OVERVIEW.replace(completing(), leased(completing(), NOW)),
    ),
]
OTHERS = [
    Call("dynamodb", "UpdateItem", DependencyUnavailable, lambda: ORDERS.let_expire("o", "by")),
    Call("dynamodb", "Query", DependencyUnavailable, lambda: ERASURE.order("o")),
    Call("dynamodb", "DeleteItem", DependencyUnavailable, lambda: ERASURE.erase_task(pending())),
    Call(
        "dynamodb",
        "DeleteItem",
        DependencyUnavailable,
        lambda: ERASURE.erase_order("o", OrderTrace("by")),
    ),
    Call(
        "dynamodb",
        "GetItem",
        DependencyUnavailable,
        lambda: CHANNELS.get("TYPE"),
    ),
    Call("dynamodb", "UpdateItem", DependencyUnavailable, lambda: ORDERS.take_up("o", "by", None)),
    Call(
        "dynamodb",
        "UpdateItem",
        DependencyUnavailable,
        lambda: ORDERS.record_shipping("o", SHIPPED.output),
    ),
    Call(
        "dynamodb",
        "UpdateItem",
        DependencyUnavailable,
        lambda: ORDERS.mark_failed("o", "why"),
    ),
    Call(
        "dynamodb",
        "UpdateItem",
        DependencyUnavailable,
        lambda: ORDERS.mark_stalled("o", "why"),
    ),
    Call(
        "sns",
        "Publish",
        DependencyUnavailable,
        lambda: TOPIC.publish("", {}),
    ),
    Call(
        "sqs",
        "SendMessage",
        DependencyUnavailable,
        lambda: REDELIVERIES.send(REDELIVERY),
    ),
    Call(
        "sqs",
        "SendMessage",
        DependencyUnavailable,
        lambda: DEAD_LETTERS.send(REDELIVERY, "why", SHIPPED),
    ),
    Call(
        "sqs",
        "ChangeMessageVisibility",
        DependencyUnavailable,
        lambda: REDELIVERIES.retry_in("receipt", 1),
    ),
    Call(
        "stepfunctions",
        "DescribeExecution",
        DependencyUnavailable,
        lambda: WORKFLOW.last_run(EXECUTION),
    ),
    Call(
        "stepfunctions",
        "DescribeExecution",
        DependencyUnavailable,
        lambda: WORKFLOW.failure(EXECUTION),
    ),
    Call(
        "stepfunctions",
        "DescribeExecution",
        DependencyUnavailable,
        lambda: WORKFLOW.execution_input(EXECUTION),
    ),
    Call(
        "stepfunctions",
        "GetExecutionHistory",
        DependencyUnavailable,
        lambda: WORKFLOW.verdict(attempt_of(token(), SHIPPED)),
    ),
]
WITH_TOKEN = [
    Call(
        "stepfunctions",
        "SendTaskSuccess",
        DependencyUnavailable,
        lambda: WORKFLOW.complete(token(), SHIPPED),
    ),
    Call(
        "stepfunctions",
        "SendTaskFailure",
        DependencyUnavailable,
        lambda: WORKFLOW.complete(token(), LOST),
    ),
    Call(
        "stepfunctions",
        "SendTaskHeartbeat",
        DependencyUnavailable,
        lambda: WORKFLOW.heartbeat(token()),
    ),
]

pytestmark = pytest.mark.usefixtures("identity")
each_call = pytest.mark.parametrize(
    "call", [*RECORDS, *OTHERS, *WITH_TOKEN], ids=lambda call: call.operation
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
    with intercepted(call.service) as service:
        service.refuse(call.operation, code, FACTS, status)
        error = call.fail()

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
def test_a_service_that_does_not_respond_is_unavailable(call: Call, failure: Exception) -> None:
    with intercepted(call.service) as service:
        service.answers[call.operation] = failure
        error = call.fail()

    assert type(error) is call.raised
    assert type(failure).__name__ in str(error)
    assert says_nothing(error)


@pytest.mark.parametrize("call", WITH_TOKEN, ids=lambda call: call.operation)
@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_is_closed_is_not_accepted(code: str, call: Call) -> None:
    with intercepted(call.service) as service:
        service.refuse(call.operation, code, FACTS)
        error = call.fail()

    assert type(error) is TokenNotAccepted
    assert says_nothing(error)


@pytest.mark.parametrize("code", ["InvalidOutput", "KmsThrottlingException"])
def test_another_fault_of_the_call_does_not_close_the_token(code: str) -> None:
    with intercepted("stepfunctions") as service:
        service.refuse("SendTaskSuccess", code, FACTS)
        error = WITH_TOKEN[0].fail()

    assert type(error) is DependencyUnavailable


def test_a_call_that_the_sdk_does_not_make_says_nothing_of_its_arguments() -> None:
    unusable: Any = {"token": token()}

    with pytest.raises(DependencyUnavailable, match="ParamValidationError") as failure:
        WORKFLOW.heartbeat(unusable)

    assert says_nothing(failure.value)


def test_an_execution_that_does_not_exist_has_no_run() -> None:
    with intercepted("stepfunctions") as service:
        service.refuse("DescribeExecution", "ExecutionDoesNotExist", FACTS)

        assert WORKFLOW.last_run(EXECUTION) is None
        assert WORKFLOW.failure(EXECUTION) is None


def test_an_execution_that_was_redriven_has_a_later_start() -> None:
    started, redriven = datetime(2027, 1, 15, 8, tzinfo=UTC), datetime(2027, 1, 15, 9, tzinfo=UTC)
    with intercepted("stepfunctions") as service:
        service.answers["DescribeExecution"] = {
            "executionArn": EXECUTION,
            "stateMachineArn": EXECUTION,
            "status": "RUNNING",
            "startDate": started,
            "redriveDate": redriven,
        }

        assert WORKFLOW.last_run(EXECUTION) == Run(redriven)


TOLD = "SECRET-OUTCOME"
OUTCOMES: list[Outcome] = [
    Success({"tracking_number": TOLD}),
    Failure("LOST", TOLD, retryable=False),
]
KNOWING = [
    *(task for outcome in OUTCOMES for task in (completing(outcome=outcome), unsettled(outcome))),
    *OUTCOMES,
    *(completing(outcome=outcome).attempt for outcome in OUTCOMES),
    *(Write(applied=True, task=completing(outcome=outcome)) for outcome in OUTCOMES),
    *(Callback("order-1", "SUCCESS", None, outcome) for outcome in OUTCOMES),
    pending(),
    DispatchRequest(key=KEY, payload={"to": TOLD}, task_token=token(), execution_arn=EXECUTION),
    Message(KEY, "attempt-1", 0, TOLD),
]


@pytest.mark.parametrize("thing", KNOWING, ids=lambda thing: type(thing).__name__)
def test_nothing_that_knows_a_token_or_an_outcome_shows_it(thing: object) -> None:
    assert "SECRET" not in f"{thing} {thing!r}"
