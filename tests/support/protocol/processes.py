"""Calls of use cases as processes that stop before each call of a port, for a test to schedule."""

import threading
from collections.abc import Callable, Container
from contextlib import suppress
from enum import Enum
from typing import Any, cast

from callbacks.domain.errors import DependencyUnavailable, TokenNotAccepted


class Fault(Enum):
    """What befalls one call of a port."""

    NONE = "works"
    FAILED = "fails"
    REPLY_LOST = "takes effect, and its reply is lost"
    REPEATED = "takes effect, and the SDK repeats it, as its reply is lost"
    STALE = "replies as of before"
    CRASH_BEFORE = "is never made: the process ends"
    CRASH_AFTER = "takes effect, and the process ends"


class _CrashError(BaseException):
    """Ends a process at once: no code of the project catches it."""


_this_thread = threading.local()


class Process:
    """One call of a use case; it runs only within `step`, up to its next call of a port."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.done = False
        self.crashed = False
        self.result: object = None
        self.error: Exception | None = None
        self.faults: set[Fault] = set()
        self.replies: list[object] = []
        self.next_call = ""
        self._call = call
        self._fault = Fault.NONE
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()
        self._stopped.acquire()

    def step(self, fault: Fault = Fault.NONE) -> None:
        """Makes the call of a port that the process stopped before, and runs on to the next."""
        self._fault = fault
        self._go.release()
        self._stopped.acquire()

    def crash(self) -> None:
        if not self.done:
            self.step(Fault.CRASH_BEFORE)

    def fault_before(self, next_call: str) -> Fault:
        """Called in the process's own thread: hands over, and returns when it is resumed."""
        self.next_call = next_call
        self._stopped.release()
        self._go.acquire()
        return self._fault

    def _run(self) -> None:
        _this_thread.process = self
        try:
            self.result = self._call()
        except _CrashError:
            self.crashed = True
        except Exception as error:
            self.error = error
        self.done = True
        self._stopped.release()


class _Stepped:
    def __init__(
        self, port: object, unavailable: type[DependencyUnavailable], down: Container[str]
    ) -> None:
        self._port = port
        self._unavailable = unavailable
        self._down = down

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            process: Process | None = getattr(_this_thread, "process", None)
            if process is None:
                return getattr(self._port, name)(*args)
            fault = process.fault_before(f"{type(self._port).__name__}.{name}")
            if fault is Fault.NONE and name in self._down:
                fault = Fault.FAILED
            process.faults.add(fault)
            reply = self._reply(name, args, fault)
            process.replies.append(reply)
            return reply

        return call

    def _reply(self, name: str, args: tuple[Any, ...], fault: Fault) -> Any:
        method = getattr(self._port, name)
        match fault:
            case Fault.NONE:
                return method(*args)
            case Fault.STALE:
                return getattr(self._port, f"stale_{name}", method)(*args)
            case Fault.FAILED:
                raise self._unavailable(name)
            case Fault.CRASH_BEFORE:
                raise _CrashError
        with suppress(TokenNotAccepted):
            method(*args)
        if fault is Fault.REPEATED:
            return method(*args)
        if fault is Fault.REPLY_LOST:
            raise self._unavailable(name)
        raise _CrashError


def stepped[Port](
    port: Port, unavailable: type[DependencyUnavailable], down: Container[str]
) -> Port:
    """`port`, each call of which is a step of the process that makes it.

    Calls whose names are in `down` fail.
    """
    return cast(Port, _Stepped(port, unavailable, down))
