"""The registrations of channels, which Terraform writes into the table CallbackTasks."""

from collections.abc import Sequence

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.domain.channel import Channel, Contract
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Clock

REGISTRATION = "#CHANNEL"
CACHED_SECONDS = 60


class DynamoDBChannels:
    """ChannelRegistry over the table; what was read, an absence too, is kept for a minute.

    `consistent` reads see all that was written before them.
    """

    def __init__(
        self, client: ClientFactory, table: str, clock: Clock, *, consistent: bool = False
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._consistent = consistent
        self._cache: dict[str, tuple[float, Channel | None]] = {}

    def get(self, task_type: str) -> Channel | None:
        now = self._clock.now()
        cached = self._cache.get(task_type)
        if cached is not None and now - cached[0] < CACHED_SECONDS:
            return cached[1]
        channel = self._read(task_type)
        self._cache[task_type] = (now, channel)
        return channel

    def task_types(self) -> Sequence[str]:
        with unavailable(DependencyUnavailable, "Query"):
            pages = (
                self._client()
                .get_paginator("query")
                .paginate(
                    TableName=self._table,
                    KeyConditionExpression="order_id = :registrations",
                    ExpressionAttributeValues={":registrations": {"S": REGISTRATION}},
                    ProjectionExpression="task_type",
                    ConsistentRead=self._consistent,
                )
            )
            return [item["task_type"]["S"] for page in pages for item in page["Items"]]

    def _read(self, task_type: str) -> Channel | None:
        with unavailable(DependencyUnavailable, "GetItem"):
            response = self._client().get_item(
                TableName=self._table,
                Key={"order_id": {"S": REGISTRATION}, "task_type": {"S": task_type}},
                ConsistentRead=self._consistent,
            )
        item = response.get("Item")
        if item is None:
            return None
        heartbeat = item.get("heartbeat_seconds")
        return Channel(
            task_type=task_type,
            enabled=item["enabled"]["BOOL"],
            topic_arn=item["topic_arn"]["S"],
            partner_accounts=frozenset(
                partner["M"]["account_id"]["S"]
                for partner in item["partners"]["M"].values()
                if "account_id" in partner["M"]
            ),
            callback_url=item["callback_url"]["S"],
            callback_id_required=item["callback_id_required"]["BOOL"],
            max_output_bytes=int(item["max_output_bytes"]["N"]),
            timeout_seconds=int(item["timeout_seconds"]["N"]),
            heartbeat_seconds=int(heartbeat["N"]) if heartbeat else None,
            message_version=item["message_version"]["S"],
            versions={
                name: Contract(version["M"]["request"]["S"], version["M"]["callback"]["S"])
                for name, version in item["versions"]["M"].items()
            },
            reporters=frozenset(entry["S"] for entry in item.get("reporters", {"L": []})["L"]),
            source_ranges={
                client["S"]: [each["S"] for each in partner["M"]["source_ranges"]["L"]]
                for partner in item["partners"]["M"].values()
                if "source_ranges" in partner["M"]
                for client in partner["M"]["client_ids"]["L"]
            },
        )
