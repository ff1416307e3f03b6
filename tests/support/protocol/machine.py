"""A state machine that makes calls of the use cases, and decides what happens at each step."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from callbacks.domain.errors import (
    AttemptSuperseded,
    CallbackRefused,
    DependencyUnavailable,
    TaskAlreadyPending,
)
from callbacks.domain.outcome import Failure, Outcome, Success, digest
from callbacks.domain.ports import Redelivery
from callbacks.domain.task import CallbackTask
from callbacks.runtime.http import problem_of
from callbacks.usecases.complete import Result
from callbacks.usecases.redeliver import Disposition
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.protocol.harness import (
    EXECUTIONS,
    KEY,
    OUTAGES,
    RETENTION_SECONDS,
    Harness,
    Parts,
)
from tests.support.protocol.invariants import UNAVAILABLE, Call, Entry, Violation, require
from tests.support.protocol.processes import Fault, Process

OUTCOMES: Sequence[Outcome] = (
    Success({"tracking_number": "1"}),
    Success({"tracking_number": "2"}),
    Failure("LOST", "the parcel was lost", retryable=True),
)
LIFETIME_SECONDS = 900
LAST_TRY_SECONDS = 1300
STEPS_PER_RUN = 50

Tally = Counter[tuple[str, str]]

choices = st.integers(0, 7)
faults = st.sampled_from([*[Fault.NONE] * 8, *Fault])


@dataclass(frozen=True)
class Fate:
    """What befalls the first calls of ports of a process, and whether it then runs to its end."""

    faults: Sequence[Fault]
    finishes: bool


AT_ONCE = Fate([], finishes=True)
fates = st.one_of(
    st.sampled_from(
        [
            *[AT_ONCE] * 4,
            *[Fate([Fault.NONE] * calls, finishes=False) for calls in range(4)],
            *[
                Fate([*[Fault.NONE] * calls, fault], finishes=True)
                for calls in range(3)
                for fault in (Fault.FAILED, Fault.REPLY_LOST, Fault.STALE)
            ],
        ]
    ),
    st.builds(Fate, st.lists(faults, min_size=1, max_size=5), st.booleans()),
)
repeats_without_verdict = st.sampled_from(
    [
        Fate([Fault.NONE, Fault.NONE, Fault.FAILED], finishes=True),
        Fate([Fault.NONE, Fault.NONE, Fault.NONE, Fault.STALE], finishes=True),
    ]
)


def chosen[Item](items: Sequence[Item], choice: int) -> Item:
    """Newest first."""
    return items[-1 - choice % len(items)]


@dataclass(eq=False)
class Running:
    """A process, when it began, and what is to be done when it ends."""

    kind: str
    process: Process
    since: float
    ended: Callable[[Process], None]


class Lifecycle(RuleBasedStateMachine):
    """Each rule is a step. `tally` counts steps, and callbacks by kind."""

    parts: ClassVar[Parts] = Parts()
    tally: ClassVar[Tally] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.harness: Harness
        self.running: list[Running] = []
        self.delivered: list[Redelivery] = []
        self.calls: list[Call] = []

    @initialize(callback_id_required=st.booleans())
    def begin(self, callback_id_required: bool) -> None:
        self.harness = Harness(self.parts, callback_id_required=callback_id_required)

    # Executions

    @precondition(lambda self: any(map(self.harness.may_wait, EXECUTIONS)))
    @rule(choice=choices, fate=fates)
    def enter_wait(self, choice: int, fate: Fate) -> None:
        """A first attempt, a retry, or a second execution."""
        waiting = [one for one in EXECUTIONS if self.harness.may_wait(one)]
        self._enter_wait(chosen(waiting, choice), fate)

    @precondition(lambda self: any(map(self.harness.may_wait, EXECUTIONS)))
    @rule(choice=choices, outcome=st.sampled_from(OUTCOMES), with_id=st.booleans(), fate=fates)
    def exchange(self, choice: int, outcome: Outcome, with_id: bool, fate: Fate) -> None:
        """A new attempt, and its callback."""
        waiting = [one for one in EXECUTIONS if self.harness.may_wait(one)]
        self._enter_wait(chosen(waiting, choice), AT_ONCE)
        if self.published:
            self._call_back(self.published[-1], with_id, outcome, fate)

    @precondition(lambda self: any(map(self.harness.may_wait, EXECUTIONS)))
    @rule(choice=choices, calls=st.integers(0, 2))
    def abandon_dispatch(self, choice: int, calls: int) -> None:
        """A dispatcher's invocation is given up and its state retried, while it still runs."""
        waiting = [one for one in EXECUTIONS if self.harness.may_wait(one)]
        execution = chosen(waiting, choice)
        token = self._enter_wait(execution, Fate([Fault.NONE] * calls, finishes=False))
        self.harness.workflow.time_out(token)
        self._enter_wait(execution, AT_ONCE)

    @precondition(lambda self: any(map(self.harness.may_wait, EXECUTIONS)))
    @rule(
        choice=choices,
        outcome=st.none() | st.sampled_from(OUTCOMES),
        calls=st.integers(1, 3),
        wait=st.sampled_from(["goes on", "ends", "is retried"]),
        repeat=st.none() | fates | repeats_without_verdict,
    )
    def overtake(
        self, choice: int, outcome: Outcome | None, calls: int, wait: str, repeat: Fate | None
    ) -> None:
        """While an outcome or heartbeat is on its way, its wait ends, or it is repeated."""
        harness = self.harness
        execution = chosen([one for one in EXECUTIONS if harness.may_wait(one)], choice)
        token = self._enter_wait(execution, AT_ONCE)
        if not self.published:
            return
        entry = self.published[-1]
        self._call(
            Call(entry.callback_id, outcome, entry, self._current),
            Fate([Fault.NONE] * calls, finishes=False),
        )
        if wait != "goes on":
            harness.workflow.time_out(token)
        if wait == "is retried":
            self._enter_wait(execution, AT_ONCE)
        if repeat is not None:
            self._call(Call(entry.callback_id, outcome, entry, self._current), repeat)

    @precondition(lambda self: any(map(self.harness.open_token, EXECUTIONS)))
    @rule(choice=choices, how=st.sampled_from(["wait", "execution", "redriven"]))
    def end_wait(self, choice: int, how: str) -> None:
        """The wait ends without a callback, or its whole execution does.

        A wait ends as a heartbeat is lost, or as the dispatcher's invocation is given up, which
        may still run.
        """
        harness = self.harness
        execution = chosen([one for one in EXECUTIONS if harness.open_token(one)], choice)
        token = harness.open_token(execution)
        if how == "wait" and token:
            self._count("step", "wait ends in the workflow")
            harness.workflow.time_out(token)
            return
        self._count("step", "execution ends")
        harness.end(execution)
        if how == "redriven":
            self._count("step", "execution is redriven")
            harness.redrive(execution)

    @precondition(lambda self: any(map(self.harness.may_wait, EXECUTIONS)))
    @rule(choice=choices, seconds=st.sampled_from([0, 1, 4, 65]), finishes=st.booleans())
    def outlive(self, choice: int, seconds: int, finishes: bool) -> None:
        """An execution ends as its dispatcher starts, which enters some time after."""
        harness = self.harness
        execution = chosen([one for one in EXECUTIONS if harness.may_wait(one)], choice)
        token, call = harness.enter_wait(execution)
        harness.end(execution)
        harness.pass_time(seconds)
        self._dispatch(execution, token, call, Fate([], finishes))

    @precondition(lambda self: not all(map(self.harness.is_running, EXECUTIONS)))
    @rule(choice=choices)
    def redrive_execution(self, choice: int) -> None:
        self._count("step", "execution is redriven")
        ended = [one for one in EXECUTIONS if not self.harness.is_running(one)]
        self.harness.redrive(chosen(ended, choice))

    @precondition(lambda self: bool(self.harness.ends))
    @rule(choice=choices, fate=fates)
    def close_execution(self, choice: int, fate: Fate) -> None:
        """The event of the end comes any number of times, in any order, and late."""
        failure, since = chosen(self.harness.ends, choice), self.harness.clock.now()
        self._start(
            "close",
            lambda: self.harness.close(failure),
            lambda process: self._closed(process, since),
            fate,
        )

    # The partner

    @precondition(lambda self: self.published)
    @rule(outcome=st.sampled_from(OUTCOMES), with_id=st.booleans(), fate=fates)
    def call_back(self, outcome: Outcome, with_id: bool, fate: Fate) -> None:
        """A callback for the newest message."""
        self._call_back(self.published[-1], with_id, outcome, fate)

    @precondition(lambda self: self.published)
    @rule(
        choice=choices,
        outcome=st.sampled_from(OUTCOMES),
        id_=st.sampled_from(["its own", "its own", "its own", "none", "unknown"]),
        fate=fates,
    )
    def call_back_any(self, choice: int, outcome: Outcome, id_: str, fate: Fate) -> None:
        entry = chosen(self.published, choice)
        if id_ == "unknown":
            self._call(Call("no-such-id", outcome, None, self._current), fate)
        else:
            self._call_back(entry, id_ == "its own", outcome, fate)

    @precondition(lambda self: self.calls)
    @rule(choice=choices, fate=fates)
    def call_back_again(self, choice: int, fate: Fate) -> None:
        """Word for word; the first may still be on its way."""
        call = chosen(self.calls, choice)
        if call.outcome is not None:
            self._call(Call(call.callback_id, call.outcome, call.entry, self._current), fate)

    @precondition(lambda self: self.published)
    @rule(choice=choices, with_id=st.booleans(), fate=fates)
    def beat(self, choice: int, with_id: bool, fate: Fate) -> None:
        entry = chosen(self.published, choice)
        if with_id:
            self._call(Call(entry.callback_id, None, entry, self._current), fate)
        else:
            self._call(Call(None, None, None, self._current), fate)

    # Redelivery

    @precondition(lambda self: self.harness.queue.messages or self.delivered)
    @rule(choice=choices, stale=st.booleans(), late=st.booleans(), fate=fates)
    def redeliver(self, choice: int, stale: bool, late: bool, fate: Fate) -> None:
        """Any message that waits, or one that was done with; late, when tries have ended."""
        waiting = self.harness.queue.messages
        messages = self.delivered if self.delivered and (stale or not waiting) else waiting
        self._redeliver(chosen(messages, choice), late, fate)

    @precondition(lambda self: any(map(self.harness.may_wait, EXECUTIONS)))
    @rule(
        choice=choices,
        outcome=st.sampled_from(OUTCOMES),
        is_retried=st.booleans(),
        is_repeated=st.booleans(),
    )
    def give_up(self, choice: int, outcome: Outcome, is_retried: bool, is_repeated: bool) -> None:
        """Step Functions is away for longer than an outcome's tries last."""
        harness = self.harness
        execution = chosen([one for one in EXECUTIONS if harness.may_wait(one)], choice)
        token = self._enter_wait(execution, AT_ONCE)
        if not self.published:
            return
        entry, down = self.published[-1], set(harness.down)
        harness.down |= OUTAGES["Step Functions"] | OUTAGES["Step Functions' history"]
        self._call_back(entry, True, outcome, AT_ONCE)
        if is_retried:
            harness.workflow.time_out(token)
            self._enter_wait(execution, AT_ONCE)
        if harness.queue.messages:
            self._redeliver(harness.queue.messages[-1], True, AT_ONCE)
        if is_repeated:
            self._call_back(entry, True, outcome, AT_ONCE)
        harness.down.intersection_update(down)

    @precondition(lambda self: self._is_due)
    @rule(fate=fates)
    def sweep(self, fate: Fate) -> None:
        self._start("sweep", self.harness.sweeper.sweep, self._check_background, fate)

    @precondition(lambda self: self.harness.is_overdue)
    @rule(fate=fates)
    def reconcile(self, fate: Fate) -> None:
        """Events of executions' ends may never come."""
        self._start("reconcile", self.harness.reconciler.reconcile, self._check_background, fate)

    @precondition(lambda self: self.harness.dead_letters.messages)
    @rule(choice=choices)
    def resend_dead_letter(self, choice: int) -> None:
        letters = self.harness.dead_letters.messages
        letter = chosen(letters, choice)
        letters.remove(letter)
        self.harness.queue.send(letter[0])
        self._count("step", "dead letter is sent on")

    # What happens to processes

    @precondition(lambda self: self.running)
    @rule(choice=choices, faults=st.lists(faults, min_size=1, max_size=3))
    def step(self, choice: int, faults: list[Fault]) -> None:
        self._count("step", "process makes some calls")
        self._step(chosen(self.running, choice), faults)

    @precondition(lambda self: len(self.running) > 1)
    @rule(first=choices, second=choices, turns=st.lists(st.booleans(), min_size=2, max_size=8))
    def interleave(self, first: int, second: int, turns: list[bool]) -> None:
        one, other = chosen(self.running, first), chosen(self.running, second)
        self._count("step", "two processes take turns")
        for turn in turns:
            self._step(one if turn else other, [Fault.NONE])

    @precondition(lambda self: self.running)
    @rule(choice=choices)
    def finish(self, choice: int) -> None:
        self._count("step", "process runs to its end")
        self._finish(chosen(self.running, choice))

    @precondition(lambda self: self.running)
    @rule(choice=choices)
    def crash(self, choice: int) -> None:
        self._count("step", "process ends in the middle")
        self._step(chosen(self.running, choice), [Fault.CRASH_BEFORE])

    @precondition(lambda self: self.harness.invariants.entries)
    @rule(service=st.sampled_from(sorted(OUTAGES)))
    def outage(self, service: str) -> None:
        """Begins, or ends."""
        down = self.harness.down
        if down.issuperset(OUTAGES[service]):
            self._count("step", "outage ends")
            down -= OUTAGES[service]
        else:
            self._count("step", f"outage of {service}")
            down |= OUTAGES[service]

    # Time

    @precondition(lambda self: self.harness.invariants.entries)
    @rule(seconds=st.sampled_from([1, 1, 65, 65, 290, 310, 1000, RETENTION_SECONDS]))
    def pass_time(self, seconds: int) -> None:
        self._count("step", "time passes")
        self._pass_time(seconds)

    def _pass_time(self, seconds: int) -> None:
        self.harness.pass_time(seconds)
        for running in list(self.running):
            if running.since + LIFETIME_SECONDS < self.harness.clock.now():
                running.process.crash()
        self._reap()

    @precondition(lambda self: self.harness.is_expired)
    @rule()
    def delete_expired(self) -> None:
        self._count("step", "TTL deletes the record")
        self.harness.delete_expired()

    @precondition(lambda self: self._is_due)
    @rule()
    def come_to_rest(self) -> None:
        """Services are well for a while, with calls still on their way."""
        self._count("step", "all comes to rest")
        self.harness.come_to_rest()

    def teardown(self) -> None:
        if not hasattr(self, "harness"):
            return
        try:
            for running in list(self.running):
                self._finish(running)
            self.harness.come_to_rest()
            self.harness.end_waits()
            self._check_order()
        finally:
            for running in self.running:
                running.process.crash()

    @property
    def published(self) -> list[Entry]:
        return [entry for entry in self.harness.invariants.entries if entry.published]

    @property
    def _is_due(self) -> bool:
        return self.harness.has_deliveries

    def _was_registered_shortly_before(self, instant: float) -> bool:
        entry = self._current
        return entry is not None and instant < entry.requested_at / 1000 + 65

    @property
    def _current(self) -> Entry | None:
        return self.harness.invariants.current

    def _call_back(self, entry: Entry, with_id: bool, outcome: Outcome, fate: Fate) -> None:
        if with_id:
            self._call(Call(entry.callback_id, outcome, entry, self._current), fate)
        else:
            self._call(Call(None, outcome, None, self._current), fate)

    def _call(self, call: Call, fate: Fate) -> None:
        harness = self.harness
        kind = self._kind(call)
        beside_another = any(one.kind.startswith("callback") for one in self.running)
        harness.invariants.asked(call)
        self.calls.append(call)

        def work() -> object:
            if call.outcome is None:
                return harness.completer.heartbeat(KEY, call.callback_id)
            return harness.completer.complete(KEY, call.callback_id, call.outcome, "partner")

        def came_back(process: Process) -> None:
            self._count(f"callback: {kind}", _result_name(process))
            if beside_another:
                self._count("of these, beside another", _result_name(process))
            harness.invariants.responded(call, process)

        self._start(f"callback: {kind}", work, came_back, fate)

    def _enter_wait(self, execution: str, fate: Fate) -> str:
        token, call = self.harness.enter_wait(execution)
        self._dispatch(execution, token, call, fate)
        return token

    def _dispatch(self, execution: str, token: str, call: Callable[[], str], fate: Fate) -> None:
        harness, since = self.harness, self.harness.clock.now()

        def dispatched(process: Process) -> None:
            if process.error is None and not process.crashed:
                entry = harness.invariants.entry(str(process.result))
                if entry is None:
                    raise Violation("what is published is registered")
                entry.published = True
                return
            self._check_dispatch_refused(execution, token, since, process)
            harness.workflow.time_out(token)

        self._start("dispatch", call, dispatched, fate)

    def _redeliver(self, message: Redelivery, late: bool, fate: Fate) -> None:
        waiting = self.harness.queue.messages
        if late:
            self._pass_time(LAST_TRY_SECONDS)

        def tried(process: Process) -> None:
            self._check_background(process)
            # This very one: another that says the same stays on the queue.
            others = [one for one in waiting if one is not message]
            if process.result is Disposition.DONE and len(others) < len(waiting):
                waiting[:] = others
                self.delivered.append(message)

        def call() -> Disposition:
            return self.harness.redeliverer.redeliver(message)

        self._start("redeliver, late" if late else "redeliver", call, tried, fate)

    def _kind(self, call: Call) -> str:
        entry, invariants = call.entry, self.harness.invariants
        if call.outcome is None:
            return "heartbeat"
        if call.callback_id is None:
            return "without id"
        if entry is None:
            return "unknown id"
        outcome_digest = digest(call.outcome)
        if outcome_digest in entry.asked:
            return "repeat"
        if entry is not invariants.current:
            return "superseded"
        if entry.asked - {"heartbeat"}:
            return "conflicting"
        return "fresh" if invariants.is_open(entry) else "late"

    def _start(
        self,
        kind: str,
        call: Callable[[], object],
        ended: Callable[[Process], None],
        fate: Fate,
    ) -> None:
        self._count("step", kind)
        running = Running(kind, Process(call), self.harness.clock.now(), ended)
        self.running.append(running)
        self._step(running, fate.faults)
        if fate.finishes:
            self._finish(running)

    def _step(self, running: Running, faults: Sequence[Fault]) -> None:
        for fault in faults:
            if not running.process.done:
                self._count("call", fault.value)
                running.process.step(fault)
        self._reap()

    def _finish(self, running: Running) -> None:
        while not running.process.done:
            self._step(running, [Fault.NONE])

    def _reap(self) -> None:
        for running in [one for one in self.running if one.process.done]:
            self.running.remove(running)
            if isinstance(running.process.error, Violation):
                raise running.process.error
            running.ended(running.process)

    def _closed(self, process: Process, since: float) -> None:
        if "too early to tell" in str(process.error):
            require(self._was_registered_shortly_before(since), "it can be told after a minute")
            return
        self._check_background(process)
        if process.result is not True:
            return
        read: Any = process.replies[0]
        for task in read:
            if isinstance(task, CallbackTask):
                entry = self.harness.invariants.entry(task.callback_id)
                require(
                    entry is None or not self.harness.invariants.is_open(entry),
                    "an order is not marked as failed while an execution waits on it",
                )

    def _check_background(self, process: Process) -> None:
        """What runs without a partner fails only if a service does."""
        if process.error is None:
            return
        if not isinstance(process.error, DependencyUnavailable):
            raise Violation("no call ends with an error that has no name") from process.error
        require(bool(process.faults & UNAVAILABLE), "a call fails only if a service does")

    def _check_dispatch_refused(
        self, execution: str, token: str, since: float, process: Process
    ) -> None:
        error = process.error
        if isinstance(error, TaskAlreadyPending):
            others = [other for other in EXECUTIONS if other != execution]
            require(
                any(
                    other in str(error)
                    and (
                        self.harness.is_running(other)
                        or Fault.STALE in process.faults
                        or self._was_registered_shortly_before(since)
                    )
                    for other in others
                ),
                "TaskAlreadyPending means that another execution runs",
            )
        elif isinstance(error, AttemptSuperseded):
            require(
                not self.harness.workflow.waits[token].open,
                "AttemptSuperseded means that the workflow no longer waits",
            )
        else:
            self._check_background(process)

    def _check_order(self) -> None:
        self.harness.pass_time(65)
        for failure in self.harness.ends:
            self.harness.close(failure)
        if not any(self.harness.is_running(execution) for execution in EXECUTIONS):
            require(
                self.harness.orders.orders[KEY.order_id]["order_status"] == "FAILED",
                "executions that ended leave no order half-done",
            )

    def _count(self, group: str, name: str) -> None:
        self.tally[group, name] += 1


RULES = {one.function.__name__ for one in Lifecycle.setup_state().rules}


def run(
    steps: int,
    parts: Parts | None = None,
    *,
    random_seed: int,
    rules: Collection[str] = (),
    tally: Tally | None = None,
) -> None:
    """Runs the machine for about `steps` steps, with some of its rules only if they are named.

    Raises Violation.
    """
    members: dict[str, Any] = {} if not rules else dict.fromkeys(RULES - set(rules))
    members |= {"parts": parts or Parts(), "tally": Counter() if tally is None else tally}
    machine = seed(random_seed)(type("Lifecycle", (Lifecycle,), members))
    logging.disable(logging.WARNING)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=max(1, steps // STEPS_PER_RUN),
                stateful_step_count=STEPS_PER_RUN,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink] if parts is None else [Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        logging.disable(logging.NOTSET)


def _result_name(process: Process) -> str:
    if process.crashed:
        return "none"
    if isinstance(process.error, CallbackRefused):
        return str(problem_of(process.error).status)
    match process.result:
        case Result.DUPLICATE:
            return "200, duplicate"
        case Result.HELD:
            return "202"
        case _:
            return "200"
