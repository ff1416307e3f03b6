"""Refuses a channel.json, or a name of a task type, that Terraform would fail on, or ignore."""

import json
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError

from tools.contracts import tree
from tools.contracts.documents import Document, Finding, Reading, nearest, read, token
from tools.contracts.settings import Settings, complete
from tools.contracts.tfvars import Environment

ROLE_NAME_LENGTH = 64


# What the checks rely on, and the type that it is declared with.
_RELIED_ON = {
    "auth": "string",
    "heartbeat_seconds": "integer",
    "message_version": "string",
    "partners": "array",
    "retry": "object",
    "timeout_seconds": "integer",
    "versions": "array",
}

# By task type; None where they are refused.
type Channels = Mapping[str, Settings | None]


def lint(root: Path, environments: list[Environment]) -> Generator[Finding, None, Channels]:
    """Findings in all schemas/TYPE/channel.json; returns what the channels say."""
    channels: dict[str, Settings | None] = {
        folder.name: None for folder in tree.task_type_folders(root)
    }
    schema = yield from _schema(root)
    if schema is None:
        return channels
    for task_type in channels:
        document = yield from read(root, tree.channel(task_type))
        if document is None:
            continue
        refused = [*_against(schema.value, document)]
        yield from refused
        if not refused:
            settings = channels[task_type] = complete(schema.value, document.value)
            folders = tree.folders(root / tree.SCHEMAS / task_type)
            yield from _versions(document, settings, {folder.name for folder in folders})
            yield from _retry(document, settings)
            yield from _partners(document, settings, environments)
    readable = {name: settings for name, settings in channels.items() if settings is not None}
    for task_type, what in conflicts(root, readable, environments):
        yield Finding(tree.channel(task_type), 1, what, "another name for the task type's folder")
    return channels


def _schema(root: Path) -> Reading:
    """Gives the schema of settings, if it declares what is relied on."""
    document = yield from read(root, tree.CHANNEL_SCHEMA)
    if document is None:
        return None
    try:
        Draft7Validator.check_schema(document.value, format_checker=FormatChecker([]))
        declared = {name: document.value["properties"][name]["type"] for name in _RELIED_ON}
        known = declared == _RELIED_ON and all(
            isinstance(setting["description"], str) for setting in _settings(document.value)
        )
        complete(document.value, {})
    except (AttributeError, KeyError, SchemaError, TypeError):
        known = False
    if not known:
        yield document.finding(
            "/properties", "the settings are not declared as the checks read them", "it as it was"
        )
        return None
    return document


def _settings(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for setting in schema["properties"].values():
        yield setting
        if "properties" in setting:
            yield from _settings(setting)


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
