"""Takes partners' answers at POST /externalCallback/TASK_TYPE, for every channel."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.adapters.sqs_queues import SQSRedeliveryQueue
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.callback import Callback
from callbacks.domain.channel import Channel, Contract
from callbacks.domain.errors import (
    CallbackRefused,
    DependencyUnavailable,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
    TaskNotFound,
    Violation,
)
from callbacks.domain.outcome import canonical_json
from callbacks.domain.ports import ChannelRegistry, ContractValidator
from callbacks.domain.task import TaskKey
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.http import (
    HttpRequest,
    Response,
    internal_error,
    ok,
    parse_request,
    refused,
    request_id,
)
from callbacks.runtime.records import LoggedTasks
from callbacks.runtime.settings import CompletionSettings, load
from callbacks.runtime.telemetry import about, count
from callbacks.usecases.complete import Answer, Completer
from pydantic import ValidationError

ROUTE = "externalCallback"


def handler(event: dict[str, Any], context: Any) -> Response:
    """A Lambda proxy event to its response; every error is a problem (RFC 9457)."""
    log = about(context, request_id=request_id(event))
    task_type, version = _route(event["resource"])
    log.append_keys(task_type=task_type)
    try:
        request = parse_request(event)
        answer, callback = _app().take(request, task_type, version, log)
    except CallbackRefused as error:
        response = refused(error, request_id(event))
        log.info("CALLBACK_REFUSED", extra={"status": response["statusCode"]})
        count("CallbackRefused", task_type=task_type, status=str(response["statusCode"]))
        return response
    except Exception:
        log.exception("CALLBACK_FAILED")
        count("CallbackFailed", task_type=task_type)
        return internal_error(request_id(event))
    log.info("CALLBACK_TAKEN", extra={"answer": answer.value})
    count("CallbackTaken", task_type=task_type, answer=answer.value)
    return ok(
        202 if answer is Answer.HELD else 200,
        {
            "order_id": callback.order_id,
            "task_type": callback.task_type,
            "task_status": callback.task_status,
            "result": answer.value,
            "duplicate": answer is Answer.DUPLICATE,
        },
    )


@dataclass(frozen=True, slots=True)
class _App:
    registry: ChannelRegistry
    contracts: ContractValidator
    completer: Completer

    def take(
        self, request: HttpRequest, task_type: str, version: str, log: Any
    ) -> tuple[Answer, Callback]:
        channel, contract = self._contract(task_type, version)
        callback = self._parse(request, contract)
        log.append_keys(order_id=callback.order_id)
        callback_id = _callback_id(request, callback)
        log.append_keys(callback_id=callback_id)
        key = TaskKey(callback.order_id, task_type)
        outcome = callback.outcome
        if outcome is None:
            return self.completer.heartbeat(key, callback_id), callback
        _check_size(callback, channel)
        answer = self.completer.complete(key, callback_id, outcome, request.principal)
        return answer, callback

    def _contract(self, task_type: str, version: str) -> tuple[Channel, Contract]:
        try:
            channel = self.registry.get(task_type)
        except DependencyUnavailable as error:
            raise NotKnownToBeAccepted from error
        contract = channel.versions.get(version) if channel else None
        if channel is None or contract is None:
            raise TaskNotFound(TaskKey("", task_type))
        return channel, contract

    def _parse(self, request: HttpRequest, contract: Contract) -> Callback:
        violations = self.contracts.violations(contract.callback, request.body)
        if violations:
            raise InvalidCallback("the body breaks the contract of this channel", violations)
        try:
            return Callback.model_validate(request.body)
        except ValidationError as error:
            raise InvalidCallback(
                "the body is not a callback",
                [
                    Violation("".join(f"/{part}" for part in entry["loc"]), entry["msg"])
                    for entry in error.errors(include_input=False, include_url=False)
                ],
            ) from None


def _route(resource: str) -> tuple[str, str]:
    """`/externalCallback/TYPE` is v1; `/externalCallback/TYPE/v2` says its version."""
    _, _, rest = resource.partition(f"/{ROUTE}/")
    task_type, _, version = rest.partition("/")
    return task_type, version or "v1"


def _callback_id(request: HttpRequest, callback: Callback) -> str | None:
    given = {id_ for id_ in (request.callback_id, callback.callback_id) if id_ is not None}
    if len(given) > 1:
        raise InvalidCallback(
            "callback_id in the body and in the URL differ",
            [Violation("/callback_id", "is not the callback_id of the URL")],
        )
    return next(iter(given), None)


def _check_size(callback: Callback, channel: Channel) -> None:
    if callback.task_output is None:
        return
    size = len(canonical_json(callback.task_output).encode())
    if size > channel.max_output_bytes:
        raise OutputTooLarge(size, channel.max_output_bytes)


@cache
def _app() -> _App:
    settings, clock = load(CompletionSettings), SystemClock()
    dynamodb = lazy("dynamodb")
    return _App(
        registry=DynamoDBChannels(dynamodb, settings.callback_table, clock),
        contracts=JsonSchemaContracts(),
        completer=Completer(
            store=LoggedTasks(dynamodb, settings.callback_table),
            workflow=StepFunctions(lazy("stepfunctions")),
            redelivery=SQSRedeliveryQueue(lazy("sqs"), settings.redelivery_queue_url),
            clock=clock,
        ),
    )
