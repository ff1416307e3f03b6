"""Refuses a channel.json, or a name of a task type, that Terraform would fail on, or ignore."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from tools.contracts import tree
from tools.contracts.documents import Document, Finding, nearest, read, token
from tools.contracts.settings import Settings, complete
from tools.contracts.tfvars import Environment

ROLE_NAME_LENGTH = 64


def lint(root: Path, environments: list[Environment]) -> Iterator[Finding]:
    """Findings in all schemas/TYPE/channel.json."""
    schema = yield from read(root, tree.CHANNEL_SCHEMA)
    if schema is None:
        return
    channels: dict[str, Settings] = {}
    for folder in tree.task_type_folders(root):
        document = yield from read(root, tree.channel(folder.name))
        if document is None:
            continue
        refused = [*_against(schema.value, document)]
        yield from refused
        if not refused:
            settings = channels[folder.name] = complete(schema.value, document.value)
            versions = {path.name for path in folder.iterdir() if path.is_dir()}
            yield from _versions(document, settings, versions)
            yield from _retry(document, settings)
            yield from _partners(document, settings, environments)
    for task_type, what in conflicts(root, channels, environments):
        yield Finding(tree.channel(task_type), 1, what, "another name for the task type's folder")


def conflicts(
    root: Path, channels: Mapping[str, Settings], environments: list[Environment]
) -> Iterator[tuple[str, str]]:
    """Task type, and why its name gives AWS resources names that they cannot have.

    Functions and roles are named after these, and API models after task types without their
    underscores: no two may agree.
    """
    owners: dict[str, list[tuple[str | None, str]]] = defaultdict(list)
    for function in sorted((root / tree.FUNCTIONS).glob("*/")):
        owners[_kebab(function.name)].append((None, f"the function {function.name}"))
    for path in sorted((root / tree.WORKFLOWS).glob("*.asl.json")):
        workflow = path.name.removesuffix(".asl.json")
        owners[_kebab(workflow)].append((None, f"the workflow {workflow}"))
    for task_type, settings in channels.items():
        owners[_kebab(task_type)].append((task_type, f"the task type {task_type}"))
        owners[task_type.replace("_", "")].append((task_type, f"the API model of {task_type}"))
        for partner in settings["partners"]:
            role = f"{_kebab(task_type)}-{partner}"
            owners[role].append((task_type, f"the role of {partner} for {task_type}"))
    for name, sharing in owners.items():
        for owner, _ in sharing:
            others = [what for other, what in sharing if other != owner]
            if owner and others:
                yield owner, f"{owner} would share the name {name} with {others[0]}"
    for task_type, settings in channels.items():
        for partner in settings["partners"]:
            yield from _too_long(task_type, f"{_kebab(task_type)}-{partner}", environments)


def _against(schema: Mapping[str, Any], document: Document) -> Iterator[Finding]:
    for error in Draft7Validator(schema).iter_errors(document.value):
        yield from _explained(document, error)


def _explained(document: Document, error: ValidationError) -> Iterator[Finding]:
    where = "".join(map(token, error.absolute_path))
    name = where.removeprefix("/") or "the file"
    rule: Any = error.validator_value
    value: Any = error.instance
    schema: Any = error.schema
    described = schema.get("description", "")
    match error.validator:
        case "additionalProperties":
            known = schema["properties"]
            for unknown in sorted(set(value) - set(known)):
                yield document.finding(
                    where + token(unknown),
                    f"there is no setting {unknown}",
                    nearest(unknown, [*known]),
                )
        case "required":
            # One error for each of the names, whose message only quotes its own.
            for missing in rule:
                if missing not in value:
                    described = schema["properties"][missing]["description"]
                    yield document.finding(
                        where, f"{name} has no {missing}", f'"{missing}": {described}'
                    )
        case "enum":
            yield document.finding(
                where,
                f"{name} is {json.dumps(value)}, which does not exist",
                nearest(str(value), rule),
            )
        case "type":
            article = "an" if rule[0] in "aio" else "a"
            yield document.finding(
                where,
                f"{name} is {json.dumps(value)}, which is not {article} {rule}",
                f"{article} {rule}. {described}".strip(),
            )
        case _:
            yield document.finding(where, f"{name}: {error.message}", described or "another value")


def _versions(document: Document, settings: Settings, folders: set[str]) -> Iterator[Finding]:
    live = settings["versions"]
    for index, version in enumerate(live):
        if version not in folders:
            yield document.finding(
                f"/versions/{index}",
                f"version {version} has no folder {document.path.parent / version}",
                nearest(version, folders),
            )
    if "v1" not in live:
        yield document.finding("/versions", "v1 is missing, whose route is the channel's", '"v1"')
    if settings["message_version"] not in live:
        yield document.finding(
            "/message_version",
            f"message_version is {settings['message_version']}, which is not one of versions",
            nearest(settings["message_version"], live),
        )
    heartbeat = settings["heartbeat_seconds"]
    if heartbeat is not None and heartbeat >= settings["timeout_seconds"]:
        yield document.finding(
            "/heartbeat_seconds",
            f"heartbeat_seconds is {heartbeat}, and the wait ends after timeout_seconds, "
            f"{settings['timeout_seconds']}",
            "fewer seconds than timeout_seconds, or no heartbeat_seconds",
        )


def _retry(document: Document, settings: Settings) -> Iterator[Finding]:
    interval = settings["retry"]["interval_seconds"]
    longest = settings["retry"]["max_delay_seconds"]
    if longest <= interval:
        yield document.finding(
            "/retry",
            f"the longest pause, {longest} seconds, is not longer than the first one, {interval}: "
            "Step Functions refuses the state",
            f'"max_delay_seconds": {interval + 1}, or more',
        )


def _partners(
    document: Document, settings: Settings, environments: list[Environment]
) -> Iterator[Finding]:
    for index, partner in enumerate(settings["partners"]):
        for environment in environments:
            known = environment.partners(settings["auth"])
            if partner not in known:
                yield document.finding(
                    f"/partners/{index}",
                    f"{partner} cannot do the work: {environment.path} has no such partner for a "
                    f"channel with auth {settings['auth']}",
                    nearest(partner, known),
                )


def _too_long(
    task_type: str, role: str, environments: list[Environment]
) -> Iterator[tuple[str, str]]:
    prefixes = [str(one.settings.get("name_prefix", "")) for one in environments]
    name = f"{max(prefixes, key=len, default='')}-{role}"
    excess = len(name) - ROLE_NAME_LENGTH
    if excess > 0:
        yield (
            task_type,
            f"{task_type} is {excess} characters too long: {name} would be a role's name, and IAM "
            f"takes {ROLE_NAME_LENGTH}",
        )


def _kebab(name: str) -> str:
    return name.lower().replace("_", "-")
