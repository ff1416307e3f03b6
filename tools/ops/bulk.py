"""Reports on many tasks: first a plan, a file with the list as it was found, then the deed.

A journal beside the plan has a line for each task that is done with. A run that was interrupted
goes on where it stopped; what was in hand then is reported again, which is harmless.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tools import Json
from tools.errors import UserError
from tools.ops.acting import Acting, RefusedError

FORMAT = 1


@dataclass(frozen=True)
class Plan:
    """`report` is what is reported of each task; a task is order_id, task_type and callback_id."""

    environment: str
    reason: str
    report: Json
    tasks: list[dict[str, str]]
    format: int = FORMAT

    def write(self, file: Path) -> None:
        """Raises UserError for a file that is there: it may be a plan that is being carried out."""
        try:
            with file.open("x") as opened:
                json.dump(asdict(self), opened, indent=2)
                opened.write("\n")
        except FileExistsError:
            raise UserError(f"{file} is there already: give the plan another name.") from None


def read(file: Path, environment: str) -> Plan:
    """Raises UserError for what is no plan of the environment."""
    try:
        plan = Plan(**json.loads(file.read_text()))
        valid = plan.format == FORMAT and all(
            task.keys() == {"order_id", "task_type", "callback_id"} for task in plan.tasks
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{file} is no plan: {type(error).__name__}.") from None
    if not valid:
        raise UserError(f"{file} is no plan that this version of the command can read.")
    if plan.environment != environment:
        raise UserError(f"{file} is a plan for {plan.environment}, not for {environment}.")
    return plan


def carry_out(plan: Plan, file: Path, acting: Acting) -> Iterator[Json]:
    """Reports on each task that the journal does not have, and yields what became of each.

    Raises:
        UserError: one failed, and may be done or not: the next run reports it again.
    """
    journal = file.with_suffix(f"{file.suffix}.done")
    done = _journaled(journal)
    with journal.open("a") as opened:
        for task in plan.tasks:
            if (known := done.get(_key(task))) is not None:
                yield known
                continue
            became = {**task, **_reported(acting, plan, task)}
            opened.write(json.dumps(became) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
            yield became


def _reported(acting: Acting, plan: Plan, task: dict[str, str]) -> Json:
    try:
        return {"result": acting.act("report", plan.reason, callback={**task, **plan.report})}
    except RefusedError as refused:
        return {"refused": refused.code, "detail": str(refused)}


def _journaled(journal: Path) -> dict[tuple[str, ...], Json]:
    """A last line that was cut off is none."""
    done: dict[tuple[str, ...], Json] = {}
    if journal.exists():
        text = journal.read_text()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            journal.write_text(whole)
        for line in whole.splitlines():
            became = json.loads(line)
            done[_key(became)] = became
    return done


def _key(task: Json) -> tuple[str, ...]:
    return (task["order_id"], task["task_type"], task["callback_id"])
