"""Checks of credentials, account and region, and of what `make bootstrap` makes there."""

from __future__ import annotations

from collections.abc import Iterator

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from tools.ops.preflight.ground import Checked, Ground, Verdict, status


def account(ground: Ground) -> Iterator[Checked]:
    expected = ground.intended.account_id
    try:
        identity = ground.place.client("sts").get_caller_identity()
    except (exceptions.ConnectionError, exceptions.HTTPClientError):
        raise
    except (BotoCoreError, ClientError) as error:
        yield Checked(
            Verdict.FAILED,
            f"There are no credentials that work: {error}",
            "Log in, or set AWS_PROFILE.",
        )
        return
    yield Checked(Verdict.OK, f"Credentials work: you are {identity['Arn']}.")
    found = identity["Account"]
    if found == expected:
        yield Checked(Verdict.OK, f"The account is {expected}, as the settings say.")
    else:
        yield Checked(
            Verdict.FAILED,
            f"The account is {found}, and the settings say {expected}. "
            "Nothing else was looked at there.",
            f"Take credentials of {expected}, or correct account_id.",
        )


def region(ground: Ground) -> Iterator[Checked]:
    own, other = ground.intended.region, ground.shell_region
    if other == own:
        yield Checked(Verdict.OK, f"The region is {own}, as the settings say.")
    elif other is None:
        yield Checked(
            Verdict.WARNING,
            f"The settings say {own}, and the shell has no region: other commands need one.",
            f"export AWS_REGION={own}",
        )
    else:
        yield Checked(
            Verdict.FAILED,
            f"The settings say {own}, and the shell {other}: other commands would look there.",
            f"export AWS_REGION={own}",
        )


def state_bucket(ground: Ground) -> Iterator[Checked]:
    bucket = ground.intended.state_bucket
    try:
        ground.place.client("s3").head_bucket(
            Bucket=bucket, ExpectedBucketOwner=ground.intended.account_id
        )
    except ClientError as error:
        if status(error) != 404:
            raise
        yield Checked(
            Verdict.FAILED,
            f"There is no bucket {bucket} for the state.",
            f"Run `make bootstrap ENV={ground.intended.name}`.",
        )
    else:
        yield Checked(Verdict.OK, f"The bucket for the state, {bucket}, is there.")


def gateway_logs(ground: Ground) -> Iterator[Checked]:
    if ground.place.client("apigateway").get_account().get("cloudwatchRoleArn"):
        yield Checked(Verdict.OK, "API Gateway has a role to write logs with.")
    elif ground.is_local:
        yield Checked(Verdict.WARNING, "The local engine has no role to write logs with.")
    else:
        yield Checked(
            Verdict.FAILED,
            "API Gateway has no role to write logs with.",
            f"Run `make bootstrap ENV={ground.intended.name}`.",
        )
