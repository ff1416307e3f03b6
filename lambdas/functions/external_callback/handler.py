"""Takes partners' callbacks at POST /externalCallback/TASK_TYPE, for every channel.

And, from a queue, what the functions of webhooks report in place of a partner. No other function
records an outcome but `operate`, for people.
"""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.adapters.sqs_queues import SQSRedeliveryQueue
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.callback import Callback
from callbacks.domain.errors import CallbackRefused
from callbacks.domain.outcome import Success, digest
from callbacks.domain.routes import parse_route
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.http import (
    INTERNAL_ERROR,
    Response,
    internal_error,
    ok,
    parse_request,
    partner_trace,
    principal,
    problem_of,
    refused,
    request_id,
)
from callbacks.runtime.records import LoggedTasks
from callbacks.runtime.settings import CompletionSettings, load
from callbacks.runtime.telemetry import PLATFORM, about, count, emit
from callbacks.usecases.complete import Completer, Result
from callbacks.usecases.fail_undelivered import UndeliveredTasks
from callbacks.usecases.receive import Receiver

from functions.external_callback import reports

HISTORY_PAGES_IN_TIME = 1  # Redelivery reads on, and has the time for it.


def handler(event: dict[str, Any], context: Any) -> Response:
    """A Lambda proxy event to its response; every error is a problem (RFC 9457).

    An SQS batch of reports to its partial failures.
    """
    if "Records" in event:
        return reports.take(event, context, _undelivered())
    trace = partner_trace(event)
    log = about(
        context,
        request_id=request_id(event),
        principal=principal(event),
        partner_trace_id=trace.trace_id if trace else None,
        partner_span_id=trace.span_id if trace else None,
    )
    task_type, version = parse_route(event["resource"])
    log.append_keys(task_type=task_type)
    try:
        request = parse_request(event)
        received = _receiver().read(task_type, version, request.body, request.callback_id)
        callback = received.callback
        log.append_keys(
            order_id=callback.order_id, callback_id=callback.callback_id, **_reported(callback)
        )
        result = _receiver().take(received, request.principal, request.address)
    except CallbackRefused as error:
        problem = problem_of(error)
        log.info("CALLBACK_REFUSED", extra={"status": problem.status, "code": problem.slug})
        count("CallbacksRefused", task_type, problem=problem.slug)
        return refused(error, request_id(event))
    except Exception:
        log.exception("CALLBACK_FAILED", extra={"status": 500, "code": INTERNAL_ERROR})
        count("CallbackErrors", task_type)
        return internal_error(request_id(event))
    status = 202 if result is Result.HELD else 200
    log.info("CALLBACK_TAKEN", extra={"status": status, "result": result.value})
    _count_outcome(task_type, result)
    return ok(
        status,
        {
            "order_id": callback.order_id,
            "task_type": task_type,
            "task_status": callback.task_status,
            "result": result.value,
            "duplicate": result is Result.DUPLICATE,
        },
    )


def _count_outcome(task_type: str, result: Result) -> None:
    """An outcome counts once, when it is recorded: not a repeat that joins those who deliver it."""
    if result is Result.HELD:
        count("OutcomesHeld", task_type)
    claimed = _store().claimed
    if result not in (Result.DELIVERED, Result.HELD) or claimed is None:
        return
    is_success = isinstance(claimed.outcome, Success)
    seconds = SystemClock().now() - claimed.requested_at / 1000
    emit(
        [
            ("CallbacksSucceeded" if is_success else "CallbacksFailed", 1, "Count"),
            ("TimeToCallback", max(0, seconds), "Seconds"),
        ],
        PLATFORM,
        {"task_type": task_type},
    )


def _reported(callback: Callback) -> dict[str, str]:
    """What is logged of what a partner says: never the output, nor a failure's message."""
    outcome = callback.outcome
    if outcome is None:
        return {"reported_status": callback.task_status}
    reported = {"reported_status": outcome.status, "outcome_digest": digest(outcome)}
    return reported if outcome.code is None else reported | {"reported_code": outcome.code}


@cache
def _receiver() -> Receiver:
    return Receiver(registry=_registry(), contracts=JsonSchemaContracts(), completer=_completer())


@cache
def _undelivered() -> UndeliveredTasks:
    return UndeliveredTasks(registry=_registry(), completer=_completer())


@cache
def _registry() -> DynamoDBChannels:
    table = load(CompletionSettings).callback_table
    return DynamoDBChannels(lazy("dynamodb"), table, SystemClock())


@cache
def _store() -> LoggedTasks:
    return LoggedTasks(lazy("dynamodb"), load(CompletionSettings).callback_table)


@cache
def _completer() -> Completer:
    settings = load(CompletionSettings)
    return Completer(
        store=_store(),
        workflow=StepFunctions(lazy("stepfunctions"), HISTORY_PAGES_IN_TIME),
        redelivery=SQSRedeliveryQueue(lazy("sqs"), settings.redelivery_queue_url),
        clock=SystemClock(),
    )
