"""For operators, who may invoke this function and act in no other way: says who did what, and why.

No token leaves it.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.adapters.operations import (
    DynamoDBChannelSwitch,
    StepFunctionsRedrives,
    STSCallers,
)
from callbacks.adapters.sqs_queues import SQSRedeliveryQueue
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.errors import CallbackRefused, InvalidCallback, OperationRefused
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.http import problem_of
from callbacks.runtime.records import LoggedTasks
from callbacks.runtime.settings import OperationSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.complete import Completer
from callbacks.usecases.dead_letters import drop, work_off
from callbacks.usecases.fail_undelivered import UndeliveredTasks
from callbacks.usecases.operate import Operator, Person, request_digest
from callbacks.usecases.receive import Receiver

from functions.operate.letters import Redriver

REASON = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
SECONDS_FOR_A_LETTER = 75
MOST_LETTERS = 1000
ACTIONS: Mapping[str, frozenset[str]] = {
    "report": frozenset({"callback"}),
    "switch_channel": frozenset({"task_type", "enabled"}),
    "redrive_execution": frozenset({"execution_arn"}),
    "redrive_letters": frozenset({"queue", "message_ids"}),
    "drop_letters": frozenset({"queue", "message_ids"}),
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes `{action, reason, caller, ...}`, with the members that ACTIONS names for the action.

    `caller` are the headers of a GetCallerIdentity that the operator signed for this event.
    Returns `{result}`, or `{refused: {code, detail, errors?}}`; nothing was done then.

    Raises ValueError for another event, and DependencyUnavailable when a repeat may work.
    """
    action, reason = _parsed(event)
    log = about(context, action=action, reason=reason)
    log.append_keys(**_target(event))
    try:
        person = Person(_signer(event, context), reason)
        log.append_keys(operator=person.arn)
        result = _act(action, event, person, context)
    except OperationRefused as error:
        refused: dict[str, Any] = {"code": "refused", "detail": str(error)}
    except CallbackRefused as error:
        refused = {"code": problem_of(error).slug, "detail": str(error)}
        if isinstance(error, InvalidCallback):
            refused["errors"] = [asdict(violation) for violation in error.violations]
    else:
        log.info("OPERATED", extra={"result": result})
        return {"result": result}
    log.warning("OPERATION_REFUSED", extra={"code": refused["code"]})
    return {"refused": refused}


def _parsed(event: dict[str, Any]) -> tuple[str, str]:
    action, reason = event.get("action"), event.get("reason")
    if not isinstance(action, str) or action not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
    if event.keys() != ACTIONS[action] | {"action", "caller", "reason"}:
        raise ValueError(f"{action} takes reason, caller, {', '.join(sorted(ACTIONS[action]))}")
    if not isinstance(reason, str) or not REASON.fullmatch(reason):
        raise ValueError("reason must say why in 1 to 256 characters, on one line")
    caller = event["caller"]
    if not isinstance(caller, dict) or not all(isinstance(each, str) for each in caller.values()):
        raise ValueError("caller must be the headers of a signed request")
    _check_members(event)
    return action, reason


def _check_members(event: Mapping[str, Any]) -> None:
    kinds = {"callback": dict, "enabled": bool, "execution_arn": str, "queue": str}
    for name, kind in {**kinds, "task_type": str}.items():
        if name in event and not isinstance(event[name], kind):
            raise ValueError(f"{name} must be a {kind.__name__}")
    ids = event.get("message_ids")
    if isinstance(ids, list) and len(ids) <= MOST_LETTERS:
        if all(isinstance(each, str) for each in ids):
            return
    elif ids is None:
        return
    raise ValueError(f"message_ids must be null, for all, or a list of at most {MOST_LETTERS} ids")


def _target(event: Mapping[str, Any]) -> dict[str, Any]:
    """What the event is about: never what it says of a task's outcome."""
    callback = event.get("callback", {})
    about_task = {name: callback.get(name) for name in ("order_id", "task_type", "callback_id")}
    told = about_task if callback else {}
    return told | {
        name: event[name]
        for name in ("task_type", "enabled", "execution_arn", "queue", "message_ids")
        if name in event
    }


def _signer(event: Mapping[str, Any], context: Any) -> str:
    """Of this account: whoever may invoke this may have keys of others, under any name."""
    arn = _callers().identify(event["caller"], request_digest(event))
    if arn.split(":")[4] != context.invoked_function_arn.split(":")[4]:
        raise OperationRefused(f"{arn} is of another account than this platform")
    return arn


def _act(action: str, event: Mapping[str, Any], person: Person, context: Any) -> Any:
    match action:
        case "report":
            return _operator().report(event["callback"], person).value
        case "switch_channel":
            _operator().switch(event["task_type"], enabled=event["enabled"])
            return "ENABLED" if event["enabled"] else "DISABLED"
        case "redrive_execution":
            _operator().redrive(event["execution_arn"])
            return "REDRIVEN"
    clock, queue, ids = SystemClock(), event["queue"], event["message_ids"]
    until = clock.now() + context.get_remaining_time_in_millis() / 1000 - SECONDS_FOR_A_LETTER
    deed = drop if action == "drop_letters" else _redriver().deed(queue)
    return asdict(work_off(_redriver().letters(queue), deed, clock, until, ids))


@cache
def _settings() -> OperationSettings:
    return load(OperationSettings)


@cache
def _callers() -> STSCallers:
    return STSCallers(lazy("sts"))


@cache
def _registry() -> DynamoDBChannels:
    return DynamoDBChannels(lazy("dynamodb"), _settings().callback_table, SystemClock())


@cache
def _completer() -> Completer:
    return Completer(
        store=LoggedTasks(lazy("dynamodb"), _settings().callback_table),
        workflow=StepFunctions(lazy("stepfunctions")),
        redelivery=SQSRedeliveryQueue(lazy("sqs"), _settings().redelivery_queue_url),
        clock=SystemClock(),
    )


@cache
def _operator() -> Operator:
    return Operator(
        receiver=Receiver(
            registry=_registry(), contracts=JsonSchemaContracts(), completer=_completer()
        ),
        channels=DynamoDBChannelSwitch(lazy("dynamodb"), _settings().callback_table),
        executions=StepFunctionsRedrives(lazy("stepfunctions")),
    )


@cache
def _redriver() -> Redriver:
    return Redriver(_settings(), UndeliveredTasks(registry=_registry(), completer=_completer()))
