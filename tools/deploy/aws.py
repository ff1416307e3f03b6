"""Terraform for environments on AWS, with ordinary AWS credentials."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import boto3

from tools import REPOSITORY, Json, show
from tools.contracts import revisions
from tools.contracts.lint import require_clean
from tools.deploy import package, release
from tools.deploy.accounts import Account
from tools.deploy.bootstrap import bootstrap as make_state_bucket
from tools.deploy.terraform import ROOTS, Directory
from tools.errors import UserError

ROOT_NAMES = ("platform", "partner")
ARCHITECTURE = "arm64"


def require(environment: str, command: str) -> None:
    """Refuse an environment that does not exist, and none at all.

    Raises:
        UserError: it is neither; says how to give one to the command.
    """
    settings = (ROOTS / "platform" / "envs").glob("*.tfvars")
    known = sorted(path.stem for path in settings if path.stem != "local")
    if environment not in known:
        problem = f"There is no environment {environment}" if environment else "No environment"
        raise UserError(
            f"{problem}: say `make {command} ENV={known[0]}`. There are: {', '.join(known)}."
        )


def terraform(root: str, environment: str, action: str, abandoned: Collection[str]) -> None:
    """Plan, apply or destroy a root for an environment; Terraform asks before it acts.

    What is applied of the platform is tagged, as what partners use.

    Raises:
        release.OpenTasksError: channels would go whose tasks are open, not of an abandoned type.
        UserError: there is no such environment, or settings or contracts are not in order.
    """
    require(environment, action)
    if action != "destroy":
        require_clean()
    options = [_variables(root, environment)]
    if root == "platform":
        with show.progress("building the package"):
            options.append(f"-var-file={package.manifest(ARCHITECTURE)}")
    directory = _initialised(root, environment)
    if root != "platform":
        directory.run(action, *options)
        return
    account = Account(boto3.Session(region_name=_region(environment)))
    if action == "apply":
        release.apply(directory, account, options, abandoned, show.out.print)
        show.out.print(revisions.record(REPOSITORY, environment))
        return
    release.check(directory, account, abandoned, everything=action == "destroy")
    directory.run(action, *options)


def bootstrap(environment: str) -> None:
    """Make the bucket for an environment's states; Terraform asks before it acts."""
    require(environment, "bootstrap")
    make_state_bucket(
        _directory("bootstrap", environment),
        Account(boto3.Session()),
        _backend("bootstrap", environment),
        REPOSITORY / ".terraform" / environment / "bootstrap.tfstate",
        _variables("bootstrap", environment),
    )


@dataclass(frozen=True)
class Applied:
    """A root of an environment as its account has it now."""

    account: Account
    outputs: Json


def applied(environment: str, root: str, profile: str | None) -> Applied:
    """Find a root that is applied.

    Raises:
        UserError: there is no such environment, or the root has no outputs: it is not applied.
    """
    outputs = _initialised(root, environment, profile).outputs()
    if not outputs:
        raise UserError(f"The {root} root of {environment} has no outputs: apply it first.")
    return Applied(Account(boto3.Session(profile_name=profile)), outputs)


def _initialised(root: str, environment: str, profile: str | None = None) -> Directory:
    directory = _directory(root, environment, profile)
    with show.progress(f"initialising the {root} of {environment}"):
        directory.init("-reconfigure", f"-backend-config={_backend(root, environment)}")
    return directory


def _directory(root: str, environment: str, profile: str | None = None) -> Directory:
    environ = {**os.environ, **({"AWS_PROFILE": profile} if profile else {})}
    return Directory(ROOTS / root, REPOSITORY / ".terraform" / environment / root, environ)


def _backend(root: str, environment: str) -> Path:
    return ROOTS / root / "envs" / f"{environment}.s3.tfbackend"


def _region(environment: str) -> str:
    settings = (ROOTS / "platform" / "envs" / f"{environment}.tfvars").read_text()
    region = re.search(r'^region\s*=\s*"([^"]+)"', settings, re.MULTILINE)
    assert region, f"envs/{environment}.tfvars names no region"
    return region[1]


def _variables(root: str, environment: str) -> str:
    return f"-var-file={ROOTS / root / 'envs' / f'{environment}.tfvars'}"
