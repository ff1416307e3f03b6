"""The tasks that are open, found by the index of what is due, in pages and without a scan.

The index has a task's keys and when somebody looks at it who was not asked to: at the deadline of
a wait, or soon for an outcome that is to be delivered. The records are read by key, without tokens.
"""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched, islice
from typing import Any

from callbacks.adapters.task_table import (
    DELIVERY_SHARDS,
    DUE_INDEX,
    WITHOUT_TOKEN,
    decoded_item,
    item_key,
    wait_shards,
)
from callbacks.domain.task import CallbackTask, Status, TaskKey

from tools.errors import UserError
from tools.ops.place import Place

BATCH = 100  # The most that BatchGetItem takes.
KEYS_A_QUERY = 1000

Matches = Callable[[CallbackTask], bool]


class State(StrEnum):
    """What an operator asks for; a task may be in several."""

    WAITING = "waiting"
    OVERDUE = "overdue"
    HELD = "held"

    def holds(self, task: CallbackTask, now: int) -> bool:
        match self:
            case State.WAITING:
                return task.status is Status.PENDING
            case State.OVERDUE:
                return task.status is Status.PENDING and task.is_past_deadline(now)
            case State.HELD:
                return task.has_deliveries


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of the index; `due_at` is in seconds."""

    due_at: int
    shard: str
    key: TaskKey

    @property
    def order(self) -> tuple[int, str]:
        return (self.due_at, self.shard)


@dataclass(frozen=True)
class Page:
    """Tasks by what is due first; `cursor` is where the next page begins, None at the end."""

    tasks: Sequence[CallbackTask]
    cursor: str | None = None


@dataclass
class OpenTasks:
    """The open tasks of some channels. `calls` counts what was asked of DynamoDB."""

    place: Place
    task_types: Sequence[str]
    calls: dict[str, int] = field(default_factory=dict)

    def page(
        self,
        limit: int,
        cursor: str | None = None,
        state: State | None = None,
        matches: Matches = lambda _: True,
    ) -> Page:
        """The next `limit` tasks that match.

        Raises:
            UserError: the cursor is none of this command.
        """
        after = _decoded_cursor(cursor)
        entries = heapq.merge(
            *(self._entries(shard, after, limit) for shard in self._shards(state)),
            key=lambda due: due.order,
        )
        found: list[CallbackTask] = []
        while batch := list(islice(entries, min(BATCH, max(limit, 1)))):
            records = {task.key: task for task in self.records([due.key for due in batch])}
            for due in batch:
                task = records.get(due.key)
                if task is not None and task.key.task_type in self.task_types and matches(task):
                    found.append(task)
                    if len(found) == limit:
                        more = due is not batch[-1] or next(entries, None) is not None
                        return Page(found, _encoded_cursor(due) if more else None)
        return Page(found)

    def all(
        self, state: State | None = None, matches: Matches = lambda _: True
    ) -> Iterator[CallbackTask]:
        """Every task that matches, read in pages."""
        cursor: str | None = None
        while True:
            page = self.page(KEYS_A_QUERY, cursor, state, matches)
            yield from page.tasks
            if page.cursor is None:
                return
            cursor = page.cursor

    def _shards(self, state: State | None) -> list[str]:
        waits = [shard for type_ in self.task_types for shard in wait_shards(type_)]
        deliveries = [str(shard) for shard in range(DELIVERY_SHARDS)]
        return deliveries if state is State.HELD else waits + deliveries

    def _entries(self, shard: str, after: Due | None, limit: int) -> Iterator[Due]:
        """The entries of one shard that come after one that was looked at, of whatever shard."""
        arguments: dict[str, Any] = {
            "TableName": self.place.table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "due_shard = :shard",
            "ExpressionAttributeValues": {":shard": {"S": shard}},
            "Limit": min(max(limit, 1), KEYS_A_QUERY),
        }
        if after is not None:
            if shard == after.shard:
                arguments["ExclusiveStartKey"] = _index_key(after)
            else:
                comes_later = ">=" if shard > after.shard else ">"
                arguments["KeyConditionExpression"] += f" AND due_at {comes_later} :due_at"
                arguments["ExpressionAttributeValues"][":due_at"] = {"N": str(after.due_at)}
        while True:
            response = self._call("query", **arguments)
            for item in response["Items"]:
                key = TaskKey(item["order_id"]["S"], item["task_type"]["S"])
                yield Due(int(item["due_at"]["N"]), shard, key)
            if "LastEvaluatedKey" not in response:
                return
            arguments["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def records(self, keys: Sequence[TaskKey]) -> list[CallbackTask]:
        """Those of the keys that have a record, in any order."""
        found = []
        for batch in batched(keys, BATCH, strict=False):
            wanted: Any = {
                self.place.table: {"Keys": [item_key(key) for key in batch], **WITHOUT_TOKEN}
            }
            while wanted:
                response = self._call("batch_get_item", RequestItems=wanted)
                items = response["Responses"].get(self.place.table, [])
                found += [decoded_item(item) for item in items]
                wanted = response.get("UnprocessedKeys")
        return found

    def _call(self, operation: str, **arguments: Any) -> Any:
        self.calls[operation] = self.calls.get(operation, 0) + 1
        return getattr(self.place.client("dynamodb"), operation)(**arguments)


def _index_key(due: Due) -> dict[str, Any]:
    return {
        "due_shard": {"S": due.shard},
        "due_at": {"N": str(due.due_at)},
        **item_key(due.key),
    }


def _encoded_cursor(due: Due) -> str:
    text = json.dumps([due.due_at, due.shard, due.key.order_id, due.key.task_type])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded_cursor(cursor: str | None) -> Due | None:
    if cursor is None:
        return None
    try:
        due_at, shard, order_id, task_type = json.loads(base64.urlsafe_b64decode(cursor))
        return Due(int(due_at), str(shard), TaskKey(str(order_id), str(task_type)))
    except (ValueError, TypeError):
        raise UserError("That cursor is none of `task list`: give the one it printed.") from None
