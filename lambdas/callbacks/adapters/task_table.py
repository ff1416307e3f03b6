"""The records of tasks in the DynamoDB table CallbackTasks."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from callbacks.adapters.aws import ClientFactory, error_code, unavailable
from callbacks.domain.errors import RecordUncertain
from callbacks.domain.outcome import Outcome, as_v1, digest, outcome_from_json
from callbacks.domain.ports import Write
from callbacks.domain.task import (
    DUE_AFTER_CLAIM_SECONDS,
    Attempt,
    CallbackTask,
    OutcomeStatus,
    PastAttempt,
    Settlement,
    Status,
    TaskKey,
)

DUE_INDEX = "due"
DELIVERY_SHARDS = 8  # Two writes a task of all channels; a partition takes 1,000 a second.
WAIT_SHARDS = 4  # Two writes a task of one channel.
TOKEN = "task_token"
CLOSED = (Status.COMPLETED, Status.EXPIRED)

Item = dict[str, dict[str, Any]]


class DynamoDBTasks:
    """TaskStore and TaskRegister over the table; `client` makes or returns a client of DynamoDB."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, key: TaskKey) -> CallbackTask | None:
        with unavailable(RecordUncertain, "GetItem"):
            response = self._client().get_item(
                TableName=self._table, Key=item_key(key), ConsistentRead=True
            )
        return _decoded(response.get("Item"))

    def create(self, task: CallbackTask) -> Write:
        return self._write(
            "PutItem",
            Item=_encoded(task),
            ConditionExpression="attribute_not_exists(order_id)",
            written=task,
        )

    def take_over(self, found: CallbackTask, new: CallbackTask) -> Write:
        return self._write("PutItem", **_put(found, new), written=new)

    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        return self._write("UpdateItem", **_update(found, new), written=new)

    def claim(
        self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str, now: int
    ) -> Write:
        condition = "#status = :pending AND deadline >= :now AND "
        values: Item = {
            ":pending": {"S": Status.PENDING},
            ":completing": {"S": Status.COMPLETING},
            ":now": {"N": str(now)},
            ":outcome": {"S": outcome.as_json()},
            ":digest": {"S": digest(outcome)},
            ":final": {"BOOL": outcome.is_final},
            ":recorded": {"S": OutcomeStatus.RECORDED},
            ":principal": {"S": principal},
            ":reported": {"S": outcome.status},
            ":one": {"N": "1"},
            ":shard": {"S": _delivery_shard(key)},
            ":due_at": {"N": str(now + DUE_AFTER_CLAIM_SECONDS)},
        }
        with_code = ""
        if outcome.code is not None:
            with_code = "reported_code = :code, "
            values[":code"] = {"S": outcome.code}
        if callback_id is not None:
            condition += "callback_id = :callback_id"
            values[":callback_id"] = {"S": callback_id}
        else:
            condition += (
                "callback_id_required = :false AND "
                "(attribute_not_exists(prior_digests) OR NOT "
                "(contains(prior_digests, :digest) OR contains(prior_digests, :digest_v1)))"
            )
            values[":digest_v1"] = {"S": as_v1(digest(outcome))}
            values[":false"] = {"BOOL": False}
        return self._write(
            "UpdateItem",
            Key=item_key(key),
            UpdateExpression=(
                "SET #status = :completing, outcome = :outcome, outcome_digest = :digest, "
                "outcome_is_final = :final, outcome_status = :recorded, claimed_at = :now, "
                "principal = :principal, reported_status = :reported, "
                f"{with_code}sends = :one, due_shard = :shard, due_at = :due_at, "
                "#version = #version + :one REMOVE #ttl"
            ),
            ConditionExpression=condition,
            ExpressionAttributeNames={
                "#status": "status",
                "#ttl": "ttl",
                "#version": "version",
            },
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )

    def _write(
        self, operation: str, *, written: CallbackTask | None = None, **arguments: Any
    ) -> Write:
        """One conditional write; a refusal comes with the item that refused it."""
        method = self._client().put_item if operation == "PutItem" else self._client().update_item
        with unavailable(RecordUncertain, operation):
            try:
                response = method(
                    TableName=self._table,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **arguments,
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                refusing: Any = error.response.get("Item")
                return Write(applied=False, task=_decoded(refusing))
        return Write(applied=True, task=written or _decoded(response.get("Attributes")))


class DynamoDBTaskOverview:
    """TaskOverview over the table: no response of the table to it ever holds a token."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def due(self, now: int) -> Iterator[TaskKey]:
        for shard in range(DELIVERY_SHARDS):
            yield from self._due(str(shard), now)

    def overdue(self, task_type: str, now: int) -> Iterator[TaskKey]:
        for shard in wait_shards(task_type):
            yield from self._due(shard, now)

    def _due(self, shard: str, now: int) -> Iterator[TaskKey]:
        for item in self._query(
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND due_at <= :now",
            ExpressionAttributeValues={":shard": {"S": shard}, ":now": {"N": str(now)}},
        ):
            yield TaskKey(item["order_id"]["S"], item["task_type"]["S"])

    def peek(self, key: TaskKey) -> CallbackTask | None:
        return next((task for task in self.of_order(key.order_id) if task.key == key), None)

    def of_order(self, order_id: str) -> Sequence[CallbackTask]:
        if not TaskKey(order_id, "").is_task:
            return []
        items = self._query(
            KeyConditionExpression="order_id = :order_id",
            ExpressionAttributeValues={":order_id": {"S": order_id}},
            ConsistentRead=True,
            **WITHOUT_TOKEN,
        )
        return [decoded_item(item) for item in items]

    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        """What closes a record puts it whole, its token left out; else a token stays."""
        closes = _closes(found, new)
        operation = "PutItem" if closes else "UpdateItem"
        arguments = _put(found, new) if closes else _update(found, new)
        with unavailable(RecordUncertain, operation):
            try:
                write = self._client().put_item if closes else self._client().update_item
                write(TableName=self._table, **arguments)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return Write(applied=False, task=self.peek(found.key))
        return Write(applied=True, task=new)

    def _query(self, **arguments: Any) -> Iterator[Item]:
        pages = self._client().get_paginator("query").paginate(TableName=self._table, **arguments)
        with unavailable(RecordUncertain, "Query"):
            for page in pages:
                yield from page["Items"]


class DynamoDBOpenAttempts:
    """OpenAttempts over the table: it reads no more of a record than whether it is open."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def is_waited_for(self, key: TaskKey, callback_id: str) -> bool:
        with unavailable(RecordUncertain, "GetItem"):
            response = self._client().get_item(
                TableName=self._table,
                Key=item_key(key),
                ConsistentRead=True,
                ProjectionExpression="#status, callback_id",
                ExpressionAttributeNames={"#status": "status"},
            )
        waiting = {"status": {"S": Status.PENDING}, "callback_id": {"S": callback_id}}
        return bool(response.get("Item") == waiting)


def _closes(found: CallbackTask, new: CallbackTask) -> bool:
    return found.status not in CLOSED and new.status in CLOSED


def _put(found: CallbackTask, new: CallbackTask) -> dict[str, Any]:
    """What PutItem needs to write all of `new`, if the record's version is still `found`'s."""
    return {
        "Item": _encoded(new),
        "ConditionExpression": "#version = :found",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":found": {"N": str(found.version)}},
    }


