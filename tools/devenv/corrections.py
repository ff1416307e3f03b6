"""The local engine, corrected where it does otherwise than AWS; run by the engine's interpreter.

Each correction replaces functions of the engine, by their names, with what is made of them; an
engine that lacks one of them does not start. tests/e2e/test_corrections.py says when a newer engine
needs a correction no longer; docs/aws-checklist.md lists what stays different.
"""

import contextvars
import inspect
import json
import os
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from guard import guarded
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, iam, lambda_svc, sqs, stepfunctions


class NotAsExpectedError(Exception):
    """The engine lacks what a correction replaces."""

    def __init__(self, module: ModuleType, what: str) -> None:
        super().__init__(
            f"{module.__name__} of this engine does not have {what}: see whether it does as AWS by "
            f"now, and remove or adapt the correction in {__file__}."
        )


def name_errors_after_their_classes() -> None:
    """On AWS, what a Python function raises is named after its class, not Runtime.HandlerError."""
    told = '"error": str(e), "trace"'
    named = '"error": json.dumps({"errorMessage": str(e), "errorType": type(e).__name__}), "trace"'
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(told) != 1:
        raise NotAsExpectedError(lambda_runtime, f"{told} once in _PYTHON_WORKER_SCRIPT")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(told, named)

    def naming(execute: Callable[..., Any]) -> Callable[..., Any]:
        def execute_function(func: Any, event: Any, request_id: Any) -> Any:
            result = execute(func, event, request_id)
            if not result.get("error"):
                return result
            try:
                return {**result, "body": json.loads(result["body"]["errorMessage"])}
            except ValueError:  # The engine's own words, about a function that never responded.
                return result

        return execute_function

    _replace(lambda_svc, "_execute_function_warm", naming)


def fail_waits_whose_function_fails() -> None:
    """On AWS, a function that fails fails its waitForTaskToken state, which would wait on here."""
    waiting = threading.local()

    def knowing_the_wait(invoke: Callable[..., Any]) -> Callable[..., Any]:
        def invoke_with_callback(resource: Any, input_data: Any, token: Any, state_def: Any) -> Any:
            waiting.token = token
            try:
                return invoke(resource, input_data, token, state_def)
            finally:
                waiting.token = None

        return invoke_with_callback

    def failing_the_wait(call: Callable[..., Any]) -> Callable[..., Any]:
        def call_lambda(func_ref: Any, event: Any) -> Any:
            try:
                return call(func_ref, event)
            except stepfunctions._ExecutionError as error:
                if token := getattr(waiting, "token", None):
                    _fail(token, error.error, error.cause)
                raise

        return call_lambda

    _replace(stepfunctions, "_invoke_with_callback", knowing_the_wait)
    _replace(stepfunctions, "_call_lambda", failing_the_wait)


def give_each_attempt_a_token() -> None:
    """On AWS, each attempt of a waitForTaskToken state has a token of its own."""

    def renewing(apply: Callable[..., Any]) -> Callable[..., Any]:
        def apply_parameters(state_def: Any, data: Any, ctx: Any = None) -> Any:
            if ctx and state_def.get("Resource", "").endswith(".waitForTaskToken"):
                ctx["Task"] = {"Token": stepfunctions.new_uuid()}
            return apply(state_def, data, ctx)

        return apply_parameters

    _replace(stepfunctions, "_apply_parameters", renewing)


def enforce_heartbeats() -> None:
    """On AWS, a wait ends with States.HeartbeatTimeout when no heartbeat came for its seconds."""
    beats: dict[str, float] = {}

    def watch(token: str, seconds: float, ended: threading.Event) -> None:
        while not ended.wait(max(0.0, beats[token] + seconds - time.monotonic())):
            if time.monotonic() >= beats[token] + seconds:
                _fail(token, "States.HeartbeatTimeout", f"No heartbeat for {seconds} seconds")
                return

    def watching(invoke: Callable[..., Any]) -> Callable[..., Any]:
        def invoke_with_callback(resource: Any, input_data: Any, token: Any, state_def: Any) -> Any:
            if "HeartbeatSeconds" not in state_def:
                return invoke(resource, input_data, token, state_def)
            beats[token] = time.monotonic()
            ended = threading.Event()
            threading.Thread(
                # The engine keeps an execution's account and region in its context.
                target=contextvars.copy_context().run,
                args=(watch, token, state_def["HeartbeatSeconds"], ended),
                daemon=True,
            ).start()
            try:
                return invoke(resource, input_data, token, state_def)
            finally:
                ended.set()

        return invoke_with_callback

    def noting(send: Callable[..., Any]) -> Callable[..., Any]:
        def send_task_heartbeat(data: Any) -> Any:
            beats[data.get("taskToken")] = time.monotonic()
            return send(data)

        return send_task_heartbeat

    _replace(stepfunctions, "_invoke_with_callback", watching)
    _replace(stepfunctions, "_send_task_heartbeat", noting)


