"""RedeliveryQueue and DeadLetterQueue: their messages name an outcome, and never a token."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.sqs_queues import (
    SQSDeadLetterQueue,
    SQSRedeliveryQueue,
    parse_redelivery,
)
from callbacks.domain.outcome import Outcome, Undeliverable, digest, outcome_from_json
from callbacks.domain.ports import DeadLetterQueue, Redelivery, RedeliveryQueue

from tests.support.cloud import Cloud
from tests.support.fakes import FakeDeadLetterQueue, FakeRedeliveryQueue
from tests.support.ports import IMPLEMENTATIONS
from tests.support.tasks import KEY, LOST, SHIPPED

REDELIVERY = Redelivery(KEY, "attempt-1", digest(SHIPPED))


@dataclass(frozen=True)
class Queues:
    redelivery: RedeliveryQueue
    dead_letters: DeadLetterQueue
    redelivered: Callable[[], list[Redelivery]]
    buried: Callable[[], list[tuple[Redelivery, str, Outcome | None]]]


@pytest.fixture(params=IMPLEMENTATIONS)
def queues(request: pytest.FixtureRequest) -> Queues:
    if request.param == "fake":
        queue, dead = FakeRedeliveryQueue(), FakeDeadLetterQueue()
        return Queues(queue, dead, lambda: queue.messages, lambda: dead.messages)
    aws: Cloud = request.getfixturevalue("aws")
    sqs = lazy("sqs")

    def redelivered() -> list[Redelivery]:
        return [parse_redelivery(body) for body in aws.receive(aws.redelivery_queue_url)]

    def buried() -> list[tuple[Redelivery, str, Outcome | None]]:
        letters = []
        for body in aws.receive(aws.dead_letter_queue_url):
            document = json.loads(body)
            outcome = document.get("outcome")
            read = outcome_from_json(outcome) if outcome else None
            letters.append((parse_redelivery(body), document["reason"], read))
        return letters

    return Queues(
        SQSRedeliveryQueue(sqs, aws.redelivery_queue_url),
        SQSDeadLetterQueue(sqs, aws.dead_letter_queue_url),
        redelivered,
        buried,
    )


def test_a_redelivery_is_received_as_it_was_sent(queues: Queues) -> None:
    queues.redelivery.send(REDELIVERY)

    assert queues.redelivered() == [REDELIVERY]


@pytest.mark.parametrize("outcome", [SHIPPED, LOST, Undeliverable("nobody there"), None])
def test_a_dead_letter_says_what_and_why(outcome: Outcome | None, queues: Queues) -> None:
    queues.dead_letters.send(REDELIVERY, "the workflow no longer waits", outcome)

    assert queues.buried() == [(REDELIVERY, "the workflow no longer waits", outcome)]


def test_a_dead_letter_can_be_sent_on_as_a_redelivery(aws: Cloud) -> None:
    SQSDeadLetterQueue(lazy("sqs"), aws.dead_letter_queue_url).send(REDELIVERY, "why", SHIPPED)

    [body] = aws.receive(aws.dead_letter_queue_url)

    assert parse_redelivery(body) == REDELIVERY


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "1", '"text"', "{}", '{"order_id": "a"}'])
def test_anything_else_is_no_redelivery(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_redelivery(body)


def test_a_message_is_hidden_until_its_next_try(aws: Cloud) -> None:
    queue = SQSRedeliveryQueue(lazy("sqs"), aws.redelivery_queue_url)
    queue.send(REDELIVERY)
    [message] = aws.sqs.receive_message(QueueUrl=aws.redelivery_queue_url)["Messages"]

    queue.retry_in(message["ReceiptHandle"], 0)

    assert aws.receive(aws.redelivery_queue_url) == [message["Body"]]
