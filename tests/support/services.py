"""A service of AWS that answers as a test says, in front of a client of the SDK."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.validate import ParamValidator
from callbacks.adapters.aws import client

Answer = dict[str, Any] | Exception

# The calls of the slowest callback, in order: a repeat whose token is refused, and for which the
# part of the history that is read shows nothing. Purpose => service.
SLOWEST_CALLBACK = {
    "the registration": "dynamodb",
    "the claim": "dynamodb",
    "the join": "dynamodb",
    "the send": "stepfunctions",
    "the history": "stepfunctions",
    "the queue": "sqs",
    "the note that it is queued": "dynamodb",
}

# Those of the slowest try of redelivery: the last, with the longest history there can be.
SLOWEST_REDELIVERY = {
    "the record": "dynamodb",
    "the join": "dynamodb",
    "the send": "stepfunctions",
    **{f"the history, page {page}": "stepfunctions" for page in range(1, 26)},
    "the dead letter": "sqs",
    "the note of it, refused since the join": "dynamodb",
    "the note of it": "dynamodb",
}


@dataclass
class Service:
    """Notes each call and its reply; answers the operations that a test has put into `answers`.

    A list has an answer for each call in turn. What the service could not answer is refused.
    """

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, operation: str, code: str, message: str = "", status: int = 400) -> None:
        """What the SDK gives up with after its own tries."""
        self.answers[operation] = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }

    def hear(self, parsed: dict[str, Any], **_: Any) -> None:
        self.replies.append(parsed)

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, params))

    def answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]] | None:
        answer = self.answers.get(model.name)
        if isinstance(answer, list):
            answer = answer.pop(0)
        if answer is None:
            return None
        if isinstance(answer, Exception):
            raise answer
        if "Error" not in answer and model.output_shape:
            faults = ParamValidator().validate(answer, model.output_shape)
            assert not faults.has_errors(), faults.generate_report()
        metadata = answer.get("ResponseMetadata", {})
        return SimpleNamespace(status_code=metadata.get("HTTPStatusCode", 200)), answer


@contextmanager
def intercepted(of: Any) -> Iterator[Service]:
    """Of a client, or of the adapters' one by its name; what has no answer goes its way."""
    service, events = Service(), (client(of) if isinstance(of, str) else of).meta.events
    events.register("provide-client-params.*.*", service.note)
    events.register_first("before-call.*.*", service.answer)
    events.register("after-call.*.*", service.hear)
    try:
        yield service
    finally:
        events.unregister("after-call.*.*", service.hear)
        events.unregister("provide-client-params.*.*", service.note)
        events.unregister("before-call.*.*", service.answer)
