"""What a partner can see of the channels, as one document of each revision, and how two compare."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools import Json
from tools.contracts import channels, event, fields, responses, tree
from tools.contracts.documents import Finding, InvalidJsonError, load, token
from tools.contracts.inclusion import Obstacle, obstacles

FORMAT = 1
MODULE = Path("tools/contracts/promise.py")
MESSAGE = Path("lambdas/callbacks/domain/message.py")
PROBLEMS = Path("lambdas/callbacks/runtime/problems.json")
RESPONSES = Path("tools/contracts/responses.py")
SECONDS = 120


class PromiseError(Exception):
    """A tree's own code does not make its document; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A change that breaks partners: what it means for them, and what to do instead.

    Both are formats of what was found. A rule on a setting has how to tell, from the setting's
    values before and now, what is lost.
    """

    name: str
    means: str
    instead: str
    setting: str = ""
    lost: Callable[[Any, Any], Iterable[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Change(Finding):
    """A finding of a rule; `pointer` is a JSON Pointer into the file at `path`.

    `witness` shows it, if it is of a schema: a document, or that none was found.
    """

    rule: str
    pointer: str
    witness: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}#{self.pointer}"

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: {self.rule}: {self.what}\n"
            + (f"    {self.witness}\n" if self.witness else "")
            + f"    write: {self.instead}\n"
            f"    or, where it is meant, acknowledge: {self.rule} at {self.place}"
        )


def _if(holds: bool, before: object) -> list[object]:
    return [before] if holds else []


def _missing(before: Iterable[str] | None, now: Iterable[str] | None) -> list[str]:
    return sorted({*(before or ())} - {*(now or ())})


def _slower(before: Mapping[str, float] | None, now: Mapping[str, float] | None) -> list[object]:
    lower = now and (before is None or any(now[name] < before[name] for name in now))
    return _if(bool(lower), json.dumps(before))


_RULES = [
    Rule(
        "channel-removed",
        "{type} is gone, and partners use it",
        "the file as it was",
    ),
    Rule(
        "channel-disabled",
        "{type} is disabled: its partners get no work any more",
        '"enabled": true, until its partners know',
        "enabled",
        lambda before, now: _if(bool(before) and not now, before),
    ),
    Rule(
        "version-removed",
        "{before} of {type} is gone, and partners use it",
        '"{before}" in versions, beside the new one',
        "versions",
        _missing,
    ),
    Rule(
        "auth-changed",
        "{type} asks for {now}; its partners have {before}",
        '"auth": "{before}"',
        "auth",
        lambda before, now: _if(now != before, before),
    ),
    Rule(
        "partner-removed",
        "{before} is no partner of {type} any more: it gets no work, and its callbacks are refused",
        '"{before}" in partners, until it has nothing left to do',
        "partners",
        _missing,
    ),
    Rule(
        "heartbeat-added",
        "{type} gives up on a partner that is silent for {now} s; before, it waited",
        "no heartbeat_seconds, until its partners report IN_PROGRESS that often",
        "heartbeat_seconds",
        lambda before, now: _if(before is None and now is not None, before),
    ),
    Rule(
        "heartbeat-shortened",
        "{type} gives up on a partner that is silent for {now} s; before, for {before} s",
        '"heartbeat_seconds": {before}, until its partners report that often',
        "heartbeat_seconds",
        lambda before, now: _if(None not in (before, now) and now < before, before),
    ),
    Rule(
        "timeout-shortened",
        "{type} waits {now} s for an outcome; before, {before} s, and later callbacks get 410",
        '"timeout_seconds": {before}, until its partners are that fast',
        "timeout_seconds",
        lambda before, now: _if(now < before, before),
    ),
    Rule(
        "callback-id-required",
        "{type} refuses callbacks without callback_id, which it took before",
        '"require_callback_id": false',
        "require_callback_id",
        lambda before, now: _if(bool(now) and not before, before),
    ),
    Rule(
        "output-limit-lowered",
        "{type} refuses outputs over {now} bytes; before, over {before}",
        '"max_output_bytes": {before}',
        "max_output_bytes",
        lambda before, now: _if(now < before, before),
    ),
    Rule(
        "throttle-lowered",
        "{type} takes fewer requests than it may have before: the others get 429",
        '"throttle": {before}, or none where that is null',
        "throttle",
        _slower,
    ),
    Rule(
        "message-narrowed",
        "partners of {type} receive {now} messages, and were built for {before}: {found}",
        '"message_version": "{before}", until they can take {now}',
    ),
    Rule(
        "callback-moved",
        "partners of {type} post to {now}, where {before} messages led them to {before}, and it "
        "refuses what they send: {found}",
        '"message_version": "{before}", until they can send {now}',
    ),
    Rule(
        "contract-removed",
        "the {kind} contract is gone, but partners rely on it",
        "the file as it was, until no partner uses it",
    ),
    Rule(
        "request-widened",
        "{at}: partners may now receive {documents}",
        "{version}",
    ),
    Rule(
        "output-narrowed",
        "{at}: partners can no longer send {documents}",
        "{version}",
    ),
    Rule(
        "envelope-narrowed",
        "{at}: partners can no longer send {documents}",
        "the envelope as it was: it has no versions and can only gain optional properties",
    ),
    Rule(
        "model-narrowed",
        "{at}: the gateway refuses {documents}",
        "what composes the model, so that it takes them",
    ),
    Rule(
        "attribute-dropped",
        "messages have no {name} any more, and partners may read it",
        "the attribute, as it was",
    ),
    Rule(
        "attribute-changed",
        "{name} of messages may now be {documents}",
        "the attribute as it was, and a new one beside it",
    ),
    Rule(
        "route-changed",
        "callbacks of {type} {name} go to {now}; before, to {before}",
        "the route as it was",
    ),
    Rule(
        "scope-changed",
        "tokens for {type} need the scope {now}; before, {before}",
        "the scope as it was",
    ),
    Rule(
        "problem-changed",
        "the problem {name} is {now}; before, {before}, and partners act by it",
        "the problem as it was, and a new one beside it",
    ),
    Rule(
        "response-widened",
        "{at}: partners may be answered with {documents}",
        "the response as it was, with optional properties at most",
    ),
]
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _RULES}


def document(root: Path) -> Json:
    """What partners can see, as this code makes it of the contracts at `root`.

    Raises:
        InvalidJsonError: a file is not JSON.
    """
    return {
        "format": FORMAT,
        "channels": {channel.task_type: _channel(channel) for channel in channels.read(root)},
        "accepted": responses.ACCEPTED_SCHEMA,
        "problems": {
            problem.type.rpartition(":")[2]: {
                "type": problem.type,
                "status": problem.status,
                "then": problem.then,
            }
            for problem in responses.PROBLEMS
        },
    }


def _channel(channel: channels.Channel) -> Json:
    seconds = channel.settings["heartbeat_seconds"] or 1
    with_heartbeat = replace(
        channel, settings={**channel.settings, "heartbeat_seconds": seconds}
    )  # So that the example has all attributes.
    return {
        "settings": dict(channel.settings),
        "scope": channel.scope if channel.settings["auth"] == "OAUTH2" else None,
        "versions": {
            contract.name: {
                "route": contract.route(channel.task_type),
                "message": event.schema(channel, contract),
                "attributes": sorted(event.example(with_heartbeat, contract)),
                "callback": contract.model,
            }
            for contract in channel.contracts
        },
    }


def by_own_code(root: Path) -> Json:
    """What partners can see, as the code of the tree at `root` makes it.

    Raises:
        PromiseError: it does not, or in another form than this code reads.
    """
    if not (root / MODULE).exists():
        raise PromiseError("it is older than the document")
    environ = {**os.environ, "PYTHONPATH": f"{root / 'lambdas'}{os.pathsep}{root}"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tools.contracts", "promise"],
            cwd=root,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise PromiseError(f"it takes more than {SECONDS} s") from None
    if done.returncode:
        raise PromiseError(done.stderr.strip().rpartition("\n")[2] or "it fails")
    made: Json = json.loads(done.stdout)
    if made["format"] != FORMAT:
        raise PromiseError(f"its document has format {made['format']}, and not {FORMAT}")
    return made


def changes(before: Json, now: Json, root: Path) -> Iterator[Change]:
    """What breaks partners between two documents; the later is of the tree at `root`."""
    for task_type, channel in before["channels"].items():
        path = tree.channel(task_type)
        if task_type not in now["channels"]:
            yield change("channel-removed", root, path, "", type=task_type)
            continue
        after = now["channels"][task_type]
        yield from _settings(channel["settings"], after["settings"], root, path, task_type)
        yield from _moved(channel, after, root, path, task_type)
        if channel["scope"] != after["scope"] and after["scope"] and channel["scope"]:
            values = {"before": channel["scope"], "now": after["scope"]}
            yield change("scope-changed", root, path, "", type=task_type, **values)
        for name in sorted({*channel["versions"]} & {*after["versions"]}):
            one, other = channel["versions"][name], after["versions"][name]
            if one["route"] != other["route"]:
                values = {"name": name, "before": one["route"], "now": other["route"]}
                yield change("route-changed", root, path, "/versions", type=task_type, **values)
            yield from _attributes(one, other, root)
            for found in _refused(one["callback"], other["callback"]):
                model = tree.Version(task_type, name).model
                yield of_obstacle("model-narrowed", root, model, found)
    yield from _problems(before["problems"], now["problems"], root)
    for found in obstacles(now["accepted"], before["accepted"]):
        yield of_obstacle("response-widened", root, RESPONSES, found)


def change(rule: str, root: Path, path: Path, pointer: str, **found: object) -> Change:
    """A finding of a rule, at its line if the file is there and is JSON."""
    try:
        line = load(root / path).line(pointer)
    except (FileNotFoundError, InvalidJsonError):
        line = 1
    text = RULES[rule]
    return Change(
        path, line, text.means.format(**found), text.instead.format(**found), rule, pointer
    )


def of_obstacle(rule: str, root: Path, path: Path, found: Obstacle, **more: object) -> Change:
    at = found.pointer or "/"
    return change(rule, root, path, found.pointer, at=at, documents=found.documents, **more)


def _settings(before: Json, now: Json, root: Path, path: Path, task_type: str) -> Iterator[Change]:
    for rule in _RULES:
        if rule.lost is None or rule.setting not in before or rule.setting not in now:
            continue
        for lost in rule.lost(before[rule.setting], now[rule.setting]):
            values = {"type": task_type, "before": lost, "now": now[rule.setting]}
            yield change(rule.name, root, path, token(rule.setting), **values)


def _moved(before: Json, now: Json, root: Path, path: Path, task_type: str) -> Iterator[Change]:
    """What another message_version asks of partners who were built for the one before."""
    old, new = (one["settings"]["message_version"] for one in (before, now))
    if old == new or old not in before["versions"] or new not in now["versions"]:
        return
    was, comes = before["versions"][old], now["versions"][new]
    had, has = (one["message"]["properties"]["data"] for one in (was, comes))
    names = {field.path for field in fields.fields(had)}
    dropped = sorted(names - {field.path for field in fields.fields(has)})
    told = [f"{name} is dropped" for name in dropped] + _told(obstacles(has, had))
    values = {"type": task_type, "before": old, "now": new}
    if told:
        at = "/message_version"
        yield change("message-narrowed", root, path, at, found="; ".join(told), **values)
    if refused := _told(obstacles(was["callback"], comes["callback"])):
        at = "/message_version"
        yield change("callback-moved", root, path, at, found="; ".join(refused), **values)


def _told(found: list[Obstacle]) -> list[str]:
    return [f"{one.documents}, at {one.pointer or '/'}" for one in found]


def _attributes(before: Json, now: Json, root: Path) -> Iterator[Change]:
    for name in before["attributes"]:
        at = token(name)
        if name not in now["attributes"]:
            yield change("attribute-dropped", root, MESSAGE, at, name=name)
            continue
        one, other = before["message"], now["message"]
        told = [found.documents for found in _of_attribute(one, other, name)]
        if name in one["required"] and name not in other["required"]:
            told.append("left out")
        if told:
            documents = " and ".join(told)
            yield change("attribute-changed", root, MESSAGE, at, name=name, documents=documents)


def _of_attribute(before: Json, now: Json, name: str) -> list[Obstacle]:
    """Without `data`, which has a schema of its own, compared as such."""
    if name == "data":
        return []
    return obstacles(now["properties"].get(name, {}), before["properties"].get(name, {}))


def _refused(before: Json, now: Json) -> Iterator[Obstacle]:
    """Without task_output, whose schema is compared as such."""
    for found in obstacles(before, now):
        if not found.pointer.startswith(("/properties/task_output", "/definitions/")):
            yield found


def _problems(before: Json, now: Json, root: Path) -> Iterator[Change]:
    for name, problem in before.items():
        if now.get(name) != problem:
            is_now = json.dumps(now[name]) if name in now else "gone"
            values = {"name": name, "before": json.dumps(problem), "now": is_now}
            yield change("problem-changed", root, PROBLEMS, "/kinds" + token(name), **values)
