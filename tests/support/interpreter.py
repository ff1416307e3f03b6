"""Where moto's interpreter of the Amazon States Language is mended to do as AWS does.

Pauses between retries are counted, and not waited for.

As it comes, all tries of a state share one token, a token can be used again while its execution
runs, SendTaskFailure loses its cause, a stopped execution waits on, and a history has one order.
A token that is closed meets InvalidToken here, where AWS says TaskTimedOut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerLeft,
    CallbackPoolManager,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.responses import StepFunctionResponse


@contextmanager
def mended() -> Iterator[list[float]]:
    """Gives the pauses between retries, in seconds, as they come."""
    pauses: list[float] = []
    with (
        patch.object(retrier_decl, "time", SimpleNamespace(sleep=pauses.append)),
        patch.object(StateTaskServiceCallback, "_evaluate_with_timeout", _with_a_token_of_its_own),
        patch.object(CallbackPoolManager, "notify", _once),
        patch.object(CallbackPoolManager, "heartbeat", _while_open),
        patch.object(Environment, "set_stop", _at_once),
        patch.object(StepFunctionResponse, "send_task_failure", _with_its_cause),
        patch.object(StepFunctionResponse, "get_execution_history", _in_the_order_asked),
    ):
        yield pauses


def _with_a_token_of_its_own(state: Any, env: Any) -> None:
    if not state._is_integration_pattern():
        ExecutionState._evaluate_with_timeout(state, env)
        return
    endpoint = env.callback_pool_manager.add(env.states.context_object.update_task_token())
    try:
        ExecutionState._evaluate_with_timeout(state, env)
    finally:
        endpoint.report(CallbackConsumerLeft())


def _once(pool: Any, callback_id: str, outcome: Any) -> bool:
    endpoint = pool.get(callback_id)
    if endpoint is None or endpoint.consumer_error is not None:
        return False
    endpoint.report(CallbackConsumerLeft())
    endpoint.notify(outcome)
    return True


def _while_open(pool: Any, callback_id: str) -> bool:
    endpoint = pool.get(callback_id)
    if endpoint is None or endpoint.consumer_error is not None:
        return False
    endpoint.notify_heartbeat()
    return True


_set_stop = Environment.set_stop


def _at_once(env: Any, **details: Any) -> None:
    _set_stop(env, **details)
    for endpoint in list(env.callback_pool_manager._pool.values()):
        endpoint.report(CallbackConsumerLeft())
        endpoint.interrupt_all()


def _with_its_cause(response: Any) -> Any:
    response.stepfunction_backend.send_task_failure(
        response._get_param("taskToken"),
        error=response._get_param("error"),
        cause=response._get_param("cause"),
    )
    return EmptyResult()


def _in_the_order_asked(response: Any) -> Any:
    history = response.stepfunction_backend.get_execution_history(
        response._get_param("executionArn")
    )
    newest_first = bool(response._get_param("reverseOrder"))
    events = sorted(history["events"], key=lambda event: event["id"], reverse=newest_first)
    return ActionResult({**history, "events": events})
