"""What a local environment remembers, for all who use it."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import boto3

from tools import Json
from tools.devenv import engine
from tools.devenv.engine import Engine

REGION: Final = "eu-west-1"
ACCOUNTS = {"platform": "111111111111", "partner": "222222222222"}
STATE_FILE = "state.json"


@dataclass(frozen=True)
class State:
    """What an environment remembers; `applied` and `outputs` are of the last whole apply.

    `webhook_port` is where its partner without AWS listens whenever it runs.
    """

    engine: Engine
    engine_version: str
    webhook_port: int
    applying: bool = False
    applied: str = ""
    outputs: Json = field(default_factory=dict)


def read_state(file: Path) -> State | None:
    """The state, or None where there is none that can be read."""
    try:
        document = json.loads(file.read_text())
        return State(**{**document, "engine": Engine(**document["engine"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def account_session(account_id: str, running: Engine) -> boto3.Session:
    """A session as the root of an account of a running engine."""
    return boto3.Session(account_id, running.secret, region_name=REGION)


def forget_aws_configuration() -> None:
    """Take the developer's own AWS configuration, and proxies, out of this process's way."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(ISOLATION)


# No profile, no credentials file, no instance role, and no proxy between here and the engine.
ISOLATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": engine.HOST,
    "no_proxy": engine.HOST,
}
