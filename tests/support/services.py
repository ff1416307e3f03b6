"""A service of AWS that answers as a test says, in front of the client that the adapters use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore.config import Config
from botocore.session import Session
from callbacks.adapters.aws import client

Answer = dict[str, Any] | Exception

# The calls, in order, of a callback whose outcome is held: purpose => service.
HELD = {
    "the registration": "dynamodb",
    "the claim": "dynamodb",
    "the send": "stepfunctions",
    "the queue": "sqs",
    "the note that it is queued": "dynamodb",
}


@dataclass
class Service:
    """Notes each call and its reply; answers the operations that a test has put into `answers`."""

    answers: dict[str, Answer] = field(default_factory=dict)
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
        if answer is None:
            return None
        if isinstance(answer, Exception):
            raise answer
        metadata = answer.get("ResponseMetadata", {})
        return SimpleNamespace(status_code=metadata.get("HTTPStatusCode", 200)), answer


@contextmanager
def intercepted(name: str) -> Iterator[Service]:
    """`name` is the SDK's, such as "dynamodb"; calls that no answer is for go their way."""
    service, events = Service(), client(name).meta.events
    events.register("provide-client-params.*.*", service.note)
    events.register_first("before-call.*.*", service.answer)
    events.register("after-call.*.*", service.hear)
    try:
        yield service
    finally:
        events.unregister("after-call.*.*", service.hear)
        events.unregister("provide-client-params.*.*", service.note)
        events.unregister("before-call.*.*", service.answer)


@cache
def _session() -> Session:
    return Session()


def unreachable_client(name: str) -> Any:
    """A client of its own, for botocore's Stubber: it makes each call once."""
    return _session().create_client(
        name,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )
