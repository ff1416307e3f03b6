"""Breaks things on the local environment one by one, and mends them as the runbook says."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, override

from callbacks.adapters.sqs_queues import SQSDeadLetterQueue
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.outcome import Success, digest
from callbacks.domain.ports import Redelivery
from callbacks.domain.task import TaskKey, dead_lettered

from tools import REPOSITORY, Json, command, show
from tools.devenv import ENGINE_PYTHON
from tools.devenv import review_walkthrough as review
from tools.devenv.engine import HOST
from tools.devenv.environment import Environment
from tools.devenv.state import forget_aws_configuration
from tools.devenv.walkthrough import (
    TASK_TYPE,
    Deployment,
    StepFailedError,
    example,
    expect,
    until,
)
from tools.devenv.webhooks import hand_over, running
from tools.ops import place, runbook

REASON = "rehearsal"
LOCAL = REPOSITORY / ".local"

Given = Mapping[str, str]
Mended = Callable[[], Json]


@dataclass
class Site:
    """The environment that is broken and mended; `undo` puts back what a break has changed."""

    environment: Environment
    deployment: Deployment
    place: place.Place
    undo: ExitStack = field(default_factory=ExitStack)

    def order(self, task_type: str, workflow: str) -> tuple[str, str]:
        """An order whose workflow waits: its id, and the execution's ARN."""
        order_id = f"rehearsal-{uuid.uuid4().hex[:8]}"
        self.deployment.place_order(order_id, task_type)
        execution = self.deployment.start(order_id, workflow)
        until(
            lambda: self.deployment.callback_task(order_id, task_type),
            f"{task_type} of order {order_id} is registered",
        )
        return order_id, execution

    def queue(self, name: str) -> str:
        url: str = self.place.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        return url

    def ends_as(self, execution: str, status: str) -> Json:
        seen = self.deployment.finished(execution)
        expect("the execution's status", seen["status"], status, seen.get("cause", ""))
        return {"execution": status}

    def no_letter(self, queue: str) -> Json:
        listed = json.loads(self.run(["--json", "dead-letter", "list"]))["queues"]
        letters = {row["queue"]: row["letters"] for row in listed}
        expect(f"the letters of {queue}", letters[queue], 0)
        return {"letters": 0}

    def run(self, arguments: Sequence[str]) -> str:
        """What the command `callbacks` prints.

        Raises:
            StepFailedError: it fails.
        """
        made = subprocess.run(
            [sys.executable, "-m", "tools.ops.app", *arguments],
            env={**os.environ, "CALLBACKS_LOCAL": str(self.environment.directory)},
            check=False,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise StepFailedError(f"`callbacks {' '.join(arguments)}`: {made.stdout}{made.stderr}")
        return made.stdout


@dataclass(frozen=True)
class Incident:
    """`breaks` returns what stands for the page's placeholders, and a look at whether it is mended.

    `commands` are the verbs of the page's commands, in the order in which they are given.
    """

    title: str
    page: str
    commands: Sequence[str]
    breaks: Callable[[Site], tuple[Given, Mended]]


@dataclass(frozen=True)
class Rehearsed:
    """One incident: the commands with what they printed, and what was seen in the end."""

    incident: Incident
    commands: Sequence[tuple[str, str]]
    seen: Json
    seconds: float


def rehearse(environment: Environment) -> Iterator[Rehearsed]:
    """Go through all incidents, and yield each once it is mended.

    Raises:
        StepFailedError: a command failed, or did not mend what was broken.
    """
    deployment = environment.deployment()
    found = place.local_place(environment.directory)
    assert found is not None
    for incident in INCIDENTS:
        began = time.perf_counter()
        with ExitStack() as undo:
            site = Site(environment, deployment, found, undo)
            try:
                given, mended = incident.breaks(site)
                told = [_said(site, incident, verb, given) for verb in incident.commands]
                seen = mended()
            except StepFailedError as error:
                raise StepFailedError(f"{incident.title}: {error}") from error
        yield Rehearsed(incident, told, seen, time.perf_counter() - began)


def _said(site: Site, incident: Incident, verb: str, given: Given) -> tuple[str, str]:
    arguments = runbook.command(incident.page, verb, {"WHY": REASON, **given})
    # Nobody is there to be asked.
    asked = [*arguments, "--yes"] if verb.split()[1] not in ("list", "show") else arguments
    return f"callbacks {' '.join(arguments)}", site.run(asked)


def _silent_partner(site: Site) -> tuple[Given, Mended]:
    order_id, execution = site.order(TASK_TYPE, "order_processing")

    def mended() -> Json:
        seen = site.ends_as(execution, "FAILED")
        order = until(lambda: _failed(site, order_id), "the order is marked as failed")
        return {**seen, "order": order["order_status"]}

    return {"ORDER": order_id, "TYPE": TASK_TYPE, "CODE": "LOST", "TEXT": "no callback"}, mended


def _broken_promise(site: Site) -> tuple[Given, Mended]:
    """As if Step Functions had been out of reach from the callback until after the deadline."""
    order_id, execution = site.order(TASK_TYPE, "order_processing")
    tasks = DynamoDBTasks(lambda: site.place.client("dynamodb"), site.place.table)
    outcome, now = Success(example("output")), int(time.time())
    claim = tasks.claim(TaskKey(order_id, TASK_TYPE), None, outcome, "rehearsal", now)
    if not claim.applied or claim.task is None:
        raise StepFailedError("the outcome was not recorded")
    tasks.replace(claim.task, dead_lettered(claim.task, now))
    url = site.queue(site.place.dead_letter_queue("redelivery"))
    SQSDeadLetterQueue(lambda: site.place.client("sqs"), url).send(
        Redelivery(claim.task.key, claim.task.callback_id, digest(outcome)),
        "the last try failed",
        outcome,
    )

    def mended() -> Json:
        return {**site.ends_as(execution, "SUCCEEDED"), **site.no_letter("redelivery")}

    return {"ORDER": order_id, "TYPE": TASK_TYPE}, mended


def _unclosed_execution(site: Site) -> tuple[Given, Mended]:
    """As if the function could not be reached when the execution ended."""
    rule = site.place.function("close_execution")
    events = site.place.client("events")
    events.disable_rule(Name=rule)
    site.undo.callback(events.enable_rule, Name=rule)
    order_id, execution = site.order(TASK_TYPE, "order_processing")
    site.place.client("stepfunctions").stop_execution(executionArn=execution)
    stopped = site.deployment.finished(execution)
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": execution,
            "status": stopped["status"],
            "stopDate": int(stopped["stopDate"].timestamp() * 1000),
            "input": stopped["input"],
        },
    }
    url = site.queue(site.place.dead_letter_queue("close-execution"))
    site.place.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(event))

    def mended() -> Json:
        order = until(lambda: _failed(site, order_id), "the order is marked as failed")
        task = site.deployment.callback_task(order_id) or {}
        expect("the task's status", task.get("status"), "EXPIRED")
        return {"order": order["order_status"], "task": task["status"]}

    return {}, mended


