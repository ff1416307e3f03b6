"""Applies the platform, with what Terraform cannot see: open tasks, subscriptions, old routes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from callbacks.adapters.sns_subscriptions import SNSSubscriptions
from callbacks.adapters.task_table import DELIVERY_SHARDS, DUE_INDEX, wait_shards
from callbacks.usecases.end_subscriptions import end_subscriptions

from tools import Json
from tools.contracts import tree
from tools.deploy.accounts import Account
from tools.deploy.terraform import Directory
from tools.errors import UserError

DEPLOYMENT = "module.release.aws_api_gateway_deployment.this"
REGISTRATIONS = "#CHANNEL"
SHOWN_TASKS = 20

type Say = Callable[[str], None]


@dataclass(frozen=True)
class Channel:
    """A channel that is in service, as its registration has it."""

    task_type: str
    topic_arn: str
    partner_accounts: frozenset[str]


class OpenTask(NamedTuple):
    """A task that a workflow waits for."""

    task_type: str
    order_id: str


class OpenTasksError(UserError):
    """An apply would remove channels whose tasks are still open."""

    def __init__(self, tasks: Collection[OpenTask], shown: Sequence[str]) -> None:
        lines = [f"  {text}" for text in shown]
        if len(tasks) > len(shown):
            lines.append(f"  and {len(tasks) - len(shown)} more")
        types = ",".join(sorted({task.task_type for task in tasks}))
        super().__init__(
            "Workflows wait for tasks of channels that would be removed:\n"
            + "\n".join(lines)
            + "\nDisable the channel and let them end first, or give up on them with "
            f"ABANDON={types}."
        )


def apply(
    root: Directory,
    account: Account,
    options: Sequence[str],
    abandoned: Collection[str] = (),
    say: Say = lambda _: None,
) -> None:
    """Apply the platform root, which is initialised, and end what it no longer declares.

    Raises:
        OpenTasksError: channels would go whose tasks are open; nothing has been changed.
        TerraformError: the apply failed, or was declined.
    """
    check(root, account, abandoned)
    root.run("apply", *options)
    outputs = root.outputs()
    subscriptions = SNSSubscriptions(lambda: account.sns)
    for ended in end_subscriptions(channels(account, outputs), subscriptions):
        say(f"Ended the subscription of {ended.endpoint}, whose account is no partner any more.")
    # Terraform makes the new deployment before it destroys a route, which is therefore still in it.
    routes = removed_routes(account, outputs["deployment"])
    if routes:
        say(f"Deploying the API once more, without {', '.join(routes)}.")
        root.run("apply", *options, f"-replace={DEPLOYMENT}")


def check(
    root: Directory,
    account: Account,
    abandoned: Collection[str] = (),
    *,
    everything: bool = False,
) -> None:
    """Refuse to remove channels, `everything` or what schemas/ no longer has, in use.

    Raises:
        OpenTasksError: tasks of theirs are open, and not of an abandoned type.
    """
    outputs = root.outputs()
    if "callback_tasks_table" not in outputs:
        return
    kept = set() if everything else set(tree.task_types(root.path.parents[2]))
    removed = {channel.task_type for channel in channels(account, outputs)} - kept
    tasks = open_tasks(account, outputs, removed - set(abandoned))
    if tasks:
        shown = [_described(account, outputs, task) for task in tasks[:SHOWN_TASKS]]
        raise OpenTasksError(tasks, shown)


def channels(account: Account, outputs: Json) -> list[Channel]:
    """The channels in service."""
    pages = account.dynamodb.meta.client.get_paginator("query").paginate(
        TableName=outputs["callback_tasks_table"],
        KeyConditionExpression="order_id = :registrations",
        ExpressionAttributeValues={":registrations": REGISTRATIONS},
        ProjectionExpression="task_type, topic_arn, partners",
        ConsistentRead=True,
    )
    return [
        Channel(
            item["task_type"],
            item["topic_arn"],
            frozenset(
                partner["account_id"]
                for partner in item["partners"].values()
                if "account_id" in partner
            ),
        )
        for item in _items(pages)
    ]


def open_tasks(account: Account, outputs: Json, task_types: Collection[str]) -> list[OpenTask]:
    """The tasks of some types that workflows wait for, as the index `due` has them."""
    shards = [shard for task_type in task_types for shard in wait_shards(task_type)]
    if task_types:
        shards += [str(shard) for shard in range(DELIVERY_SHARDS)]
    pages = account.dynamodb.meta.client.get_paginator("query")
    return sorted(
        OpenTask(item["task_type"], item["order_id"])
        for shard in shards
        for item in _items(
            pages.paginate(
                TableName=outputs["callback_tasks_table"],
                IndexName=DUE_INDEX,
                KeyConditionExpression="due_shard = :shard",
                ExpressionAttributeValues={":shard": shard},
            )
        )
        if item["task_type"] in task_types
    )


def _described(account: Account, outputs: Json, task: OpenTask) -> str:
    item: Any = (
        account.dynamodb.Table(outputs["callback_tasks_table"])
        .get_item(
            Key=task._asdict(),
            ProjectionExpression="#status, deadline",
            ExpressionAttributeNames={"#status": "status"},
        )
        .get("Item")
    )
    if item is None:
        return f"{task.task_type}  {task.order_id}"
    until = datetime.fromtimestamp(int(item["deadline"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{task.task_type}  {task.order_id}  {item['status']}, due by {until}"


def removed_routes(account: Account, deployment: Json) -> list[str]:
    """The methods that a deployment still holds and its API does not, such as `POST /a`."""
    held = account.apigateway.get_deployment(
        restApiId=deployment["api_id"], deploymentId=deployment["id"], embed=["apisummary"]
    )
    live = {
        (resource["path"], method)
        for page in account.apigateway.get_paginator("get_resources").paginate(
            restApiId=deployment["api_id"], embed=["methods"]
        )
        for resource in page["items"]
        for method in resource.get("resourceMethods", {})
    }
    return sorted(
        f"{method} {path}"
        for path, methods in held.get("apiSummary", {}).items()
        for method in methods
        if (path, method) not in live
    )


def _items(pages: Iterable[Any]) -> Iterator[Json]:
    for page in pages:
        yield from page["Items"]
