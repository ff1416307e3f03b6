"""Who reads and writes what of CallbackTasks and Orders."""

from typing import Any

from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    CLOSE,
    DEPLOY,
    DISPATCHERS,
    END_SUBSCRIPTIONS,
    ERASE,
    EXTERNAL_CALLBACK,
    GET_ORDER,
    ORDERS,
    PROCESS_RESULT,
    REBUILD,
    RECONCILE,
    REDELIVER,
    SWEEP,
    TASKS,
    WEBHOOK,
    WORKFLOWS,
    arn,
)
from tests.support.e2e.walls.wall import Wall

WITHOUT_TOKEN = {CLOSE, ERASE, REBUILD, RECONCILE, SWEEP}
ANOTHER_TABLE = arn("dynamodb", "table/payroll")
TASK = {"dynamodb:LeadingKeys": ["order-1"]}
REGISTRATION_KEY = {"dynamodb:LeadingKeys": ["#CHANNEL"]}
REGISTRATION = {**REGISTRATION_KEY, "dynamodb:Select": "ALL_ATTRIBUTES"}


def of_attributes(*names: str, returned: str = "NONE") -> dict[str, Any]:
    """Of a write: what it names, and what it reads back."""
    return {**TASK, "dynamodb:Attributes": list(names), "dynamodb:ReturnValues": returned}


def reading(*names: str) -> dict[str, Any]:
    return {**TASK, "dynamodb:Attributes": list(names), "dynamodb:Select": "SPECIFIC_ATTRIBUTES"}


WHOLE = {**TASK, "dynamodb:Select": "ALL_ATTRIBUTES"}
REGISTERED = ("order_id", "status", "task_token")
CLOSED = ("closed_at", "order_id", "status")
LEASED = ("due_at", "order_id", "queued_at")
STATUS = ("callback_id", "order_id", "status", "task_type")
OPEN_WORK = ("deadline", "order_id", "status", "task_type")
TAKEN_UP = ("execution_arn", "order_id")
OUTCOME_ATTRIBUTES = ("outcome", "outcome_digest", "principal")

