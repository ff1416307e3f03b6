"""The tries to bring messages to webhooks, as the functions have logged them."""

from __future__ import annotations

from collections.abc import Sequence

from tools import Json
from tools.ops import logs
from tools.ops.channels import Registration
from tools.ops.place import Place
from tools.ops.timeline import instant

CODES = ("DELIVERY_UNAVAILABLE", "MESSAGE_DONE", "MESSAGE_RETRIED", "MESSAGE_UNREADABLE")


def since(
    place: Place, channels: Sequence[Registration], partner: str | None, instant_: int
) -> list[Json]:
    """Each try since an instant, in seconds, to one partner or to all of the channels."""
    functions = {
        place.webhook(channel.task_type, name): (channel.task_type, name)
        for channel in channels
        for name in channel.webhook_partners
        if partner in (None, name)
    }
    lines = logs.lines(place, functions, instant_, {"message": CODES})
    return [_delivery(line, *functions[line["function"]]) for line in lines]


def _delivery(line: Json, task_type: str, partner: str) -> Json:
    return {
        "at": instant(line["at"] / 1000),
        "task_type": task_type,
        "partner": partner,
        "order_id": line.get("order_id"),
        "callback_id": line.get("callback_id"),
        "result": line.get("result", line["message"]),
        "status": line.get("status"),
        "milliseconds": line.get("milliseconds"),
        "tries": line.get("tries"),
        "why": line.get("why") or line.get("reason"),
        "retry_in": line.get("retry_in"),
    }
