"""python -m tools.contracts.new_task_type NAME: the contract and the channel of a new task type."""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from tools import REPOSITORY
from tools.contracts import pages, tree
from tools.contracts.task_types import DEFAULTS, TerraformError, console, evaluate
from tools.deploy.terraform import installed_release
from tools.errors import UserError

ENVIRONMENTS = Path("terraform/roots/platform/envs")
FUNCTIONS = Path("lambdas/functions")
WORKFLOWS = Path("statemachines")
ROLE_NAME_LENGTH = 64
TIMEOUT_SECONDS = 86400

# What the partner of such a channel has in an environment's tfvars.
PARTNER_KINDS: Mapping[str, str] = {"AWS_IAM": "account_id", "OAUTH2": "webhook_url"}

_ENTRY = re.compile(r'    "?([A-Z][A-Z0-9_]*)"? += +\{\n')

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Platform:
    """What the repository declares so far: task types, and each environment's tfvars."""

    task_types: Mapping[str, Json]
    environments: Mapping[str, Json]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.contracts.new_task_type")
    parser.add_argument("name", help="UPPER_SNAKE_CASE")
    parser.add_argument("--auth", default="AWS_IAM", help="AWS_IAM or OAUTH2")
    parser.add_argument("--partner", help="who does the work; the only one if there is but one")
    parsed = parser.parse_args(arguments)
    try:
        add(REPOSITORY, parsed.name, parsed.auth, parsed.partner)
        pages.write(REPOSITORY)
    except (UserError, TerraformError) as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(str(error), markup=False)
        return 1
    Console(soft_wrap=True, highlight=False).print(next_steps(parsed.name), markup=False)
    return 0


def add(root: Path, name: str, auth: str = "AWS_IAM", partner: str | None = None) -> None:
    """Write schemas/NAME/v1 and an entry of task_types.tf: both, or neither.

    Raises UserError, with nothing written.
    """
    _check_name(name)
    installed_release()
    platform = read(root)
    contract = dict(_contract(name))
    _check_free(root, platform, name, contract)
    partner = _partner(platform, auth, partner)
    _check_resource_names(root, platform, name, partner)
    task_types = root / tree.TASK_TYPES
    entry = {
        "auth": auth,
        "partners": [partner],
        "payload_event_key": "order_contents",
        "timeout_seconds": TIMEOUT_SECONDS,
    }
    _write(root, name, contract, task_types, extended(task_types.read_text(), name, entry))


def read(root: Path) -> Platform:
    """Raises TerraformError."""
    environments = "\n".join(
        # What a tfvars file says can stand in an object as well.
        f"{file.stem} = {{\n{file.read_text()}\n}}"
        for file in sorted((root / ENVIRONMENTS).glob("*.tfvars"))
    )
    source = f"{(root / tree.TASK_TYPES).read_text()}\nlocals {{\nenvironments = {{\n{environments}"
    task_types, settings = json.loads(
        console(f"{source}\n}}\n}}\n", "jsonencode([local.task_types, local.environments])")
    )
    return Platform(task_types, settings)


def extended(source: str, name: str, entry: Mapping[str, Any]) -> str:
    """The text of task_types.tf with one more entry, in the order of names.

    Raises UserError if the file is not written as this expects.
    """
    lines = source.splitlines(keepends=True)
    try:
        first = lines.index("  task_types = {\n") + 1
        at = lines.index("  }\n", first)
    except ValueError:
        raise UserError(_unexpected(name)) from None
    for number in range(first, at):
        found = _ENTRY.fullmatch(lines[number])
        if found and found[1] > name:
            at = number
            while lines[at - 1].startswith("    #"):
                at -= 1
            break
    width = max(map(len, entry))
    settings = [f"      {key:<{width}} = {json.dumps(entry[key])}\n" for key in sorted(entry)]
    block = [f"    {name} = {{\n", *settings, "    }\n"]
    if "    }\n\n" in source:
        block = [*block, "\n"] if _followed(lines, at) else ["\n", *block]
    result = "".join([*lines[:at], *block, *lines[at:]])
    try:
        wanted = {**evaluate(source), name: {**DEFAULTS, **entry}}
        if evaluate(result) != wanted or _formatted(result) != result:
            raise UserError(_unexpected(name))
    except TerraformError:
        raise UserError(_unexpected(name)) from None
    return result


def next_steps(name: str) -> str:
    return f"""\
schemas/{name}/v1, its entry in {tree.TASK_TYPES} and its page in {pages.PUBLISHED} are written. \
Next:
1. Say in schemas/{name}/v1 what the partner is sent and what it answers, with examples; run \
`make lint docs`.
2. Say in the entry where the payload is (payload_event_key) and how long to wait, and let a \
workflow wait on ${{{name.lower()}_function_arn}}.
3. Run `make test`, then `make apply ENV=dev`, and give the partner what the output channels has \
for it. docs/adding-a-task-type.md shows each step."""


def _check_name(name: str) -> None:
    if not tree.TASK_TYPE.fullmatch(name) or len(name) > tree.TASK_TYPE_LENGTH:
        raise UserError(
            f"{name!r} is no name of a task type: use UPPER_SNAKE_CASE of at most "
            f"{tree.TASK_TYPE_LENGTH} characters, such as ORDER_SHIPPING_SERVICE."
        )


