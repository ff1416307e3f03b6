"""The dead-letter queues of an environment, and what redriving a letter of each means."""

import json
import re
from dataclasses import dataclass

from callbacks.adapters.aws import lazy
from callbacks.adapters.operations import LambdaInvoker
from callbacks.adapters.sqs_queues import (
    SQSDeadLetters,
    SQSMessageQueue,
    SQSRedeliveryQueue,
    parse_redelivery,
    parse_undelivered,
)
from callbacks.domain.errors import (
    DependencyUnavailable,
    NotKnownToBeAccepted,
    OperationRefused,
)
from callbacks.domain.message import parse_message
from callbacks.domain.ports import Letter
from callbacks.runtime.settings import OperationSettings
from callbacks.usecases.dead_letters import Deed
from callbacks.usecases.fail_undelivered import NotAReporterError, UndeliveredTasks

OF_A_WEBHOOK = re.compile(r"([A-Z][A-Z0-9_]*)/([a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Redriver:
    """What becomes of a letter that is tried again; each method raises OperationRefused."""

    settings: OperationSettings
    undelivered: UndeliveredTasks

    def letters(self, queue: str) -> SQSDeadLetters:
        url = f"{self.settings.queue_url_prefix}{_stem(queue)}-dead-letter"
        return SQSDeadLetters(lazy("sqs"), url)

    def deed(self, queue: str) -> Deed:
        match queue:
            case "redelivery":
                return self._redeliver
            case "reports":
                return self._report
            case "close-execution":
                return self._close
        url = f"{self.settings.queue_url_prefix}{_stem(queue)}"
        return lambda letter: _send_again(letter, url)

    def _redeliver(self, letter: Letter) -> None:
        try:
            redelivery = parse_redelivery(letter.body)
        except (ValueError, KeyError, TypeError):
            raise OperationRefused("it is no redelivery of this platform: drop it") from None
        SQSRedeliveryQueue(lazy("sqs"), self.settings.redelivery_queue_url).send(redelivery)

    def _report(self, letter: Letter) -> None:
        try:
            report = parse_undelivered(letter.body)
            self.undelivered.fail(report, letter.sender.partition(":")[0])
        except (ValueError, KeyError, TypeError):
            raise OperationRefused("it is no report of this platform: drop it") from None
        except NotAReporterError:
            raise OperationRefused("its sender may not report for that channel") from None
        except NotKnownToBeAccepted as error:
            raise DependencyUnavailable(str(error)) from None

    def _close(self, letter: Letter) -> None:
        LambdaInvoker(lazy("lambda"), self.settings.close_execution_function).invoke(
            _ended_execution(letter.body)
        )


def _stem(queue: str) -> str:
    """What stands between the environment's prefix and the end of a queue's name."""
    if queue in ("close-execution", "redelivery", "reports"):
        return queue
    found = OF_A_WEBHOOK.fullmatch(queue)
    if found is None:
        raise OperationRefused(
            f"there is no queue {queue}: give close-execution, redelivery, reports or TYPE/PARTNER"
        )
    return f"{found[1].lower().replace('_', '-')}-{found[2]}"


def _send_again(letter: Letter, url: str) -> None:
    try:
        parse_message(letter.body)
    except ValueError as error:
        raise OperationRefused(f"{error}: drop it") from None
    SQSMessageQueue(lazy("sqs"), url).send(letter.body)


def _ended_execution(body: str) -> dict[str, object]:
    """The event, as the rule put it there, or inside what Lambda says of a failed invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    try:
        document = json.loads(body)
        event = document.get("requestPayload", document)
        if not str(event["detail"]["executionArn"]).startswith("arn:"):
            raise ValueError(body)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise OperationRefused("it is no event of an execution's end: drop it") from None
    ended: dict[str, object] = event
    return ended
