"""Hand a task to its partner: register the attempt, then publish the message."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.domain.channel import Channel, Contract
from callbacks.domain.errors import (
    AttemptSuperseded,
    ChannelDisabled,
    ChannelNotRegistered,
    InvalidDispatch,
    InvalidRequest,
    PayloadTooLarge,
    TaskAlreadyPending,
)
from callbacks.domain.message import cloud_event
from callbacks.domain.ports import (
    ChannelRegistry,
    Clock,
    ContractValidator,
    TaskRegister,
    Topic,
    Workflow,
)
from callbacks.domain.task import ORDER_ID, CallbackTask, Status, TaskKey, registered, taken_over
from callbacks.domain.trace import Trace
from callbacks.usecases.settle import has_ended

MESSAGE_LIMIT_BYTES = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRequest:
    """A wait that begins: `payload` is what the partner is sent, times are seconds.

    `trace` is the one that the message goes on with.
    """

    key: TaskKey
    payload: Any = field(repr=False)
    task_token: str = field(repr=False)
    execution_arn: str
    timeout_seconds: int | None = None
    heartbeat_seconds: int | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Dispatches the tasks of one channel.

    `source` is the CloudEvents source of its messages. The function's clock at entry fences the
    invocations of one execution against each other.
    """

    source: str
    retention_seconds: int
    store: TaskRegister
    topic: Topic
    workflow: Workflow
    registry: ChannelRegistry
    contracts: ContractValidator
    clock: Clock

    def dispatch(self, request: DispatchRequest) -> CallbackTask:
        """Registers the attempt, publishes its message and returns its record.

        Nothing is registered for a request that could never be published.

        Raises InvalidDispatch, ChannelNotRegistered, ChannelDisabled, InvalidRequest,
        PayloadTooLarge, TaskAlreadyPending and AttemptSuperseded, which a repeat cannot mend,
        and DependencyUnavailable, which it may.
        """
        requested_at = int(self.clock.now() * 1000)
        if not re.fullmatch(ORDER_ID, request.key.order_id):
            raise InvalidDispatch(
                "order_id must be 1 to 128 of A-Z a-z 0-9 . _ : - with a letter or digit first: "
                "no callback could name another"
            )
        channel = self._open_channel(request.key.task_type)
        contract = self._contract(channel)
        violations = self.contracts.violations(contract.request, request.payload)
        if violations:
            raise InvalidRequest(channel.task_type, violations)

        task = registered(
            key=request.key,
            callback_id=str(uuid.uuid4()),
            task_token=request.task_token,
            execution_arn=request.execution_arn,
            requested_at=requested_at,
            timeout_seconds=request.timeout_seconds or channel.timeout_seconds,
            callback_id_required=channel.callback_id_required,
            retention_seconds=self.retention_seconds,
        )
        self._message(task, channel, request)
        task = self._register(task)
        message = self._message(task, channel, request)
        self.topic.publish(
            message, {"task_type": request.key.task_type, "order_id": request.key.order_id}
        )
        return task

    def _open_channel(self, task_type: str) -> Channel:
        channel = self.registry.get(task_type)
        if channel is None:
            raise ChannelNotRegistered(task_type)
        if not channel.enabled:
            raise ChannelDisabled(task_type)
        return channel

    def _contract(self, channel: Channel) -> Contract:
        contract = channel.versions.get(channel.message_version)
        if contract is None:
            raise InvalidDispatch(
                f"{channel.task_type} has no live contract {channel.message_version}"
            )
        return contract

    def _message(self, task: CallbackTask, channel: Channel, request: DispatchRequest) -> str:
        """What the partner receives. Raises PayloadTooLarge."""
        event = cloud_event(
            key=task.key,
            callback_id=task.callback_id,
            work_id=task.work_id,
            source=self.source,
            version=channel.message_version,
            callback_url=channel.message_url,
            requested_at=task.requested_at / 1000,
            expires_at=task.deadline,
            heartbeat_seconds=request.heartbeat_seconds or channel.heartbeat_seconds,
            trace=request.trace,
            data=request.payload,
        )
        message = json.dumps(event, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        size = len(message.encode()) + _attributes_size(task.key)
        if size > MESSAGE_LIMIT_BYTES:
            raise PayloadTooLarge(size, MESSAGE_LIMIT_BYTES)
        return message

    def _register(self, task: CallbackTask) -> CallbackTask:
        """The record as it stands: the attempt may be another one at work begun before."""
        new, write = task, self.store.create(task)
        while not write.applied:
            found = write.task
            if found is None:
                new, write = task, self.store.create(task)
                continue
            if found.callback_id == task.callback_id:
                return found
            self._check_take_over(found, task)
            new = taken_over(found, task)
            write = self.store.take_over(found, new)
        return new

    def _check_take_over(self, found: CallbackTask, new: CallbackTask) -> None:
        if found.execution_arn == new.execution_arn:
            if found.requested_at >= new.requested_at:
                raise AttemptSuperseded(new.key)
            return
        waits = (
            found.status is Status.PENDING and not found.is_past_deadline(int(self.clock.now()))
        ) or found.status is Status.COMPLETING
        if waits and not has_ended(self.workflow, found, int(self.clock.now())):
            raise TaskAlreadyPending(new.key, found.execution_arn)


def _attributes_size(key: TaskKey) -> int:
    """SNS counts names, types and values of message attributes into the size of a message."""
    named: Mapping[str, str] = {"task_type": key.task_type, "order_id": key.order_id}
    return sum(len(name) + len("String") + len(value.encode()) for name, value in named.items())