def _lost_webhook_message(site: Site) -> tuple[Given, Mended]:
    """As if the topic could not write to the webhook's queue."""
    queue = site.place.webhook(review.TASK_TYPE, review.PARTNER)
    with _paused(site, queue):
        _, execution = site.order(review.TASK_TYPE, review.WORKFLOW)
        body = _taken_from(site, site.queue(queue))
    url = site.queue(f"{queue}-dead-letter")
    id_ = _put(site, url, body, {"ErrorCode": "AccessDenied"})
    port, log = site.environment.webhook_port, site.environment.directory / "rehearsal.log"
    channel = site.deployment.outputs["channels"][review.TASK_TYPE]
    handed = hand_over(site.deployment.platform, channel, review.PARTNER)
    site.undo.enter_context(running(handed, port, log))

    def mended() -> Json:
        return site.ends_as(execution, "SUCCEEDED")

    return {"TYPE": review.TASK_TYPE, "PARTNER": review.PARTNER, "ID": id_}, mended


def _poison(site: Site) -> tuple[Given, Mended]:
    """As if somebody had sent something else to the queue."""
    queue = site.place.webhook(review.TASK_TYPE, review.PARTNER)
    url = site.queue(f"{queue}-dead-letter")
    id_ = _put(site, url, "no event", {"reason": "the message is no CloudEvent of this platform"})

    def mended() -> Json:
        return site.no_letter(f"{review.TASK_TYPE}/{review.PARTNER}")

    return {"TYPE": review.TASK_TYPE, "PARTNER": review.PARTNER, "ID": id_}, mended


def _unreported(site: Site) -> tuple[Given, Mended]:
    """As if the report of a message that no endpoint took had failed for two days."""
    queue = site.place.webhook(review.TASK_TYPE, review.PARTNER)
    reports = f"{site.place.prefix}-reports"
    url = site.queue(reports)
    with _paused(site, site.place.function("external_callback")):
        with _paused(site, queue):
            _, execution = site.order(review.TASK_TYPE, review.WORKFLOW)
            body = _taken_from(site, site.queue(queue))
        _give_up(site, queue, body)
        _taken_from(site, site.queue(f"{queue}-dead-letter"))
        _dead_letter_next(site, url)

    def mended() -> Json:
        return {**site.ends_as(execution, "FAILED"), **site.no_letter("reports")}

    return {}, mended


