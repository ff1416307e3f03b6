"""A plan right after an apply wants nothing, but for what the engine does not keep."""

import json

from tests.support.e2e.engine_gaps import DRIFT
from tools.devenv.environment import ACCOUNTS, Environment


def test_a_second_plan_is_empty_but_for_the_engine_s_gaps(environment: Environment) -> None:
    wanted = {
        (name, kind, attribute)
        for name in ACCOUNTS
        for kind, attribute in _wanted(environment, name)
    }

    assert wanted == DRIFT


def _wanted(environment: Environment, name: str) -> set[tuple[str, str]]:
    root = environment.root(name)
    plan = environment.directory / f"{name}.plan"
    root.run("plan", "-input=false", "-no-color", f"-out={plan}", *environment.variables(name))
    document = json.loads(root.run("show", "-json", str(plan), quiet=True))
    changed = [
        resource
        for resource in document["resource_changes"]
        if resource["change"]["actions"] not in (["no-op"], ["read"])
    ]
    outputs = [
        ("output", output)
        for output, change in document.get("output_changes", {}).items()
        if change["actions"] != ["no-op"]
    ]
    return {*outputs, *(pair for resource in changed for pair in _attributes(resource))}


def _attributes(resource: dict[str, object]) -> set[tuple[str, str]]:
    change = resource["change"]
    assert isinstance(change, dict)
    kind = str(resource["type"])
    if change["actions"] != ["update"]:
        return {(kind, " and ".join(change["actions"]))}
    before, after = change["before"], change["after"]
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {(kind, name) for name in names | set(change["after_unknown"])}
