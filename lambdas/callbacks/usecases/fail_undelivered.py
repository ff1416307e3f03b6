"""Fail a task whose only partner could not be given the work."""

from dataclasses import dataclass

from callbacks.domain.errors import CallbackRefused, NotKnownToBeAccepted
from callbacks.domain.outcome import Undeliverable
from callbacks.domain.ports import ChannelRegistry, Undelivered
from callbacks.usecases.complete import Completer, Result

PRINCIPAL = "deliver_webhook"
REASON_CHARACTERS = 200


class NotAReporterError(Exception):
    """The sender of the report may not speak for the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredTasks:
    """Takes the reports of webhooks' functions as callbacks of their channels."""

    registry: ChannelRegistry
    completer: Completer

    def fail(self, undelivered: Undelivered, sender: str) -> Result | None:
        """Records CallbackTask.Undeliverable and sends it; `sender` is the id of a role.

        None if nobody waits for the attempt any more, or an outcome came first.

        Raises:
            NotAReporterError: the channel has no such reporter; nothing was done.
            DependencyUnavailable: the registration cannot be read; the report is to come again.
            NotKnownToBeAccepted: so is it if the record may or may not have been written.
        """
        channel = self.registry.get(undelivered.key.task_type)
        if channel is None or sender not in channel.reporters:
            raise NotAReporterError
        outcome = Undeliverable(undelivered.reason[:REASON_CHARACTERS])
        try:
            return self.completer.complete(
                undelivered.key, undelivered.callback_id, outcome, PRINCIPAL
            )
        except NotKnownToBeAccepted:
            raise
        except CallbackRefused:
            return None
