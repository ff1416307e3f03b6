"""What a partner without AWS is handed, and the reference partner's service as a process."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools import REPOSITORY, Json
from tools.deploy.accounts import Account
from tools.devenv.engine import HOST
from tools.devenv.walkthrough import until


@dataclass(frozen=True)
class HandedOver:
    """`client` has client_id, client_secret, scope and token_url; the newest secret is first."""

    client: Json = field(repr=False)
    signing_secrets: list[str] = field(repr=False)


def hand_over(platform: Account, channel: Json, partner: str) -> HandedOver:
    """Read a partner's secrets, as an operator does to hand them over.

    `channel` is the channel's entry in the platform's outputs.
    """
    client = _secret(platform, channel["oauth2"]["client_secret_arns"][partner])
    signing = _secret(platform, channel["oauth2"]["signing_secret_arns"][partner])
    names = ("current", "previous")
    return HandedOver(client, [signing[name] for name in names if signing.get(name)])


@contextmanager
def running(handed: HandedOver, port: int, log: Path) -> Iterator[None]:
    """The reference partner's service, with what it was handed and nothing else.

    Raises:
        StepFailedError: it did not come up.
    """
    environ = {
        "PATH": os.defpath,
        "PORT": str(port),
        "SIGNING_SECRETS": " ".join(handed.signing_secrets),
        **{name.upper(): value for name, value in handed.client.items()},
    }
    with log.open("wb") as sink:
        service = subprocess.Popen(
            [sys.executable, REPOSITORY / "examples" / "partner_without_aws" / "service.py"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: _listens(port), f"the partner without AWS listens (its log: {log})")
        yield
    finally:
        service.terminate()
        service.wait()


def _listens(port: int) -> bool | None:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0 or None


def _secret(platform: Account, arn: str) -> Json:
    document: Json = json.loads(
        platform.secretsmanager.get_secret_value(SecretId=arn)["SecretString"]
    )
    return document
