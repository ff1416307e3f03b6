"""callbacks preflight: is the account ready for an apply."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import boto3
import click

from tools import REPOSITORY
from tools.errors import UserError
from tools.ops.cli.shared import Operations, pass_operations, table
from tools.ops.place import LOCAL, find

COLUMNS = ("verdict", "check", "do")
FAILED = 1


@click.command()
@click.option("--env", help="As before the command: dev, prod ...")
@pass_operations
def preflight(operations: Operations, env: str | None) -> None:
    """Check an account before the first apply: credentials, quotas, alarm destinations.

    It reads the environment's settings in the repository, and changes nothing. The exit status is
    1 if a check failed.
    """
    try:
        # What reads settings is installed in the repository only.
        from tools.ops.preflight import checks, intended
        from tools.ops.preflight.ground import Ground, Verdict
    except ModuleNotFoundError:
        raise UserError(
            "The settings of environments are in the repository: run .venv/bin/callbacks there."
        ) from None
    name = env or operations.env or operations.place.name
    settings = intended.read(REPOSITORY, name)
    place = find(name, settings.prefix, operations.profile, settings.region)
    shell_region = operations.region or boto3.Session(profile_name=operations.profile).region_name
    ground = Ground(place, settings, place.region if name == LOCAL else shell_region)
    rows = [asdict(checked) for checked in checks.run(ground)]
    verdicts = Counter(row["verdict"] for row in rows)
    operations.emit(
        {"environment": name, "failed": verdicts[Verdict.FAILED], "checks": rows},
        table(rows, COLUMNS, "Nothing was checked."),
    )
    if verdicts[Verdict.FAILED]:
        click.get_current_context().exit(FAILED)
