"""What is open, as the index of the table CallbackTasks has it: keys, and when they are due."""

from collections.abc import Iterator
from typing import Any

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.adapters.task_table import DELIVERY_SHARDS, DUE_INDEX, wait_shards
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Due, Waiting
from callbacks.domain.task import TaskKey


class DynamoDBOpenWork:
    """OpenWork over the index: a query a shard where nothing waits, and two to three elsewhere."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def waiting(self, task_type: str, now: int) -> Waiting:
        tasks, overdue, firsts = 0, 0, []
        for shard in wait_shards(task_type):
            in_shard = self._count(_of(shard))
            if not in_shard:
                continue
            tasks += in_shard
            for first in self._first(shard):
                firsts.append(first)
                if first.due_at < now:
                    overdue += self._count(_of(shard, now))
        nearest = min(firsts, key=lambda due: due.due_at, default=None)
        return Waiting(tasks, overdue, nearest.key if nearest else None)

    def deliveries(self) -> Iterator[Due]:
        for shard in range(DELIVERY_SHARDS):
            for page in self._pages(**_of(str(shard))):
                yield from map(_due, page["Items"])

    def _count(self, condition: dict[str, Any]) -> int:
        return sum(page["Count"] for page in self._pages(Select="COUNT", **condition))

    def _first(self, shard: str) -> list[Due]:
        """At most one: what was counted may be gone by now."""
        page: Any = next(self._pages(**_of(shard), Limit=1), {"Items": []})
        return [_due(item) for item in page["Items"]]

    def _pages(self, **arguments: Any) -> Iterator[Any]:
        query = self._client().get_paginator("query")
        with unavailable(DependencyUnavailable, "Query"):
            yield from query.paginate(TableName=self._table, IndexName=DUE_INDEX, **arguments)


def _of(shard: str, due_before: int | None = None) -> dict[str, Any]:
    condition, values = "due_shard = :shard", {":shard": {"S": shard}}
    if due_before is not None:
        condition += " AND due_at < :due_before"
        values[":due_before"] = {"N": str(due_before)}
    return {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}


def _due(item: dict[str, dict[str, str]]) -> Due:
    key = TaskKey(item["order_id"]["S"], item["task_type"]["S"])
    return Due(int(item["due_at"]["N"]), key)
