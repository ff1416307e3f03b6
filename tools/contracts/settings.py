"""What each schemas/TYPE/channel.json says, with the defaults of channel.schema.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.contracts import tree
from tools.contracts.documents import load

type Settings = Mapping[str, Any]


def read(root: Path) -> dict[str, Settings]:
    """Task type => its settings.

    Raises:
        InvalidJsonError: a file is not JSON.
    """
    schema = load(root / tree.CHANNEL_SCHEMA).value
    return {
        task_type: complete(schema, load(root / tree.channel(task_type)).value)
        for task_type in tree.task_types(root)
    }


def complete(schema: Mapping[str, Any], settings: Settings) -> Settings:
    """The settings with their defaults; None is one that is omitted and has no default."""
    known = {name: setting.get("default") for name, setting in schema["properties"].items()}
    complete = {name: value for name, value in {**known, **settings}.items() if name != "$schema"}
    grouped = {
        name: {inner: one["default"] for inner, one in setting["properties"].items()}
        for name, setting in schema["properties"].items()
        if setting.get("default") == {}
    }
    return {
        **complete,
        **{name: {**defaults, **complete[name]} for name, defaults in grouped.items()},
    }