def give_functions_keys_that_nobody_guesses() -> None:
    """On AWS, a function's keys cannot be computed from its name, as the engine's could."""
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]

    def salting(make: Callable[..., Any]) -> Callable[..., Any]:
        def execution_credentials(config: Any) -> Any:
            # The engine takes a digest of the whole ARN, and from the ARN the role's name.
            role = config.get("Role", "").rsplit("/", 1)[-1]
            return make({**config, "Role": f"{secret}/{role}"})

        return execution_credentials

    for module in (lambda_runtime, lambda_svc):
        _replace(module, "execution_credentials", salting)


def name_senders() -> None:
    """On AWS, a message's SenderId is of the role that sent it, and not the account's."""
    senders: dict[str, str] = {}

    def naming(build: Callable[..., Any]) -> Callable[..., Any]:
        def _build_send_sys_attrs(now: Any, sys_attrs_input: Any) -> Any:
            attributes = build(now, sys_attrs_input)
            caller = iam_evaluator._request_caller_arn.get()
            role, _, session = caller.partition(":assumed-role/")[2].partition("/")
            if found := iam._roles.get(role):
                attributes["SenderId"] = f"{found['RoleId']}:{session}"
            return attributes

        return _build_send_sys_attrs

    def noting(receive: Callable[..., Any]) -> Callable[..., Any]:
        def _receive_messages_for_esm(queue_url: Any, max_number: Any) -> Any:
            received = receive(queue_url, max_number)
            for message in received:
                senders[message["id"]] = message["sys"]["SenderId"]
            return received

        return _receive_messages_for_esm

    def telling(apply: Callable[..., Any]) -> Callable[..., Any]:
        def _apply_filter_criteria(records: Any, esm: Any) -> Any:
            for record in records:
                if sender := senders.pop(record.get("messageId", ""), None):
                    record["attributes"]["SenderId"] = sender
            return apply(records, esm)

        return _apply_filter_criteria

    _replace(sqs, "_build_send_sys_attrs", naming)
    _replace(sqs, "_receive_messages_for_esm", noting)
    _replace(lambda_svc, "_apply_filter_criteria", telling)


def tell_validation_errors() -> None:
    """On AWS, a gateway response says what is wrong in place of its validationErrorString."""

    def telling(render: Callable[..., Any]) -> Callable[..., Any]:
        def gateway_error_response(error: Any, request: Any) -> Any:
            status, headers, body = render(error, request)
            told = json.dumps(f"[{error.message}]")[1:-1].encode()
            return status, headers, body.replace(b"$context.error.validationErrorString", told)

        return gateway_error_response

    _replace(apigateway_v1, "_gateway_error_response", telling)


def _replace(
    module: ModuleType, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    original = getattr(module, name, None)
    if original is None:
        raise NotAsExpectedError(module, name)
    replacement = make(original)
    parameters = list(inspect.signature(replacement).parameters)
    if list(inspect.signature(original).parameters) != parameters:
        raise NotAsExpectedError(module, f"{name}({', '.join(parameters)})")
    setattr(module, name, replacement)


def _fail(token: str, error: str, cause: str) -> None:
    """End a wait as SendTaskFailure does, unless it has ended."""
    wait = stepfunctions._task_tokens.get(token)
    if wait and not wait["event"].is_set():
        stepfunctions._send_task_failure({"taskToken": token, "error": error, "cause": cause})


name_errors_after_their_classes()
fail_waits_whose_function_fails()
give_each_attempt_a_token()
enforce_heartbeats()
give_functions_keys_that_nobody_guesses()
name_senders()
tell_validation_errors()

# It takes the functions as they are by now.
from ministack.app import app as corrected  # noqa: E402

app = guarded(corrected)
