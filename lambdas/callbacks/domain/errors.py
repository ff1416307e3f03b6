"""What can go wrong in the life of a task.

The classes that a workflow matches on are named as it sees them: the name of the class is the
name of the error in the state machine, and so part of the contract.
"""

# ruff: noqa: N818

from collections.abc import Sequence
from dataclasses import dataclass

from callbacks.domain.task import TaskKey


class CallbackChannelError(Exception):
    """The root of all errors of this package."""


class DispatchRefused(CallbackChannelError):
    """A task is not begun; the message says why, for the workflow's author to read."""


class TaskAlreadyPending(DispatchRefused):
    """Another execution that still runs waits on the same task."""

    def __init__(self, key: TaskKey, execution_arn: str) -> None:
        super().__init__(
            f"order {key.order_id} already has a pending {key.task_type} task, "
            f"of execution {execution_arn}"
        )


class AttemptSuperseded(DispatchRefused):
    """A newer attempt of the same execution has registered: this one has nobody waiting."""

    def __init__(self, key: TaskKey) -> None:
        super().__init__(
            f"a newer attempt at {key.task_type} for order {key.order_id} has registered"
        )


class ChannelNotRegistered(DispatchRefused):
    """There is no registration of the task type."""

    def __init__(self, task_type: str) -> None:
        super().__init__(f"there is no channel {task_type} in this environment")


class ChannelDisabled(DispatchRefused):
    """The registration says that the channel takes no new work."""

    def __init__(self, task_type: str) -> None:
        super().__init__(
            f"the channel {task_type} is disabled; enable its registration to dispatch again"
        )


class InvalidDispatch(DispatchRefused):
    """The workflow's call of the dispatcher breaks its contract."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One place in a document that breaks its contract: its JSON Pointer (RFC 6901), and why."""

    pointer: str
    reason: str


class InvalidRequest(DispatchRefused):
    """The payload is not what the partner's contract says; names places and reasons.

    The workflow sees the message inside a cause, which is JSON of at most 32,768 characters: the
    bound leaves room for six characters where JSON escapes one, and for the stack.
    """

    MOST_CHARACTERS = 4096

    def __init__(self, task_type: str, violations: Sequence[Violation]) -> None:
        listed = "; ".join(f"{found.pointer or '/'}: {found.reason}" for found in violations)
        message = f"the payload breaks the request contract of {task_type}: {listed}"
        super().__init__(message[: self.MOST_CHARACTERS])


class PayloadTooLarge(DispatchRefused):
    """The message would be over what the topic carries."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the message has {size} bytes; a topic carries at most {limit}")


class OrderNotFound(CallbackChannelError):
    """The Orders table has no such order."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"there is no order {order_id}")


class DependencyUnavailable(CallbackChannelError):
    """A service did not respond, throttled, or failed: the same call may work later."""


class OperationRefused(CallbackChannelError):
    """What an operator asks for is not done; the message says why, for a person to read."""


class CallbackRefused(CallbackChannelError):
    """A callback is not taken; the message says why, for the partner to read."""


class CallerUnknown(CallbackRefused):
    """The gateway let somebody in and does not say whom."""

    def __init__(self) -> None:
        super().__init__("nobody is named as the caller")


class SourceNotAllowed(CallbackRefused):
    """The partner's callbacks come from other addresses."""

    def __init__(self, address: str) -> None:
        super().__init__(f"callbacks of this client are not taken from {address}")


class InvalidCallback(CallbackRefused):
    """The body breaks the channel's contract."""

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)


class CallbackIdRequired(InvalidCallback):
    """The channel takes only callbacks that name the message that asked for the work."""

    def __init__(self) -> None:
        super().__init__(
            "callback_id is missing: post to the callbackurl of the message, which carries it",
            [Violation("/callback_id", "is required by this channel")],
        )


class NotDeclaredAsJson(CallbackRefused):
    """The content type is another than JSON's."""

    def __init__(self) -> None:
        super().__init__("the body is not declared as JSON: send it as application/json")


class BodyTooLarge(CallbackRefused):
    """The body is over the channel's limit, or over that of all channels."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body has over {limit} bytes, the most that is taken here")


class OutputTooLarge(CallbackRefused):
    """`task_output` is over the channel's limit."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"task_output has {size} bytes; this channel takes at most {limit}")


class TaskNotFound(CallbackRefused):
    """No such task, or no such channel."""

    def __init__(self, key: TaskKey) -> None:
        super().__init__(f"there is no {key.task_type} task for this order")


class ConflictingOutcome(CallbackRefused):
    """Another outcome was recorded first, and stands."""

    def __init__(self) -> None:
        super().__init__("another outcome is already recorded for this task; it stands")


class AttemptNotCurrent(CallbackRefused):
    """`callback_id` is not the current attempt's, or is needed to tell."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class TaskGone(CallbackRefused):
    """The deadline has passed, or the execution no longer waits."""

    def __init__(self) -> None:
        super().__init__("the workflow no longer waits for this task")


class NotKnownToBeAccepted(CallbackRefused):
    """The record may or may not have been written; the same callback can safely be sent again."""

    def __init__(self) -> None:
        super().__init__("not known to be accepted; send it again")


class TokenNotAccepted(CallbackChannelError):
    """Step Functions says that the token's task is closed: late, or completed before."""


class RecordUncertain(DependencyUnavailable):
    """A write to the record failed, or its reply was lost: it may have been applied."""