def _check_free(root: Path, platform: Platform, name: str, contract: Mapping[Path, str]) -> None:
    if name in platform.task_types:
        raise UserError(f"{name} is taken: {tree.TASK_TYPES} has it.")
    folder = root / tree.SCHEMAS / name
    # A run that was killed may have left its folder behind, and the next one goes on from there.
    if folder.exists() and _files(folder) != dict(contract):
        raise UserError(f"{name} is taken: schemas/{name} exists.")
    others = {*platform.task_types, *(path.name for path in tree.task_type_folders(root))}
    for other in sorted(others - {name}):
        if other.replace("_", "") == name.replace("_", ""):
            raise UserError(
                f"{name} differs from {other} in underscores only, and names of API models have "
                "none: choose another name."
            )


def _partner(platform: Platform, auth: str, wish: str | None) -> str:
    """A partner that every environment has, of the kind that the channel needs."""
    if auth not in PARTNER_KINDS:
        raise UserError(f"AUTH must be {' or '.join(PARTNER_KINDS)}, not {auth!r}.")
    kind = PARTNER_KINDS[auth]
    candidates = [
        {name for name, partner in settings["partners"].items() if partner.get(kind)}
        for settings in platform.environments.values()
    ]
    known: list[str] = sorted(set.intersection(*candidates)) if candidates else []
    if wish is None and len(known) == 1:
        return known[0]
    if wish is not None and wish in known:
        return wish
    have = f"these have: {', '.join(known)}" if known else "none has"
    asked = "Say who does the work, PARTNER=" if wish is None else f"{wish!r} cannot do the work"
    raise UserError(
        f"{asked}: a partner of a channel with auth {auth} needs {kind} in every file of "
        f"{ENVIRONMENTS}, and {have}."
    )


def _check_resource_names(root: Path, platform: Platform, name: str, partner: str) -> None:
    """Functions and roles are named after these: two that agree would be one."""
    taken = {
        _kebab(path.name): f"the function {path.name}"
        for path in (root / FUNCTIONS).iterdir()
        if path.is_dir()
    }
    for path in (root / WORKFLOWS).glob("*.asl.json"):
        workflow = path.name.removesuffix(".asl.json")
        taken[_kebab(workflow)] = f"the workflow {workflow}"
    for task_type, settings in platform.task_types.items():
        taken[_kebab(task_type)] = f"the task type {task_type}"
        for other in settings.get("partners", []):
            taken[f"{_kebab(task_type)}-{other}"] = f"the role of {other} for {task_type}"
    role = f"{_kebab(name)}-{partner}"
    for mine in (_kebab(name), role):
        if mine in taken:
            raise UserError(
                f"{name} would share the resource name {mine} with {taken[mine]}: "
                "choose another name."
            )
    prefix = max((settings["name_prefix"] for settings in platform.environments.values()), key=len)
    excess = len(f"{prefix}-{role}") - ROLE_NAME_LENGTH
    if excess > 0:
        raise UserError(
            f"Shorten {name} by {excess} characters: the role of {partner} would be "
            f"{prefix}-{role}, and IAM takes {ROLE_NAME_LENGTH}."
        )


def _contract(name: str) -> Iterator[tuple[Path, str]]:
    """The files of schemas/NAME, by path in it."""
    title = name.title().replace("_", "")
    request = _schema(
        f"{title}Request",
        "What the partner is asked to do: the data of the message.",
        {
            "instructions": {
                "description": "What to do.",
                "type": "string",
                "minLength": 1,
                "maxLength": 1024,
            }
        },
    )
    output = _schema(
        f"{title}Output",
        "What the partner reports once it has done the work.",
        {
            "result": {
                "description": "How the work ended.",
                "type": "string",
                "enum": ["DONE", "DECLINED"],
            }
        },
    )
    examples = {
        "valid/request": {"instructions": "Please do it."},
        "valid/output": {"result": "DONE"},
        "invalid/request.no-instructions": {},
        "invalid/output.no-result": {},
        "invalid/output.unknown-result": {"result": "PERHAPS"},
    }
    yield Path("v1/request.schema.json"), _text(request)
    yield Path("v1/output.schema.json"), _text(output)
    for example, value in examples.items():
        yield Path(f"v1/examples/{example}.json"), _text(value)


def _schema(title: str, description: str, properties: Json) -> Json:
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": title,
        "description": description,
        "type": "object",
        "required": sorted(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _write(
    root: Path, name: str, contract: Mapping[Path, str], task_types: Path, source: str
) -> None:
    """The folder appears at once, and so does the entry: a run killed in between is repeatable."""
    folder = root / tree.SCHEMAS / name
    scratch = root / ".terraform"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as drafts:
        draft = Path(drafts) / name
        for path, text in contract.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_text(text)
        entry = Path(drafts) / task_types.name
        entry.write_text(source)
        entry.chmod(task_types.stat().st_mode)
        if folder.exists():
            shutil.rmtree(folder)
        try:
            draft.rename(folder)
            entry.replace(task_types)
        except BaseException:
            if entry.exists():
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _files(folder: Path) -> dict[Path, str]:
    return {
        path.relative_to(folder): path.read_text(errors="replace")
        for path in folder.rglob("*")
        if path.is_file()
    }


def _followed(lines: list[str], at: int) -> bool:
    return lines[at] != "  }\n"


def _formatted(source: str) -> str:
    return subprocess.run(
        ["terraform", "fmt", "-"], input=source, capture_output=True, text=True, check=False
    ).stdout


def _unexpected(name: str) -> str:
    return (
        f"{tree.TASK_TYPES} is not written as this command expects, so that it cannot add "
        f"{name}: run `make format`, or add the entry by hand."
    )


def _kebab(name: str) -> str:
    return name.lower().replace("_", "-")


def _text(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
