"""What really happened to each attempt, and what must hold of it whatever the order of events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callbacks.domain.errors import (
    AttemptNotCurrent,
    CallbackIdRequired,
    CallbackRefused,
    ConflictingOutcome,
    NotKnownToBeAccepted,
    TaskGone,
    TaskNotFound,
)
from callbacks.domain.outcome import Failure, Outcome, Success, digest
from callbacks.domain.ports import Redelivery, Write
from callbacks.domain.task import (
    PAST_ATTEMPTS_KEPT,
    CallbackTask,
    OutcomeStatus,
    Settlement,
    Status,
)
from callbacks.usecases.complete import Result

from tests.support.fakes import FakeClock, Wait
from tests.support.protocol.processes import Fault, Process

LONGEST_DUE_SECONDS = 3602
UNAVAILABLE = {Fault.FAILED, Fault.REPLY_LOST}


class Violation(AssertionError):  # noqa: N818
    """An invariant does not hold."""


def require(holds: bool, invariant: str) -> None:
    if not holds:
        raise Violation(invariant)


@dataclass(eq=False)
class Entry:
    """One attempt. Outcomes are named by their digests; a forgotten one is out of retention."""

    callback_id: str
    task_token: str
    execution_arn: str
    requested_at: int
    published: bool = False
    recorded: str | None = None
    asked: set[str] = field(default_factory=set)
    promised: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)
    forgotten: bool = False


@dataclass(eq=False)
class Call:
    """A callback, or a heartbeat if there is no outcome, on its way.

    `entry` is the attempt that it names, and None if it names none; `before` is the attempt that
    was current when it was made; `repeats` says that its outcome had been delivered before.
    """

    callback_id: str | None
    outcome: Outcome | None
    entry: Entry | None
    before: Entry | None
    repeats: bool = False


@dataclass
class Invariants:
    """The attempts at one task, in the order in which they registered."""

    waits: Mapping[str, Wait]
    clock: FakeClock
    entries: list[Entry] = field(default_factory=list)
    current: Entry | None = None
    final: set[str] = field(default_factory=set)
    asked_without_id: set[str] = field(default_factory=set)
    beats_without_id: bool = False

    def entry(self, callback_id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.callback_id == callback_id), None)

    def is_open(self, entry: Entry) -> bool:
        return self.waits[entry.task_token].open

    def is_delivered(self, entry: Entry, outcome_digest: str) -> bool:
        closed_by = self.waits[entry.task_token].closed_by
        return closed_by is not None and digest(closed_by) == outcome_digest

    def is_kept(self, entry: Entry, outcome_digest: str) -> bool:
        return self.is_delivered(entry, outcome_digest) or outcome_digest in entry.reported

    # What the use cases do

    def written(self, before: CallbackTask | None, task: CallbackTask) -> None:
        """Every write of the record."""
        require(
            task.version == (1 if before is None else before.version + 1),
            "every transition raises the version by one",
        )
        entry = self.entry(task.callback_id)
        if before is None or task.callback_id != before.callback_id:
            require(entry is None, "an attempt that was replaced never becomes current again")
            if before is not None and self.current is not None:
                require(
                    not self.is_open(self.current),
                    "no attempt takes the place of one that the workflow still waits for",
                )
            self._check_work(before, task)
            entry = Entry(
                task.callback_id, task.task_token or "", task.execution_arn, task.requested_at
            )
            self.entries.append(entry)
            self.current = entry
        if entry is None:
            raise Violation("what is written belongs to an attempt that registered")
        if task.outcome_digest is not None:
            require(
                entry.recorded in (None, task.outcome_digest),
                "the outcome that was recorded first stands",
            )
            entry.recorded = task.outcome_digest
        self._forget_older()
        self._check_record(task, entry)

    def _check_work(self, before: CallbackTask | None, task: CallbackTask) -> None:
        goes_on = (
            before is not None
            and before.execution_arn == task.execution_arn
            and not (before.status is Status.COMPLETED and before.outcome_digest in self.final)
        )
        require(
            task.work_id == (before.work_id if before and goes_on else task.callback_id),
            "attempts of one execution are at one piece of work until it is answered for good",
        )

    def claimed(self, callback_id: str | None, outcome: Outcome, write: Write) -> None:
        """Every claim that was applied."""
        if isinstance(outcome, Success) or (isinstance(outcome, Failure) and not outcome.retryable):
            self.final.add(digest(outcome))
        if write.task is None:
            raise Violation("a claim that is applied returns the record")
        if callback_id is not None:
            require(write.task.callback_id == callback_id, "a callback_id names its own attempt")
            return
        require(
            not write.task.callback_id_required, "a callback without id needs a channel's leave"
        )
        require(
            all(
                entry.recorded != digest(outcome)
                for entry in self.entries
                if entry.callback_id != write.task.callback_id and not entry.forgotten
            ),
            "a callback without id that repeats a past attempt's is not taken for a later one",
        )

    def sent(self, task_token: str, outcome: Outcome) -> None:
        """Every SendTaskSuccess and SendTaskFailure, before it takes effect."""
        entry = self._of_token(task_token)
        outcome_digest = digest(outcome)
        require(
            outcome_digest in entry.asked | self.asked_without_id,
            "a token is used only for an outcome that a partner reported for its attempt",
        )
        require(entry.recorded is not None, "an outcome is recorded before it is sent")
        require(entry.recorded == outcome_digest, "a token is used for one outcome at most")
        if self.waits[task_token].open:
            require(
                outcome_digest not in entry.refused,
                "nothing of a callback that was refused is ever applied",
            )

    def beaten(self, task_token: str) -> None:
        entry = self._of_token(task_token)
        require(
            self.beats_without_id or "heartbeat" in entry.asked,
            "a heartbeat goes to the attempt that it names",
        )

    def dead_lettered(
        self, redelivery: Redelivery, outcome: Outcome | None, record: CallbackTask | None
    ) -> None:
        """A report counts if the outcome can still be read, in the letter or in the record."""
        entry = self.entry(redelivery.callback_id)
        kept = [outcome]
        if record is not None and record.callback_id == redelivery.callback_id:
            kept.append(record.outcome)
        elif record is not None and (past := record.attempts.get(redelivery.callback_id)):
            kept.append(past.attempt.outcome if past.attempt else None)
        if entry is not None and any(
            one is not None and digest(one) == redelivery.outcome_digest for one in kept
        ):
            entry.reported.add(redelivery.outcome_digest)

    def deleted(self) -> None:
        """TTL deleted the record."""
        require(not self._broken_promises(), "TTL deletes no promise")
        require(
            self.current is None or not self.is_open(self.current),
            "TTL deletes no task that the workflow waits for",
        )
        for entry in self.entries:
            entry.forgotten = True
        self.current = None

    # What the partner is told

    def asked(self, call: Call) -> None:
        word = digest(call.outcome) if call.outcome is not None else "heartbeat"
        call.repeats = self._is_remembered(word)
        if call.entry is not None:
            call.entry.asked.add(word)
        elif call.callback_id is None and call.outcome is not None:
            self.asked_without_id.add(word)
        elif call.callback_id is None:
            self.beats_without_id = True

    def responded(self, call: Call, process: Process) -> None:
        """A response came back. One that was never given, as its process crashed, says nothing."""
        if process.crashed:
            return
        if process.error is not None and not isinstance(process.error, CallbackRefused):
            raise Violation("no response is an internal error") from process.error
        if call.outcome is None:
            self._check_beat(call, process)
        elif process.error is None:
            self._check_taken(call, digest(call.outcome), process)
        else:
            self._check_refused(call, digest(call.outcome), process)

    def _check_taken(self, call: Call, outcome_digest: str, process: Process) -> None:
        entry = self._entry_of(call, outcome_digest, process)
        if entry is None:
            raise Violation("2xx is for an outcome that is recorded")
        if process.result is Result.HELD:
            require(_holds(process, entry), "202 means that the outcome is due")
        elif not entry.forgotten:
            require(
                self.is_delivered(entry, outcome_digest),
                "200 means that this outcome has reached the workflow",
            )
        require(entry.recorded == outcome_digest, "2xx is for an outcome that is recorded")
        entry.promised.add(outcome_digest)

    def _check_refused(self, call: Call, outcome_digest: str, process: Process) -> None:
        error = process.error
        entry = self._entry_of(call, outcome_digest, process)
        if isinstance(error, NotKnownToBeAccepted):
            self._check_unavailable(process)
            if "nothing was accepted" not in str(error):
                return
        elif call.callback_id is None and isinstance(error, AttemptNotCurrent):
            require(
                any(entry.recorded == outcome_digest for entry in self.entries),
                "409 asks for the id only of what an earlier attempt was completed with",
            )
            return
        elif call.callback_id is None:
            self._check_refused_without_id(call, outcome_digest, process)
        elif call.entry is None:
            unknown = isinstance(error, AttemptNotCurrent | TaskNotFound)
            require(unknown, "an id that was never given out is not known")
        if entry is None or entry.forgotten:
            return
        require(
            not self.is_delivered(entry, outcome_digest),
            "nothing of a callback that was refused is ever applied",
        )
        entry.refused.add(outcome_digest)
        if call.callback_id is None:
            return
        match error:
            case TaskGone():
                require(not self.is_open(entry), "410 means that the workflow no longer waits")
            case ConflictingOutcome():
                require(
                    entry.recorded not in (None, outcome_digest),
                    "409 of a current attempt means that another outcome is recorded",
                )
            case AttemptNotCurrent():
                require(entry is not self.current, "409 means that the attempt is not current")
                require(entry.recorded != outcome_digest, "a repeat is never refused with 409")
            case TaskNotFound() | CallbackIdRequired():
                raise Violation("neither 404 nor 400 for an id that was given out")

    def _check_refused_without_id(self, call: Call, outcome_digest: str, process: Process) -> None:
        error = process.error
        current = call.before if call.before is self.current else None
        if isinstance(error, TaskGone):
            require(
                current is None or not self.is_open(current),
                "410 means that the workflow no longer waits",
            )
            require(
                not (call.repeats and self._is_remembered(outcome_digest)),
                "410 is not for a repeat of what was delivered, even without id",
            )
        elif isinstance(error, ConflictingOutcome) and current is not None:
            require(
                current.recorded not in (None, outcome_digest),
                "409 of a current attempt means that another outcome is recorded",
            )
        elif isinstance(error, TaskNotFound):
            require(current is None, "404 means that there is no such task")

    def _check_beat(self, call: Call, process: Process) -> None:
        entry, error = call.entry, process.error
        if isinstance(error, NotKnownToBeAccepted):
            self._check_unavailable(process)
        if entry is None or entry.forgotten:
            return
        match error:
            case TaskGone() | AttemptNotCurrent():
                require(not self.is_open(entry), "410 means that the workflow no longer waits")
            case ConflictingOutcome():
                require(entry.recorded is not None, "409 means that an outcome is recorded")
            case TaskNotFound() | CallbackIdRequired():
                raise Violation("neither 404 nor 400 for an id that was given out")

    def _check_unavailable(self, process: Process) -> None:
        require(bool(process.faults & UNAVAILABLE), "503 is for when a service is unavailable")

    # What holds when all has come to rest

    def check_rest(self, record: CallbackTask | None) -> None:
        broken = self._broken_promises()
        require(not broken, "what got a 2xx reaches the workflow or the dead-letter queue")
        if record is None:
            return
        require(not record.unsettled, "every replaced attempt is settled in the end")
        pending = record.status is Status.PENDING
        require(
            record.due_at == (record.deadline if pending else None),
            "what stays due is the end of a wait",
        )
        require(
            record.status is not Status.COMPLETING
            or record.outcome_status is OutcomeStatus.DEAD_LETTERED,
            "an outcome is on its way only until it is delivered or reported",
        )

    def _broken_promises(self) -> list[Entry]:
        return [
            entry
            for entry in self.entries
            if any(not self.is_kept(entry, promise) for promise in entry.promised)
        ]

    def _check_record(self, task: CallbackTask, entry: Entry) -> None:
        """What the record says of the harness is true."""
        given_up = task.outcome_status is OutcomeStatus.DEAD_LETTERED
        undelivered = (task.status is Status.COMPLETING and not given_up) or task.unsettled
        require(not (undelivered and task.ttl), "TTL never runs while there is a promise")
        require(bool(undelivered or task.ttl), "a record that is due for nothing ends")
        closed = task.status in (Status.COMPLETED, Status.EXPIRED)
        require(not (closed and task.task_token), "a closed task keeps no token")
        require(not undelivered or task.due_at is not None, "what is not delivered is due")
        require(
            task.status is not Status.PENDING or task.due_at is not None,
            "a wait that nobody ends comes to an end",
        )
        require(
            task.due_at is None or task.due_at <= self.clock.now() + LONGEST_DUE_SECONDS,
            "a due date lies within an hour",
        )
        delivered = self.waits[entry.task_token].closed_by is not None
        if task.status is Status.COMPLETED:
            require(delivered, "COMPLETED means that the outcome has reached the workflow")
        if task.status is Status.EXPIRED:
            require(
                not delivered and not self.is_open(entry),
                "EXPIRED means that the workflow stopped waiting before an outcome reached it",
            )
        for callback_id, past in task.attempts.items():
            old = self.entry(callback_id)
            if old is None:
                raise Violation("past attempts are those that registered")
            delivered = self.is_delivered(old, past.outcome_digest)
            if past.settlement is Settlement.DELIVERED:
                require(delivered, "DELIVERED means that the outcome has reached the workflow")
            if past.settlement is Settlement.UNDELIVERED:
                require(
                    not delivered and not self.is_open(old),
                    "UNDELIVERED means that the workflow stopped waiting before",
                )

    def _forget_older(self) -> None:
        """Only so many completed attempts are remembered."""
        with_outcome = [
            entry for entry in self.entries if entry.recorded and entry is not self.current
        ]
        with_outcome.sort(key=lambda entry: entry.requested_at)
        for entry in with_outcome[:-PAST_ATTEMPTS_KEPT]:
            entry.forgotten = True

    def _is_remembered(self, outcome_digest: str) -> bool:
        """Whether this outcome was delivered to any attempt within retention."""
        return any(
            self.is_delivered(entry, outcome_digest)
            for entry in self.entries
            if not entry.forgotten
        )

    def _of_token(self, task_token: str) -> Entry:
        return next(entry for entry in self.entries if entry.task_token == task_token)

    def _entry_of(self, call: Call, outcome_digest: str, process: Process) -> Entry | None:
        """Without an id, the attempt that the record named: the first that has this outcome."""
        if call.callback_id is not None:
            return call.entry
        for task in map(_task_of, process.replies):
            if task is not None and task.outcome_digest == outcome_digest:
                return self.entry(task.callback_id)
        return None


def _holds(process: Process, entry: Entry) -> bool:
    """Whether the record as the process last saw it is due, or has settled the outcome."""
    seen = next(task for reply in reversed(process.replies) if (task := _task_of(reply)))
    if seen.has_deliveries and seen.due_at is not None:
        return True
    if seen.callback_id == entry.callback_id:
        return seen.status in (Status.COMPLETED, Status.EXPIRED)
    past = seen.attempts.get(entry.callback_id)
    return past is None or past.settlement in (Settlement.DELIVERED, Settlement.UNDELIVERED)


def _task_of(reply: object) -> CallbackTask | None:
    task = reply.task if isinstance(reply, Write) else reply
    return task if isinstance(task, CallbackTask) else None
