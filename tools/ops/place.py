"""Which environment is meant: its account, and the names that its resources have."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from tools import REPOSITORY
from tools.devenv.state import ACCOUNTS, STATE_FILE, account_session, read_state
from tools.devenv.state import forget_aws_configuration as isolate
from tools.errors import UserError

LOCAL = "local"

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=170,  # The function `operate` takes up to 150 seconds.
    retries={"mode": "standard", "max_attempts": 4},
    max_pool_connections=20,
)


class NoEnvironmentError(UserError):
    """No environment is named, or the local one is not up."""


@dataclass(frozen=True)
class Place:
    """One environment. `endpoint_url` is None on AWS.

    All names begin with `prefix`, as `name_prefix` of the platform's root has it.
    """

    name: str
    prefix: str
    session: boto3.Session
    endpoint_url: str | None = None
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """The one client of `service`; several threads may use it."""
        # A session makes one client at a time.
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self.session.client(  # type: ignore[call-overload]
                    service, endpoint_url=self.endpoint_url, config=_CONFIG
                )
            return self._clients[service]

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @property
    def table(self) -> str:
        return f"{self.prefix}-CallbackTasks"

    @property
    def orders_table(self) -> str:
        return f"{self.prefix}-Orders"

    def function(self, folder: str) -> str:
        """The platform's own function in `folder` of lambdas/functions."""
        return f"{self.prefix}-{folder.replace('_', '-')}"

    def dispatcher(self, task_type: str) -> str:
        return f"{self.prefix}-{_kebab(task_type)}"

    def webhook(self, task_type: str, partner: str) -> str:
        """The function that brings messages to a partner, and its queue."""
        return f"{self.prefix}-{_kebab(task_type)}-{partner}"

    def dead_letter_queue(self, queue: str) -> str:
        """Of `redelivery`, `reports`, `close-execution` or TYPE/PARTNER."""
        task_type, _, partner = queue.partition("/")
        main = self.webhook(task_type, partner) if partner else f"{self.prefix}-{queue}"
        return f"{main}-dead-letter"


def find(name: str | None, prefix: str | None, profile: str | None, region: str | None) -> Place:
    """The environment of that name; without one, the local environment if it is up.

    Raises:
        NoEnvironmentError: neither is there.
    """
    if name in (None, LOCAL):
        local = local_place(Path(os.environ.get("CALLBACKS_LOCAL", REPOSITORY / ".local")))
        if local is not None:
            return local
        if name == LOCAL:
            raise NoEnvironmentError("The local environment is not up: run `make up` first.")
        raise NoEnvironmentError(
            "No environment: say --env, such as --env dev, or run `make up` for a local one."
        )
    session = boto3.Session(profile_name=profile, region_name=region)
    if session.region_name is None:
        raise NoEnvironmentError("No region: say --region, or set AWS_REGION.")
    return Place(name, prefix or f"callbacks-{name}", session)


def local_place(directory: Path) -> Place | None:
    """The local environment that is kept in a directory; None if it is not up."""
    state = read_state(directory / STATE_FILE)
    if state is None or not state.outputs or not state.engine.healthy():
        return None
    isolate()
    session = account_session(ACCOUNTS["platform"], state.engine)
    prefix = state.outputs["platform"]["callback_tasks_table"].removesuffix("-CallbackTasks")
    return Place(LOCAL, prefix, session, state.engine.endpoint_url)


def _kebab(task_type: str) -> str:
    return task_type.lower().replace("_", "-")
