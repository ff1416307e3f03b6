"""What errors say, word for word: partners, operators and authors of workflows read it."""

from typing import Any

import pytest
from callbacks.domain.errors import (
    AttemptSuperseded,
    CallbackChannelError,
    CallbackIdRequired,
    CallerUnknown,
    ChannelDisabled,
    ConflictingOutcome,
    InvalidRequest,
    NotDeclaredAsJson,
    NotKnownToBeAccepted,
    OrderNotFound,
    OutputTooLarge,
    PayloadTooLarge,
    TaskGone,
    TaskNotFound,
    Violation,
)
from callbacks.domain.task import TaskKey

KEY = TaskKey("order-1", "ORDER_SHIPPING_SERVICE")


# Made in the test, not as it is collected.
@pytest.mark.parametrize(
    ("error", "arguments", "says"),
    [
        (
            AttemptSuperseded,
            (KEY,),
            "a newer attempt at ORDER_SHIPPING_SERVICE for order order-1 has registered",
        ),
        (
            ChannelDisabled,
            ("ORDER_SHIPPING_SERVICE",),
            "the channel ORDER_SHIPPING_SERVICE is disabled; enable its registration to dispatch "
            "again",
        ),
        (
            InvalidRequest,
            ("ORDER_SHIPPING_SERVICE", [Violation("/a", "is bad"), Violation("", "is empty")]),
            "the payload breaks the request contract of ORDER_SHIPPING_SERVICE: /a: is bad; "
            "/: is empty",
        ),
        (PayloadTooLarge, (3, 2), "the message has 3 bytes; a topic carries at most 2"),
        (OrderNotFound, ("order-1",), "there is no order order-1"),
        (
            CallbackIdRequired,
            (),
            "callback_id is missing: post to the callbackurl of the message, which carries it",
        ),
        (CallerUnknown, (), "nobody is named as the caller"),
        (
            NotDeclaredAsJson,
            (),
            "the body is not declared as JSON: send it as application/json",
        ),
        (OutputTooLarge, (3, 2), "task_output has 3 bytes; this channel takes at most 2"),
        (TaskNotFound, (KEY,), "there is no ORDER_SHIPPING_SERVICE task for this order"),
        (
            ConflictingOutcome,
            (),
            "another outcome is already recorded for this task; it stands",
        ),
        (TaskGone, (), "the workflow no longer waits for this task"),
        (NotKnownToBeAccepted, (), "not known to be accepted; send it again"),
    ],
)
def test_an_error_says_what_is_wrong(
    error: type[CallbackChannelError], arguments: tuple[Any, ...], says: str
) -> None:
    assert str(error(*arguments)) == says


def test_a_callback_id_that_is_missing_is_a_violation_of_the_body() -> None:
    assert CallbackIdRequired().violations == (
        Violation("/callback_id", "is required by this channel"),
    )
