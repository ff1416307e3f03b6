"""What operators do by hand, with the contracts and the fences that hold for everybody else."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.domain.errors import OperationRefused
from callbacks.domain.exact_json import canonical_json
from callbacks.domain.ports import ChannelSwitch, Redrives
from callbacks.usecases.complete import Result
from callbacks.usecases.receive import Receiver


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, an ARN that AWS vouches for, and why."""

    arn: str
    reason: str

    def __str__(self) -> str:
        """As the record of a task names who reported its outcome."""
        return f"{self.arn} by hand: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Reports on tasks in place of partners, stops and starts channels, redrives executions."""

    receiver: Receiver
    channels: ChannelSwitch
    executions: Redrives

    def report(self, callback: Mapping[str, Any], person: Person) -> Result:
        """Takes what a partner would have posted, for the attempt that `callback_id` names.

        Raises:
            CallbackRefused: as for a partner; the subclass says why.
            OperationRefused: it names no attempt, or is a heartbeat.
        """
        task_type = str(callback.get("task_type", ""))
        if not callback.get("callback_id"):
            raise OperationRefused("callback_id must name the attempt that is reported on")
        received = self.receiver.read(task_type, None, canonical_json(callback))
        if received.callback.outcome is None:
            raise OperationRefused("nobody but the partner knows that the work goes on")
        return self.receiver.take(received, str(person), address="")

    def switch(self, task_type: str, *, enabled: bool) -> None:
        """Lets a channel take new tasks, or not; functions notice within a minute.

        Raises:
            OperationRefused: there is no such channel.
            DependencyUnavailable: it is not known to be switched; repeat it.
        """
        if not self.channels.switch(task_type, enabled=enabled):
            raise OperationRefused(f"there is no channel {task_type} in this environment")

    def redrive(self, execution_arn: str) -> None:
        """Runs the Task on which an execution failed again.

        Raises:
            OperationRefused: it cannot be redriven; says why.
            DependencyUnavailable: it is not known to be redriven; look before repeating it.
        """
        self.executions.redrive(execution_arn)


def request_digest(event: Mapping[str, Any]) -> str:
    """What an operator's signature is bound to: all that is asked for, and why."""
    asked = {name: value for name, value in event.items() if name != "caller"}
    return hashlib.sha256(canonical_json(asked).encode()).hexdigest()
