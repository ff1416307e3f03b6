"""Take what a partner posts: hold it to its channel's contract, then report it to the task."""

from dataclasses import dataclass
from typing import Any

from callbacks.domain.callback import Callback, parse_callback
from callbacks.domain.channel import Channel
from callbacks.domain.errors import (
    DependencyUnavailable,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
    TaskNotFound,
    Violation,
)
from callbacks.domain.exact_json import canonical_json
from callbacks.domain.outcome import Success
from callbacks.domain.ports import ChannelRegistry, ContractValidator
from callbacks.domain.task import TaskKey
from callbacks.usecases.complete import Completer, Result


@dataclass(frozen=True, slots=True)
class Received:
    """A callback that meets the contract of its channel."""

    channel: Channel
    callback: Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Receives the callbacks of every channel, in two steps: what they say, and what becomes of it.

    Between the two, the caller knows whose callback it is.
    """

    registry: ChannelRegistry
    contracts: ContractValidator
    completer: Completer

    def read(self, task_type: str, version: str, body: Any) -> Received:
        """Holds a body, JSON as it was posted, to the contract of the route it was posted to.

        Raises:
            InvalidCallback: it breaks the contract.
            NotKnownToBeAccepted: the registration cannot be read.
            TaskNotFound: there is no such channel, or no such version of its contract.
        """
        try:
            channel = self.registry.get(task_type)
        except DependencyUnavailable as error:
            raise NotKnownToBeAccepted from error
        contract = channel.versions.get(version) if channel else None
        if channel is None or contract is None:
            raise TaskNotFound(TaskKey("", task_type))
        violations = self.contracts.violations(contract.callback, body)
        if violations:
            raise InvalidCallback("the body breaks the contract of this channel", violations)
        return Received(channel, parse_callback(body))

    def take(self, received: Received, callback_id: str | None, principal: str) -> Result:
        """Completes the task, or keeps it alive; `callback_id` is the one of the URL.

        Raises:
            CallbackRefused: it is not taken; the subclass says why.
        """
        channel, callback = received.channel, received.callback
        key = TaskKey(callback.order_id, channel.task_type)
        callback_id = _agreed(callback_id, callback.callback_id)
        if callback.outcome is None:
            return self.completer.heartbeat(key, callback_id)
        if isinstance(callback.outcome, Success):
            size = len(canonical_json(callback.outcome.output).encode())
            if size > channel.max_output_bytes:
                raise OutputTooLarge(size, channel.max_output_bytes)
        return self.completer.complete(key, callback_id, callback.outcome, principal)


def _agreed(of_url: str | None, of_body: str | None) -> str | None:
    """The callback_id, which may be given in either place, or in both."""
    if of_url is not None and of_body is not None and of_url != of_body:
        raise InvalidCallback(
            "callback_id in the body and in the URL differ",
            [Violation("/callback_id", "is not the callback_id of the URL")],
        )
    return of_body if of_url is None else of_url
