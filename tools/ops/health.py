"""How the channels are: what waits, for how long, and what is stuck."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from callbacks.adapters.open_work import DynamoDBOpenWork

from tools import Json
from tools.ops.channels import Registration
from tools.ops.dead_letters import counts
from tools.ops.open_tasks import OpenTasks, State
from tools.ops.place import Place
from tools.ops.tasks import age

AT_ONCE = 8


def health(place: Place, channel: Registration) -> Json:
    """Of one channel."""
    [row] = healths(place, [channel])
    return {
        name: row[name] for name in ("waiting", "oldest_seconds", "overdue", "held", "dead_letters")
    }


def healths(place: Place, channels: Sequence[Registration]) -> list[Json]:
    """A row a channel, by name; `oldest_seconds` is the age of the wait that ends next."""
    held = Counter(
        task.key.task_type
        for task in OpenTasks(place, [channel.task_type for channel in channels]).all(State.HELD)
    )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda channel: _row(place, channel, held), channels))


def _row(place: Place, channel: Registration, held: Counter[str]) -> Json:
    now = int(time.time())
    open_work = DynamoDBOpenWork(lambda: place.client("dynamodb"), place.table)
    waiting = open_work.waiting(channel.task_type, now)
    wanted = [] if waiting.nearest is None else [waiting.nearest]
    nearest = next(iter(OpenTasks(place, [channel.task_type]).records(wanted)), None)
    webhooks = [f"{channel.task_type}/{name}" for name in channel.webhook_partners]
    return {
        "task_type": channel.task_type,
        "enabled": channel.enabled,
        "auth": channel.auth,
        "partners": sorted(channel.partners),
        "waiting": waiting.tasks,
        "oldest_seconds": None if nearest is None else age(nearest, now),
        "overdue": waiting.overdue,
        "held": held[channel.task_type],
        "dead_letters": sum(row["letters"] or 0 for row in counts(place, webhooks)),
    }