def _update(found: CallbackTask, new: CallbackTask) -> dict[str, Any]:
    """What UpdateItem needs to write what differs, if the record's version is still `found`'s.

    A record that stays open keeps its token, whether or not `found` was read with it.
    """
    before, after = _encoded(found), _encoded(new)
    sets = {name: value for name, value in after.items() if before.get(name) != value}
    removes = {name for name in before if name not in after} - {TOKEN}
    if _closes(found, new):
        removes.add(TOKEN)
    names = {f"#{index}": name for index, name in enumerate((*sets, *sorted(removes)))}
    alias = {name: placeholder for placeholder, name in names.items()}
    expression = "SET " + ", ".join(f"{alias[name]} = :{alias[name][1:]}" for name in sets)
    if removes:
        expression += " REMOVE " + ", ".join(alias[name] for name in sorted(removes))
    return {
        "Key": item_key(found.key),
        "UpdateExpression": expression,
        "ConditionExpression": "#version = :found",
        "ExpressionAttributeNames": {**names, "#version": "version"},
        "ExpressionAttributeValues": {
            **{f":{alias[name][1:]}": value for name, value in sets.items()},
            ":found": {"N": str(found.version)},
        },
    }


def item_key(key: TaskKey) -> Item:
    return {"order_id": {"S": key.order_id}, "task_type": {"S": key.task_type}}


def wait_shards(task_type: str) -> list[str]:
    """Of the index: where the waits of a task type are."""
    return [f"{task_type}#{number}" for number in range(WAIT_SHARDS)]


def _due_shard(task: CallbackTask) -> str:
    """Of the index: by task type where a wait is due; where an outcome is, of whatever type.

    So outcomes are found without knowing what task types there are, or were.
    """
    if task.has_deliveries:
        return _delivery_shard(task.key)
    return wait_shards(task.key.task_type)[_hash(task.key) % WAIT_SHARDS]


def _delivery_shard(key: TaskKey) -> str:
    return str(_hash(key) % DELIVERY_SHARDS)


def _hash(key: TaskKey) -> int:
    return zlib.crc32(f"{key.order_id}\n{key.task_type}".encode())


