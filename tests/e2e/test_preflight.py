"""Preflight of an environment that is applied: it would be ready to be applied again."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tools import REPOSITORY
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import Deployment
from tools.ops.preflight import intended


def test_an_environment_that_is_applied_fails_no_check(environment: Environment) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.ops.app", "--json", "preflight"],
        cwd=REPOSITORY,
        env={**os.environ, "CALLBACKS_LOCAL": str(environment.directory)},
        capture_output=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert (found["environment"], found["failed"]) == ("local", 0)
    verdicts = {each["check"]: each["verdict"] for each in found["checks"]}
    assert verdicts["The local engine has no GetServiceQuota."] == "warning"


def test_there_are_about_as_many_alarms_as_are_estimated(deployment: Deployment) -> None:
    account = deployment.platform
    session: Any = account.session
    cloudwatch = session.client("cloudwatch", endpoint_url=account.endpoint_url)
    settings = intended.read(REPOSITORY, "local")
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{settings.prefix}-"
    )

    there = sum(len(page["MetricAlarms"]) for page in pages)
    assert there == pytest.approx(settings.alarms, rel=0.25)
