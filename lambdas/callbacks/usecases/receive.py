"""Take what a partner posts: hold it to its channel's contract, then report it to the task."""

from dataclasses import dataclass
from typing import Any

from callbacks.domain.callback import Callback, parse_callback
from callbacks.domain.channel import Channel
from callbacks.domain.errors import (
    BodyTooLarge,
    DependencyUnavailable,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
    SourceNotAllowed,
    TaskNotFound,
    Violation,
)
from callbacks.domain.exact_json import canonical_json, parse_json
from callbacks.domain.outcome import Success
from callbacks.domain.ports import ChannelRegistry, ContractValidator
from callbacks.domain.task import TaskKey
from callbacks.usecases.complete import Completer, Result

CONTRACT_BROKEN = "the callback breaks the contract of this channel"


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

    def read(
        self, task_type: str, version: str | None, body: str, callback_id: str | None = None
    ) -> Received:
        """Holds a body to the contract of the route it was posted to, or else of the messages.

        `callback_id` is the one of the URL. It is as good as one in the body, and held to the same.

        Raises:
            BodyTooLarge: it is over the limit of the channel.
            InvalidCallback: it is not JSON, or breaks the contract.
            NotKnownToBeAccepted: the registration cannot be read.
            TaskNotFound: there is no such channel, or no such version of its contract.
        """
        try:
            channel = self.registry.get(task_type)
        except DependencyUnavailable as error:
            raise NotKnownToBeAccepted from error
        contract = channel.versions.get(version or channel.message_version) if channel else None
        if channel is None or contract is None:
            raise TaskNotFound(TaskKey("", task_type))
        document = _identified(_parsed(body, channel.max_body_bytes), callback_id)
        violations = self.contracts.violations(contract.callback, document)
        if violations:
            raise InvalidCallback(CONTRACT_BROKEN, violations)
        return Received(channel, parse_callback(document))

    def take(self, received: Received, principal: str, address: str) -> Result:
        """Completes the task, or keeps it alive.

        `address` is where `principal` called from.

        Raises:
            CallbackRefused: it is not taken; the subclass says why.
        """
        channel, callback = received.channel, received.callback
        if not channel.takes_calls_from(principal, address):
            raise SourceNotAllowed(address)
        key = TaskKey(callback.order_id, channel.task_type)
        if callback.outcome is None:
            return self.completer.heartbeat(key, callback.callback_id)
        if isinstance(callback.outcome, Success):
            size = len(canonical_json(callback.outcome.output).encode())
            if size > channel.max_output_bytes:
                raise OutputTooLarge(size, channel.max_output_bytes)
        return self.completer.complete(key, callback.callback_id, callback.outcome, principal)


def _parsed(body: str, limit: int) -> Any:
    try:
        if len(body.encode()) > limit:
            raise BodyTooLarge(limit)
        return parse_json(body)
    except ValueError as error:
        raise InvalidCallback(
            f"the body is not JSON (RFC 8259) that can be carried on: {error}"
        ) from None


def _identified(document: Any, of_url: str | None) -> Any:
    """The document with the callback_id, which may be given in either place, or in both."""
    if of_url is None or not isinstance(document, dict):
        return document
    if document.get("callback_id", of_url) != of_url:
        raise InvalidCallback(
            "callback_id in the body and in the URL differ",
            [Violation("/callback_id", "is not the callback_id of the URL")],
        )
    return {**document, "callback_id": of_url}