def _stopped_channel(site: Site) -> tuple[Given, Mended]:
    def mended() -> Json:
        _, execution = site.order(TASK_TYPE, "order_processing")
        site.place.client("stepfunctions").stop_execution(executionArn=execution)
        return {"channel": "takes new tasks"}

    return {"TYPE": TASK_TYPE}, mended


def _give_up(site: Site, function: str, body: str) -> None:
    """Has the webhook's function try a message whose endpoint wants no more of them."""
    port = site.environment.webhook_port
    with answering(port, 410):
        event = {
            "Records": [
                {
                    "messageId": "rehearsal",
                    "receiptHandle": "rehearsal",
                    "body": body,
                    "attributes": {
                        "ApproximateReceiveCount": "1",
                        "SentTimestamp": str(int(time.time() * 1000)),
                    },
                }
            ]
        }
        site.place.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))


def _dead_letter_next(site: Site, url: str) -> None:
    """Has the queue move its message to its dead-letter queue, as after a thousand tries."""
    sqs = site.place.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = attributes["Attributes"]["RedrivePolicy"]
    once = json.dumps({**json.loads(policy), "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": once})
    try:
        until(lambda: _received(sqs, url), "the report is queued")
        until(lambda: not _received(sqs, url) or None, "the report is in the dead-letter queue")
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})


def _received(sqs: Any, url: str) -> bool | None:
    return bool(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages")) or None


@contextmanager
def answering(port: int, status: int) -> Iterator[None]:
    """An endpoint that responds with one status to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer((HOST, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _failed(site: Site, order_id: str) -> Json | None:
    order = site.deployment.order(order_id) or {}
    return order if order.get("order_status") == "FAILED" else None


@contextmanager
def _paused(site: Site, function: str) -> Iterator[None]:
    """While the function takes nothing from its queue."""
    functions = site.place.client("lambda")
    [mapping] = functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def _taken_from(site: Site, url: str) -> str:
    sqs = site.place.client("sqs")

    def message() -> Any:
        return next(iter(sqs.receive_message(QueueUrl=url).get("Messages", [])), None)

    taken = until(message, "the queue has the message")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])
    return str(taken["Body"])


def _put(site: Site, url: str, body: str, attributes: Mapping[str, str]) -> str:
    """Puts a letter where none but the topic and the function may: without the policy for it."""
    sqs = site.place.client("sqs")
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    try:
        sent = sqs.send_message(
            QueueUrl=url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
    return str(sent["MessageId"])


INCIDENTS = (
    Incident(
        "A partner is silent", "oldest-wait", ("task list", "task show", "task fail"),
        _silent_partner,
    ),
    Incident(
        "An outcome that was promised has not reached its workflow",
        "redelivery-dead-letters",
        ("dead-letter show", "task show", "dead-letter redrive"),
        _broken_promise,
    ),
    Incident(
        "An execution ended and its order was not closed",
        "close-execution-dead-letters",
        ("dead-letter show", "dead-letter redrive"),
        _unclosed_execution,
    ),
    Incident(
        "A message did not come to its webhook's queue",
        "webhook-dead-letters",
        ("dead-letter show", "dead-letter redrive"),
        _lost_webhook_message,
    ),
    Incident(
        "Something else was sent to a webhook's queue",
        "webhook-dead-letters",
        ("dead-letter show", "dead-letter drop"),
        _poison,
    ),
    Incident(
        "A task whose message no endpoint took could not be failed",
        "reports-dead-letters",
        ("dead-letter show", "dead-letter redrive"),
        _unreported,
    ),
    Incident(
        "A channel is stopped and started",
        "stop-a-channel",
        ("channel disable", "channel enable"),
        _stopped_channel,
    ),
)  # fmt: skip


def main() -> int:
    """Rehearse on the local environment of this repository, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.ops.rehearsal", description=__doc__)
    parser.set_defaults(run=_rehearse)
    return command.run(parser)


def _rehearse(_: argparse.Namespace) -> None:
    forget_aws_configuration()
    count = 0
    for count, each in enumerate(rehearse(Environment(LOCAL, ENGINE_PYTHON)), start=1):
        show.out.print(f"{count}. {each.incident.title}", style="bold")
        show.out.print(f"   docs/runbook/{each.incident.page}.md", style="dim")
        for said, printed in each.commands:
            show.out.print(f"\n$ {said}", style="cyan")
            show.out.print(printed.rstrip())
        seen = ", ".join(f"{name} {value}" for name, value in each.seen.items())
        show.out.print(f"\nMended after {each.seconds:.1f} s: {seen}\n", style="green")
    show.out.print(f"All {count} incidents were mended by the runbook's commands.")


if __name__ == "__main__":
    sys.exit(main())
