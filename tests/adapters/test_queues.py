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
from callbacks.domain.exact_json import canonical_json
from callbacks.domain.outcome import (
    Outcome,
    Success,
    Undeliverable,
    digest,
    outcome_from_json,
)
from callbacks.domain.ports import DeadLetterQueue, Redelivery, RedeliveryQueue
from callbacks.domain.task import TaskKey

from tests.support.channels import SCHEMAS
from tests.support.cloud import Cloud
from tests.support.fakes import FakeDeadLetterQueue, FakeRedeliveryQueue
from tests.support.ports import IMPLEMENTATIONS
from tests.support.services import intercepted
from tests.support.tasks import KEY, LOST, SHIPPED

LARGEST_OUTPUT = json.loads((SCHEMAS / "channel.schema.json").read_text())["properties"][
    "max_output_bytes"
]["maximum"]
SQS_BYTES = 262_144
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
            read = outcome_from_json(json.dumps(outcome)) if outcome else None
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


@pytest.mark.parametrize(
    "character", ["\u0436", '"', "\\", "\u20ac", "\N{GRINNING FACE}", "\x00", "\x7f"]
)
def test_a_dead_letter_carries_the_largest_outcome_whatever_its_characters(
    character: str, aws: Cloud
) -> None:
    each = len(canonical_json(character).encode()) - 2
    largest = Success({"text": character * ((LARGEST_OUTPUT - 11) // each)})
    longest = Redelivery(TaskKey("x" * 128, "X" * 40), "attempt-1", digest(largest))

    with intercepted("sqs") as sqs:
        SQSDeadLetterQueue(lazy("sqs"), aws.dead_letter_queue_url).send(longest, "why", largest)

    [(_, sent)] = sqs.calls
    assert len(sent["MessageBody"].encode()) < SQS_BYTES
    [body] = aws.receive(aws.dead_letter_queue_url)
    assert outcome_from_json(json.dumps(json.loads(body)["outcome"])) == largest


def test_a_dead_letter_of_an_outcome_that_grows_is_sent_without_it(aws: Cloud) -> None:
    grows = Success({"text": "\uffff" * (LARGEST_OUTPUT // 3)})

    SQSDeadLetterQueue(lazy("sqs"), aws.dead_letter_queue_url).send(REDELIVERY, "why", grows)

    [body] = aws.receive(aws.dead_letter_queue_url)
    assert json.loads(body)["outcome"].startswith("too large")
    assert parse_redelivery(body) == REDELIVERY


def test_a_dead_letter_keeps_exact_numbers_and_characters_that_sqs_refuses(aws: Cloud) -> None:
    exact = outcome_from_json(
        '{"status": "SUCCESS", "output": {"n": 0.1000000000000000055, "t": "\\ufffe \\uffff"}}'
    )

    SQSDeadLetterQueue(lazy("sqs"), aws.dead_letter_queue_url).send(REDELIVERY, "why", exact)

    [body] = aws.receive(aws.dead_letter_queue_url)
    assert '"outcome":{"output":{"n":0.1000000000000000055,"t":"\\ufffe \\uffff"}' in body


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