_REPORT = ("principal", "reported_status", "reported_code")
_STRINGS = ("callback_id", "execution_arn", TOKEN, "outcome_digest", *_REPORT)
_NUMBERS = (
    "requested_at",
    "deadline",
    "retention_seconds",
    "ttl",
    "claimed_at",
    "closed_at",
    "sends",
    "queued_at",
    "due_at",
    "version",
)
_ATTRIBUTES = (
    "order_id",
    "task_type",
    "status",
    "callback_id_required",
    "outcome",
    "outcome_is_final",
    "outcome_status",
    "attempts",
    "prior_digests",
    "work_id",
    *(name for name in _STRINGS if name != TOKEN),
    *_NUMBERS,
)
WITHOUT_TOKEN = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in _ATTRIBUTES),
    "ExpressionAttributeNames": {f"#{name}": name for name in _ATTRIBUTES},
}


def _encoded(task: CallbackTask) -> Item:
    item: Item = {
        **item_key(task.key),
        "status": {"S": task.status},
        "callback_id_required": {"BOOL": task.callback_id_required},
    }
    if task.work_id != task.callback_id:
        item["work_id"] = {"S": task.work_id}
    for name in _STRINGS:
        if (text := getattr(task, name)) is not None:
            item[name] = {"S": text}
    for name in _NUMBERS:
        if (number := getattr(task, name)) is not None:
            item[name] = {"N": str(number)}
    if task.outcome is not None:
        item["outcome"] = {"S": task.outcome.as_json()}
    if task.outcome_is_final is not None:
        item["outcome_is_final"] = {"BOOL": task.outcome_is_final}
    if task.outcome_status is not None:
        item["outcome_status"] = {"S": task.outcome_status}
    if task.attempts:
        item["attempts"] = {
            "M": {id_: {"M": _encoded_past(past)} for id_, past in task.attempts.items()}
        }
    if task.prior_digests:
        item["prior_digests"] = {"L": [{"S": digest_} for digest_ in task.prior_digests]}
    if task.due_at is not None:
        item["due_shard"] = {"S": _due_shard(task)}
    return item


def _encoded_past(past: PastAttempt) -> Item:
    item: Item = {
        "requested_at": {"N": str(past.requested_at)},
        "outcome_digest": {"S": past.outcome_digest},
        "settlement": {"S": past.settlement},
    }
    if past.queued_at is not None:
        item["queued_at"] = {"N": str(past.queued_at)}
    for name in _REPORT:
        if (text := getattr(past, name)) is not None:
            item[name] = {"S": text}
    if past.attempt is not None:
        item["execution_arn"] = {"S": past.attempt.execution_arn}
        item["token_digest"] = {"S": past.attempt.token_digest}
        item["outcome"] = {"S": past.attempt.outcome.as_json()}
    return item


def _decoded(item: Item | None) -> CallbackTask | None:
    """None for no item, and for a registration, which is not a task."""
    if not item or not TaskKey(item["order_id"]["S"], "").is_task:
        return None
    return decoded_item(item)


def decoded_item(item: Item) -> CallbackTask:
    """A task's record, read with its token or without."""
    values: dict[str, Any] = {name: item[name]["S"] for name in _STRINGS if name in item}
    values |= {name: int(item[name]["N"]) for name in _NUMBERS if name in item}
    if "outcome" in item:
        values["outcome"] = outcome_from_json(item["outcome"]["S"])
    if "outcome_is_final" in item:
        values["outcome_is_final"] = item["outcome_is_final"]["BOOL"]
    if "outcome_status" in item:
        values["outcome_status"] = OutcomeStatus(item["outcome_status"]["S"])
    if "attempts" in item:
        values["attempts"] = {
            id_: _decoded_past(id_, past["M"]) for id_, past in item["attempts"]["M"].items()
        }
    if "prior_digests" in item:
        values["prior_digests"] = tuple(entry["S"] for entry in item["prior_digests"]["L"])
    return CallbackTask(
        key=TaskKey(item["order_id"]["S"], item["task_type"]["S"]),
        status=Status(item["status"]["S"]),
        work_id=item.get("work_id", item["callback_id"])["S"],
        callback_id_required=item["callback_id_required"]["BOOL"],
        **values,
    )


def _decoded_past(callback_id: str, item: Mapping[str, Any]) -> PastAttempt:
    requested_at = int(item["requested_at"]["N"])
    attempt = None
    if "token_digest" in item:
        attempt = Attempt(
            callback_id=callback_id,
            execution_arn=item["execution_arn"]["S"],
            requested_at=requested_at,
            token_digest=item["token_digest"]["S"],
            outcome=outcome_from_json(item["outcome"]["S"]),
        )
    return PastAttempt(
        requested_at=requested_at,
        outcome_digest=item["outcome_digest"]["S"],
        settlement=Settlement(item["settlement"]["S"]),
        attempt=attempt,
        queued_at=int(item["queued_at"]["N"]) if "queued_at" in item else None,
        **{name: item[name]["S"] for name in _REPORT if name in item},
    )
