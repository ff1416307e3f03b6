"""A plan right after an apply wants nothing, but for what the engine does not keep.

It refuses what was changed behind its back where Terraform would not see it.
"""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest

from tests.support.e2e.engine_gaps import DRIFT
from tools.deploy.accounts import Account
from tools.deploy.terraform import TerraformError
from tools.devenv.environment import Environment
from tools.devenv.state import ACCOUNTS
from tools.devenv.walkthrough import Deployment


def test_a_second_plan_is_empty_but_for_the_engine_s_gaps(environment: Environment) -> None:
    wanted = {
        (name, kind, attribute)
        for name in ACCOUNTS
        for kind, attribute in _wanted(environment, name)
    }

    assert wanted == DRIFT


def test_a_plan_refuses_a_function_that_runs_other_code(
    environment: Environment, deployment: Deployment
) -> None:
    platform = deployment.platform
    functions = platform.session.client("lambda", endpoint_url=platform.endpoint_url)
    name = deployment.outputs["functions"]["get_order_metadata"]["name"]
    root, target = (
        environment.root("platform"),
        'module.platform.module.function["get_order_metadata"]',
    )
    plan = ["-lock=false", "-input=false", "-no-color", f"-target={target}"]
    packaged = functions.get_function(FunctionName=name)["Configuration"]["CodeSha256"]
    (bucket, key), other = _package(platform), BytesIO()
    with ZipFile(other, "w") as archive:
        archive.writestr("handler.py", "")

    functions.update_function_code(FunctionName=name, ZipFile=other.getvalue())
    try:
        with pytest.raises(TerraformError) as refused:
            root.run("plan", *plan, *environment.variables("platform"), quiet=True)
    finally:
        functions.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=key)

    told = " ".join(refused.value.detail.replace("│", "").split())
    assert f"{name} does not run the package" in told
    assert f"--s3-bucket {bucket} --s3-key {key}" in told
    assert functions.get_function(FunctionName=name)["Configuration"]["CodeSha256"] == packaged


def _package(platform: Account) -> tuple[str, str]:
    """Bucket and key of the functions' package, the only object of its bucket."""
    bucket = f"callbacks-local-packages-{ACCOUNTS['platform']}"
    (package,) = platform.s3.list_objects_v2(Bucket=bucket)["Contents"]
    return bucket, package["Key"]


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
