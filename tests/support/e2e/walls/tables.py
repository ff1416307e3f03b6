"""Who reads and writes what of CallbackTasks and Orders."""

from typing import Any

from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    CLOSE,
    DEPLOY,
    DISPATCHERS,
    DUE,
    END_SUBSCRIPTIONS,
    ERASE,
    EXTERNAL_CALLBACK,
    GET_ORDER,
    OPERATE,
    OPERATOR,
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

# Who reads tokens, and who sends outcomes.
RESUMERS = {EXTERNAL_CALLBACK, OPERATE, REDELIVER}
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
SWITCHED = ("enabled", "order_id", "task_type")
OUTCOME_ATTRIBUTES = ("outcome", "outcome_digest", "principal")

WALLS: dict[str, Wall] = {
    "outcomes are recorded by those who take and send them": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {*RESUMERS, ADMINISTRATOR},
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
            ("UpdateItem", ("order_id",), {*RESUMERS, SWEEP}),
            ("UpdateItem", ("order_id", "status"), RESUMERS),
            ("PutItem", ("order_id", "status"), {CLOSE, RECONCILE, REBUILD, *DISPATCHERS}),
        )
    },
    "due tasks are leased by the sweep": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {*RESUMERS, SWEEP, ADMINISTRATOR},
        of_attributes(*LEASED),
        {
            **{
                f"with {name}": {
                    "context": of_attributes(*LEASED, name),
                    "allowed": {*RESUMERS, ADMINISTRATOR},
                }
                for name in (*OUTCOME_ATTRIBUTES, "status", "task_token")
            },
            "and read back": {
                "context": of_attributes(*LEASED, returned="ALL_NEW"),
                "allowed": {*RESUMERS, ADMINISTRATOR},
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
        {*RESUMERS, ADMINISTRATOR},
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
            {*RESUMERS, who, ADMINISTRATOR},
            reading(*attributes),
            {
                how: {"allowed": {*RESUMERS, ADMINISTRATOR}, "context": context}
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
            *(DEPLOY, END_SUBSCRIPTIONS, REBUILD, ADMINISTRATOR),
            *DISPATCHERS,
            *RESUMERS,
        },
        REGISTRATION,
        {
            "a task": {
                "context": WHOLE,
                "allowed": {*RESUMERS, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "registrations are listed to end subscriptions, as tasks are listed for others": Wall(
        "dynamodb:Query",
        TASKS,
        {END_SUBSCRIPTIONS, DEPLOY, OPERATOR, *WITHOUT_TOKEN, ADMINISTRATOR},
        {**reading("order_id", "status"), **REGISTRATION_KEY},
        {
            "with a token": {
                "context": {**reading("order_id", "task_token"), **REGISTRATION_KEY},
                "allowed": {DEPLOY, OPERATOR, ADMINISTRATOR},
            },
            "whole": {
                "context": {**reading("order_id", "status"), **REGISTRATION},
                "allowed": {DEPLOY, OPERATOR, ADMINISTRATOR},
            },
            "whole, of whatever key": {
                "context": {"dynamodb:Select": "ALL_ATTRIBUTES"},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "tasks": {
                "context": reading("order_id", "status"),
                "allowed": {OPERATOR, *WITHOUT_TOKEN, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "channels are switched by the function for it, which changes no more of a registration": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {DEPLOY, OPERATE, ADMINISTRATOR},
        {**of_attributes(*SWITCHED), **REGISTRATION_KEY},
        {
            **{
                f"with {name}": {
                    "context": {**of_attributes(*SWITCHED, name), **REGISTRATION_KEY},
                    "allowed": {DEPLOY, ADMINISTRATOR},
                }
                for name in ("partners", "task_token", "topic_arn", "versions")
            },
            "and read back": {
                "context": {**of_attributes(*SWITCHED, returned="ALL_NEW"), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "and a task": {
                "context": {
                    **of_attributes(*SWITCHED),
                    "dynamodb:LeadingKeys": ["order-1", "#CHANNEL"],
                }
            },
            "to replace it": {
                "action": "dynamodb:PutItem",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "to remove it": {
                "action": "dynamodb:DeleteItem",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "nobody reads all tasks": Wall("dynamodb:Scan", TASKS, {ADMINISTRATOR}),
    "tasks are read by their keys without their tokens, for operators": Wall(
        "dynamodb:BatchGetItem",
        TASKS,
        {OPERATOR, ADMINISTRATOR},
        reading("order_id", "status"),
        {
            "with the token": {"context": reading("order_id", "task_token")},
            "whole": {
                "context": {**reading("order_id", "status"), "dynamodb:Select": "ALL_ATTRIBUTES"}
            },
            "whole, without naming anything": {"context": WHOLE},
            "without saying what of them": {"context": TASK},
            "without saying how much of them": {
                "context": {**TASK, "dynamodb:Attributes": ["order_id", "status"]}
            },
            "without naming an attribute": {
                "context": {**TASK, "dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "tasks are queried without their tokens": Wall(
        "dynamodb:Query",
        TASKS,
        {OPERATOR, *WITHOUT_TOKEN, ADMINISTRATOR},
        reading("order_id", "status"),
        {
            "with the token": {"context": reading("order_id", "task_token")},
            "whole": {
                "context": {**reading("order_id", "status"), "dynamodb:Select": "ALL_ATTRIBUTES"}
            },
            # Functions' own code names what it reads; what people send is theirs to choose.
            "without saying what of them": {
                "context": TASK,
                "allowed": {*WITHOUT_TOKEN, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
            "in the index": {
                "resource": DUE,
                "allowed": {DEPLOY, OPERATOR, RECONCILE, SWEEP, ADMINISTRATOR},
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