WALLS: dict[str, Wall] = {
    "outcomes are recorded by those who take and send them": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
        of_attributes("order_id", "outcome", "status"),
        {
            "a registration": {
                "context": {**of_attributes("order_id", "outcome", "status"), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "a task and a registration": {
                "context": {
                    **of_attributes("order_id", "outcome", "status"),
                    "dynamodb:LeadingKeys": ["order-1", "#CHANNEL"],
                }
            },
            "in another table": {"resource": ANOTHER_TABLE},
            "by statement": {"action": "dynamodb:PartiQLUpdate"},
        },
    ),
    **{
        f"nobody else writes {' and '.join(attributes)} of a task by {action}": Wall(
            f"dynamodb:{action}", TASKS, {*who, ADMINISTRATOR}, of_attributes(*attributes)
        )
        for action, attributes, who in (
            ("UpdateItem", ("order_id",), {EXTERNAL_CALLBACK, REDELIVER, SWEEP}),
            ("UpdateItem", ("order_id", "status"), {EXTERNAL_CALLBACK, REDELIVER}),
            ("PutItem", ("order_id", "status"), {CLOSE, RECONCILE, REBUILD, *DISPATCHERS}),
        )
    },
    "due tasks are leased by the sweep": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, SWEEP, ADMINISTRATOR},
        of_attributes(*LEASED),
        {
            **{
                f"with {name}": {
                    "context": of_attributes(*LEASED, name),
                    "allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
                }
                for name in (*OUTCOME_ATTRIBUTES, "status", "task_token")
            },
            "and read back": {
                "context": of_attributes(*LEASED, returned="ALL_NEW"),
                "allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
            },
            "a registration": {
                "context": {**of_attributes(*LEASED), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    **{
        f"a task is {how} without an outcome, and without reading the former": Wall(
            "dynamodb:PutItem",
            TASKS,
            {*who, ADMINISTRATOR},
            of_attributes(*attributes),
            {
                **{
                    f"with {name}": {"context": of_attributes(*attributes, name)}
                    for name in (*OUTCOME_ATTRIBUTES, *others)
                },
                "and read back": {"context": of_attributes(*attributes, returned="ALL_OLD")},
                "a registration": {
                    "context": {**of_attributes(*attributes), **REGISTRATION_KEY},
                    "allowed": {DEPLOY, ADMINISTRATOR},
                },
                "in another table": {"resource": ANOTHER_TABLE},
            },
        )
        for how, who, attributes, others in (
            ("registered", {REBUILD, *DISPATCHERS}, REGISTERED, ("closed_at",)),
            ("closed", {CLOSE, RECONCILE}, CLOSED, ("task_token",)),
        )
    },
    "tasks are erased by the function for it, unread": Wall(
        "dynamodb:DeleteItem",
        TASKS,
        {ERASE, ADMINISTRATOR},
        {**TASK, "dynamodb:ReturnValues": "NONE"},
        {
            "and read back": {"context": {**TASK, "dynamodb:ReturnValues": "ALL_OLD"}},
            "a registration": {
                "context": {**REGISTRATION_KEY, "dynamodb:ReturnValues": "NONE"},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "tokens are read by those who send them": Wall(
        "dynamodb:GetItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
        WHOLE,
        {
            "in another table": {"resource": ANOTHER_TABLE},
            "by statement": {"action": "dynamodb:PartiQLSelect"},
        },
    ),
    **{
        f"of a task {who} reads {what} and no more": Wall(
            "dynamodb:GetItem",
            TASKS,
            {EXTERNAL_CALLBACK, REDELIVER, who, ADMINISTRATOR},
            reading(*attributes),
            {
                how: {"allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR}, "context": context}
                for how, context in {
                    "with its token": reading(*attributes, "task_token"),
                    "with its outcome": reading(*attributes, "outcome"),
                    "whole": {**reading(*attributes), "dynamodb:Select": "ALL_ATTRIBUTES"},
                    "whole, without naming anything": WHOLE,
                }.items()
                if (who, how) != (DEPLOY, "whole")
            }
            | {"in another table": {"resource": ANOTHER_TABLE}},
        )
        for who, what, attributes in (
            (WEBHOOK, "whether somebody waits", STATUS),
            (DEPLOY, "until when", OPEN_WORK),
        )
    },
    "registrations are read by those who know a channel": Wall(
        "dynamodb:GetItem",
        TASKS,
        {
            *(EXTERNAL_CALLBACK, REBUILD, REDELIVER, END_SUBSCRIPTIONS, DEPLOY, ADMINISTRATOR),
            *DISPATCHERS,
        },
        REGISTRATION,
        {
            "a task": {
                "context": WHOLE,
                "allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "registrations are listed to end subscriptions, as tasks are listed for others": Wall(
        "dynamodb:Query",
        TASKS,
        {END_SUBSCRIPTIONS, DEPLOY, *WITHOUT_TOKEN, ADMINISTRATOR},
        {**reading("order_id", "status"), **REGISTRATION_KEY},
        {
            "with a token": {
                "context": {**reading("order_id", "task_token"), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "whole": {
                "context": {**reading("order_id", "status"), **REGISTRATION},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "tasks": {
                "context": reading("order_id", "status"),
                "allowed": {*WITHOUT_TOKEN, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "no function reads all tasks": Wall("dynamodb:Scan", TASKS, {ADMINISTRATOR}),
    "tasks are queried without their tokens": Wall(
        "dynamodb:Query",
        TASKS,
        {*WITHOUT_TOKEN, ADMINISTRATOR},
        reading("order_id", "status"),
        {
            "with the token": {"context": reading("order_id", "task_token")},
            "whole": {
                "context": {**reading("order_id", "status"), "dynamodb:Select": "ALL_ATTRIBUTES"}
            },
            "in another table": {"resource": ANOTHER_TABLE},
            "in the index": {
                "resource": f"{TASKS}/index/due",
                "allowed": {RECONCILE, SWEEP, DEPLOY, ADMINISTRATOR},
            },
            "in another table's index": {"resource": f"{ANOTHER_TABLE}/index/due"},
        },
    ),
    "orders are written by those who work on them": Wall(
        "dynamodb:UpdateItem",
        ORDERS,
        {CLOSE, GET_ORDER, PROCESS_RESULT, RECONCILE, *WORKFLOWS, ADMINISTRATOR},
        {"dynamodb:LeadingKeys": ["order-1"]},
        {
            "to read them": {"action": "dynamodb:GetItem"},
            "to put others": {"action": "dynamodb:PutItem"},
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "who works on an order is found out by the function that erases it": Wall(
        "dynamodb:Query",
        ORDERS,
        {ERASE, ADMINISTRATOR},
        reading(*TAKEN_UP),
        {
            "with its contents": {"context": reading(*TAKEN_UP, "items")},
            "whole": {"context": {**reading(*TAKEN_UP), "dynamodb:Select": "ALL_ATTRIBUTES"}},
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "orders are erased by the function for it": Wall(
        "dynamodb:DeleteItem",
        ORDERS,
        {ERASE, ADMINISTRATOR},
        TASK,
        {"in another table": {"resource": ANOTHER_TABLE}},
    ),
}
