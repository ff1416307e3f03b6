"""Terraform and the walkthrough for environments on AWS, with ordinary AWS credentials."""

import os
import re
from collections.abc import Collection
from pathlib import Path

import boto3

from local import REPOSITORY, release
from local.accounts import Account
from local.bootstrap import bootstrap as make_state_bucket
from local.environment import build_package
from local.errors import UserError
from local.partner import Json
from local.terraform import ROOTS, Directory
from local.walkthrough import Deployment
from local.walkthrough import deployment as assemble

ENVIRONMENTS = ("dev", "prod")
ROOT_NAMES = ("platform", "partner")
ARCHITECTURE = "arm64"


def terraform(
    root: str, environment: str, action: str, abandoned: Collection[str], say: release.Say
) -> None:
    """Plan, apply or destroy a root for an environment; Terraform asks before it acts.

    Raises:
        release.OpenTasksError: channels would go whose tasks are open, not of an abandoned type.
    """
    options = [_variables(root, environment)]
    if root == "platform":
        options.append(f"-var-file={build_package(ARCHITECTURE)}")
    directory = _directory(root, environment)
    directory.init("-reconfigure", f"-backend-config={_backend(root, environment)}")
    if root != "platform":
        directory.run(action, *options)
        return
    account = Account(boto3.Session(region_name=_region(environment)))
    if action == "apply":
        release.apply(directory, account, options, abandoned, say)
        return
    release.check(directory, account, abandoned, everything=action == "destroy")
    directory.run(action, *options)


def bootstrap(environment: str) -> None:
    """Make the bucket for an environment's states; Terraform asks before it acts."""
    make_state_bucket(
        _directory("bootstrap", environment),
        Account(boto3.Session()),
        _backend("bootstrap", environment),
        REPOSITORY / ".terraform" / environment / "bootstrap.tfstate",
        _variables("bootstrap", environment),
    )


def deployment(
    environment: str, platform_profile: str | None, partner_profile: str, external_id: str
) -> Deployment:
    """Find a deployed environment and its partner, as the walkthrough needs them.

    Raises:
        UserError: a root has no outputs: it is not applied.
    """
    profiles = {"platform": platform_profile, "partner": partner_profile}
    outputs = {root: _outputs(root, environment, profile) for root, profile in profiles.items()}
    accounts = {
        root: Account(boto3.Session(profile_name=profile)) for root, profile in profiles.items()
    }
    return assemble(
        accounts["platform"],
        accounts["partner"],
        outputs["platform"],
        outputs["partner"],
        external_id,
    )


def _outputs(root: str, environment: str, profile: str | None) -> Json:
    directory = _directory(root, environment, profile)
    directory.init("-reconfigure", f"-backend-config={_backend(root, environment)}")
    outputs = directory.outputs()
    if not outputs:
        raise UserError(f"The {root} root of {environment} has no outputs: apply it first.")
    return outputs


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
