"""Plans one more channel, two more, and N, on the local environment.

The second is of the other kind of auth. Nothing is applied. A change to anything but the new
channels, the dashboard, the release and the scopes of new channels is a failure.
"""

import json
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.support.e2e.engine_gaps import DRIFT_WITHOUT_REFRESH
from tools import REPOSITORY
from tools.contracts import new_task_type, tfvars, tree
from tools.deploy.terraform import ROOTS, Directory
from tools.devenv import ENGINE_PYTHON
from tools.devenv.environment import Environment
from tools.devenv.state import forget_aws_configuration

SOURCES = ("dist", "lambdas", "schemas", "statemachines", "terraform")
ALLOWED = ("module.channel[", "module.dashboard.", "module.release.")
SCOPES = "module.platform.aws_cognito_resource_server."
SHOWN = (
    "aws_api_gateway_model",
    "aws_api_gateway_resource",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm",
    "aws_cognito_resource_server",
    "aws_cognito_user_pool_client",
    "aws_iam_role",
    "aws_lambda_function",
    "aws_secretsmanager_secret",
    "aws_sns_topic",
    "aws_sqs_queue",
)


@dataclass(frozen=True)
class Plan:
    """What would change with so many channels more: address => change."""

    more: int
    seconds: float
    changes: dict[str, Any]

    @property
    def created(self) -> Counter[str]:
        """How many of each type of resource."""
        return Counter(
            resource["type"]
            for resource in self.changes.values()
            if resource["change"]["actions"] == ["create"]
        )

    @property
    def others(self) -> list[str]:
        """What has to do neither with a new channel nor with the release."""
        return sorted(address for address in self.changes if not _allowed(address, self.changes))


def main() -> int:
    parser = ArgumentParser(prog="python -m benchmarks.channels", description=__doc__)
    parser.add_argument("channels", type=int, nargs="?", default=200)
    wanted = parser.parse_args().channels
    forget_aws_configuration()
    environment = Environment(REPOSITORY / ".local", ENGINE_PYTHON)
    console = Console()
    declared = len(tree.task_types(REPOSITORY))
    for plan in plans(environment, (1, 2, wanted - declared)):
        console.print(_report(declared, plan))
        if plan.others:
            console.print(f"Neither a channel nor the release: {', '.join(plan.others)}")
            return 1
    return 0


def plans(environment: Environment, numbers: Iterable[int]) -> Iterator[Plan]:
    """A plan for each number of channels more, on a copy of the sources.

    Raises:
        NotUpError: the environment is not up.
        TerraformError: Terraform refuses to plan them.
    """
    with tempfile.TemporaryDirectory(prefix="callback-channels-") as scratch:
        copy = Path(scratch)
        for folder in SOURCES:
            shutil.copytree(
                REPOSITORY / folder, copy / folder, ignore=shutil.ignore_patterns(".terraform")
            )
        root = _initialised(environment, copy)
        for more in numbers:
            _declare(copy, more)
            began = time.perf_counter()
            changes = _plan(environment, root)
            yield Plan(more, time.perf_counter() - began, changes)


def _initialised(environment: Environment, copy: Path) -> Directory:
    root = replace(
        environment.root("platform"),
        path=copy / ROOTS.relative_to(REPOSITORY) / "platform",
        data_dir=copy / ".terraform",
        log=copy / "terraform.log",
    )
    root.init(f"-backend-config={root.path / 'envs' / 'local.s3.tfbackend'}")
    return root


def _declare(copy: Path, more: int) -> None:
    """Add task types up to so many more, in turn of each kind of auth."""
    auths = sorted(tfvars.NEEDED)
    declared = tree.task_types(copy)
    for number in range(more):
        name = f"SCALE_{number:03}"
        if name not in declared:
            new_task_type.add(copy, name, auths[number % len(auths)])


def _plan(environment: Environment, root: Directory) -> dict[str, Any]:
    """Address => change of all that a plan would change, but for what the engine drops."""
    plan = root.path / "plan"
    options = ["-input=false", "-no-color", "-lock=false", "-refresh=false", f"-out={plan}"]
    root.run("plan", *options, *environment.variables("platform"))
    planned = json.loads(root.run("show", "-json", str(plan), quiet=True))
    return {
        resource["address"]: resource
        for resource in planned["resource_changes"]
        if resource["change"]["actions"] not in (["no-op"], ["read"]) and not _drifts(resource)
    }


def _allowed(address: str, changes: dict[str, Any]) -> bool:
    """The channels, the release, and in place the resource server that takes a new scope."""
    if address.startswith(SCOPES):
        return changes[address]["change"]["actions"] in (["create"], ["update"])
    return address.startswith(ALLOWED)


def _drifts(resource: dict[str, Any]) -> bool:
    """Whether a change only sets anew what the engine does not keep."""
    change = resource["change"]
    if change["actions"] != ["update"]:
        return False
    before, after = change["before"], change["after"]
    changed = {name for name in after if before.get(name) != after[name]} | set(
        change["after_unknown"]
    )
    return all(("platform", resource["type"], name) in DRIFT_WITHOUT_REFRESH for name in changed)


def _report(declared: int, plan: Plan) -> Table:
    title = f"{declared + plan.more} channels, planned in {plan.seconds:.0f} s"
    table = Table(title=title, title_justify="left")
    table.add_column("changes")
    table.add_column("number", justify="right")
    actions = Counter(tuple(change["change"]["actions"]) for change in plan.changes.values())
    for verb, named in (
        ("created", ("create",)),
        ("updated", ("update",)),
        ("replaced", ("create", "delete")),
        ("destroyed", ("delete",)),
    ):
        table.add_row(verb, str(actions[named]))
    for kind in SHOWN:
        table.add_row(f"  new {kind}", str(plan.created[kind]))
    return table


if __name__ == "__main__":
    sys.exit(main())
