"""What an environment is to have, as its settings and the channels in the repository say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import hcl
from tools.contracts import settings, tfvars, tree
from tools.contracts.settings import Settings
from tools.errors import UserError
from tools.ops.place import NoEnvironmentError

# Of which every channel, or every partner without AWS, has one of its own.
_PER_CHANNEL = {"sns_callback", "deliver_webhook"}

# docs/limits.md has those of a channel; the platform's own are of queues, schedules, rules and API.
_ALARMS_OF_PLATFORM, _ALARMS_OF_FUNCTION, _ALARMS_OF_WORKFLOW = 13, 2, 3
_ALARMS_OF_CHANNEL, _ALARMS_OF_WEBHOOK = 3, 3


@dataclass(frozen=True)
class Intended:
    """One environment. `reserved` is the concurrency that channels set aside, by task type;
    `reserved_for_callbacks` that of external_callback, or None. `alarms` is an estimate.
    """

    name: str
    account_id: str
    region: str
    prefix: str
    alarm_topic_arns: Sequence[str]
    alarms: int
    api_resources: int
    api_resource_quota: int
    reserved: Mapping[str, int]
    reserved_for_callbacks: int | None
    state_bucket: str


def read(root: Path, name: str) -> Intended:
    """An environment of the repository at `root`.

    Raises:
        NoEnvironmentError: it has no settings.
        UserError: this is no repository, or a file in it is not what it should be.
    """
    if not (root / tree.ROOTS).is_dir():
        raise UserError(
            "The settings of environments are in the repository: run this in a checkout of it."
        )
    try:
        found = {each.path.stem: each.settings for each in tfvars.environments(root)}
        channels = settings.read(root)
    except (hcl.InvalidHclError, ValueError) as error:
        raise UserError("The settings are not in order: `make lint` says where.") from error
    if name not in found:
        raise NoEnvironmentError(
            f"There is no {tfvars.PLATFORM}/envs/{name}.tfvars. There are: {', '.join(found)}."
        )
    own = found[name]
    concurrency, quota = _defaults(root)
    for_callbacks = int(own.get("external_callback", {}).get("reserved_concurrency", concurrency))
    return Intended(
        name=name,
        account_id=own["account_id"],
        region=own["region"],
        prefix=own["name_prefix"],
        alarm_topic_arns=own.get("alarm_topic_arns", []),
        alarms=_alarms(root, channels),
        # The root, /externalCallback, and one a route.
        api_resources=2 + sum(len(channel["versions"]) for channel in channels.values()),
        api_resource_quota=int(own.get("api_resource_quota", quota)),
        reserved={
            task_type: channel["reserved_concurrency"]
            for task_type, channel in channels.items()
            if channel["reserved_concurrency"] is not None
        },
        reserved_for_callbacks=None if for_callbacks == -1 else for_callbacks,
        state_bucket=_state_bucket(root / tfvars.PLATFORM / "envs" / f"{name}.s3.tfbackend"),
    )


def _defaults(root: Path) -> tuple[int, int]:
    """The root's own: external_callback.reserved_concurrency, and api_resource_quota."""
    variables = {
        block.labels[-1]: block.attributes
        for block in hcl.blocks((root / tfvars.PLATFORM / "variables.tf").read_bytes())
    }
    _, [of_callbacks] = variables["external_callback"]["type"].call
    members = {one.name: one.expression for one in of_callbacks.attributes}
    _, [_, concurrency] = members["reserved_concurrency"].call
    return int(concurrency.value), int(variables["api_resource_quota"]["default"].value)


def _alarms(root: Path, channels: Mapping[str, Settings]) -> int:
    functions = {path.name for path in (root / tree.FUNCTIONS).glob("*/")} - _PER_CHANNEL
    workflows = len(list((root / tree.WORKFLOWS).glob("*.asl.json")))
    webhooks = sum(
        len(channel["partners"]) for channel in channels.values() if channel["auth"] == "OAUTH2"
    )
    return (
        _ALARMS_OF_PLATFORM
        + _ALARMS_OF_FUNCTION * len(functions)
        + _ALARMS_OF_WORKFLOW * workflows
        + _ALARMS_OF_CHANNEL * len(channels)
        + _ALARMS_OF_WEBHOOK * webhooks
    )


def _state_bucket(backend: Path) -> str:
    own = {one.name: one.expression.value for one in hcl.settings(backend.read_bytes())}
    return str(own["bucket"])
