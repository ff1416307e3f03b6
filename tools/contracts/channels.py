"""What the published documents tell of each channel: its settings, schemas and examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from callbacks.domain import routes

from tools.contracts import compose, settings, tree
from tools.contracts.documents import load


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of a channel, as its partner sees it."""

    name: str
    request: Mapping[str, Any]
    output: Mapping[str, Any]
    model: Mapping[str, Any]
    request_example: Any
    output_example: Any

    def route(self, task_type: str) -> str:
        return routes.route(task_type, self.name)


@dataclass(frozen=True, slots=True)
class Channel:
    """One task type and its settings, defaults included."""

    task_type: str
    settings: Mapping[str, Any]
    contracts: list[Contract]

    @property
    def slug(self) -> str:
        return self.task_type.lower().replace("_", "-")

    @property
    def name(self) -> str:
        return self.task_type.replace("_", " ").capitalize()

    @property
    def scope(self) -> str:
        """As modules/platform/oauth2.tf has it: one of sixteen resource servers, by digest."""
        return f"callbacks-{sha256(self.task_type.encode()).hexdigest()[0]}/{self.task_type}"


def read(root: Path) -> list[Channel]:
    """The channels of the platform at `root`, by task type.

    Raises:
        InvalidJsonError: a file is not JSON.
    """
    envelope = load(root / tree.ENVELOPE).value
    return [
        Channel(
            task_type,
            channel,
            [
                _contract(root, tree.Version(task_type, name), envelope)
                for name in sorted(channel["versions"], key=lambda name: int(name[1:]))
            ],
        )
        for task_type, channel in settings.read(root).items()
    ]


def _contract(root: Path, version: tree.Version, envelope: Mapping[str, Any]) -> Contract:
    request, output = (load(root / version.schema(kind)).value for kind in tree.KINDS)
    examples = {
        kind: load(next(iter(sorted((root / version.examples("valid")).glob(f"{kind}.*json")))))
        for kind in tree.KINDS
    }
    return Contract(
        name=version.name,
        request=request,
        output=output,
        model=compose.model(version.task_type, version.name, envelope, output),
        request_example=examples["request"].value,
        output_example=examples["output"].value,
    )
