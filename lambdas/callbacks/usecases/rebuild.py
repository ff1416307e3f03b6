"""Rebuild the records of all waits that are open, after the table was lost or restored."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from callbacks.domain.channel import Channel
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import (
    ChannelRegistry,
    Clock,
    OpenWait,
    RunningExecutions,
    TaskOverview,
    TaskRegister,
    Waits,
)
from callbacks.domain.task import CallbackTask, Status, leased, registered, taken_over


class Finding(StrEnum):
    """What stood in place of an open wait's record."""

    REBUILT = "rebuilt"
    CURRENT = "current"
    NEWER = "newer"
    UNREGISTERED = "unregistered"


@dataclass(slots=True)
class Report:
    """What one run found.

    `dispatching` are waits whose dispatcher had not returned: it registers them, or they are there
    next time. `cursor` is where to go on; None and no `interrupted` mean that all is done.
    """

    executions: int = 0
    dispatching: int = 0
    waits: dict[Finding, list[OpenWait]] = field(
        default_factory=lambda: {finding: [] for finding in Finding}
    )
    cursor: str | None = None
    interrupted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilder:
    """Creates what is missing and replaces what is older, never what is newer: repeats do nothing.

    An outcome that was recorded and not delivered when the table was lost is lost with it. `tasks`
    is read by dry runs, which have no use for the token of a record that stands.
    """

    retention_seconds: int
    executions: RunningExecutions
    store: TaskRegister
    tasks: TaskOverview
    registry: ChannelRegistry
    clock: Clock

    def rebuild(self, cursor: str | None, until: float, *, dry_run: bool) -> Report:
        """Works through pages of executions, one at least, until the clock says `until` (seconds).

        A dry run reads all the same and writes nothing. A service that refuses ends the run: the
        report's cursor repeats the page.

        Raises ValueError for what is no cursor.
        """
        report = Report(cursor=cursor)
        while True:
            try:
                page = self.executions.page(report.cursor)
                for execution_arn in page.execution_arns:
                    self._rebuild_execution(execution_arn, report, dry_run=dry_run)
            except DependencyUnavailable as error:
                report.interrupted = str(error)
                return report
            report.cursor = page.cursor
            if report.cursor is None or self.clock.now() >= until:
                return report

    def _rebuild_execution(self, execution_arn: str, report: Report, *, dry_run: bool) -> None:
        waits = self.executions.waits(execution_arn)
        for wait in waits.open:
            finding = self._rebuild_wait(wait, waits, dry_run=dry_run)
            report.waits[finding].append(wait)
        report.executions += 1
        report.dispatching += waits.dispatching

    def _rebuild_wait(self, wait: OpenWait, waits: Waits, *, dry_run: bool) -> Finding:
        channel = self.registry.get(wait.key.task_type)
        if channel is None:
            return Finding.UNREGISTERED
        if dry_run:
            return _finding(self.tasks.peek(wait.key), wait, waits)
        task = self._task(wait, channel)
        write = self.store.create(task)
        while not write.applied:
            found = write.task
            if found is None:
                write = self.store.create(task)
                continue
            finding = _finding(found, wait, waits)
            if finding is not Finding.REBUILT:
                return finding
            if found.callback_id == wait.callback_id:
                new = leased(found, found.deadline)
            else:
                new = taken_over(found, task)
                new = replace(new, work_id=wait.work_id or new.work_id)
            write = self.store.take_over(found, new)
        return Finding.REBUILT

    def _task(self, wait: OpenWait, channel: Channel) -> CallbackTask:
        task = registered(
            key=wait.key,
            callback_id=wait.callback_id,
            task_token=wait.task_token,
            execution_arn=wait.execution_arn,
            requested_at=wait.scheduled_at,
            timeout_seconds=wait.timeout_seconds or channel.timeout_seconds,
            callback_id_required=channel.callback_id_required,
            retention_seconds=self.retention_seconds,
        )
        return replace(task, work_id=wait.work_id or wait.callback_id)


def _finding(found: CallbackTask | None, wait: OpenWait, waits: Waits) -> Finding:
    """An attempt that the execution has ended is older, whatever its dispatcher's clock said.

    The record of a wait that has no due date is from before waits had one.
    """
    if found is None:
        return Finding.REBUILT
    if found.callback_id == wait.callback_id:
        is_unlisted = found.status is Status.PENDING and found.due_at is None
        return Finding.REBUILT if is_unlisted else Finding.CURRENT
    is_older = found.callback_id in waits.ended or found.requested_at < wait.scheduled_at
    return Finding.REBUILT if is_older else Finding.NEWER
