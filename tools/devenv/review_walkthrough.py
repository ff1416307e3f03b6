"""Walks an order through the review of a partner without AWS, and checks every step on the way."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

from tools import Json
from tools.devenv.engine import HOST
from tools.devenv.walkthrough import Deployment, Step, example, expect, taken, until
from tools.devenv.webhooks import HandedOver, hand_over, running

TASK_TYPE = "ORDER_FRAUD_REVIEW"
PARTNER = "sentinel-review"
WORKFLOW = "order_review"
STATE = "FraudReviewCallback"


def walk_review(deployment: Deployment, port: int, log: Path) -> Iterator[Step]:
    """Take the steps, with the reference partner listening on a port and writing a log.

    Raises:
        StepFailedError: a step failed; the message says which, and what was seen.
    """
    handed = hand_over(deployment.platform, deployment.outputs["channels"][TASK_TYPE], PARTNER)
    with running(handed, port, log):
        yield from _Walk(deployment, handed, port, log).steps()


class _Walk:
    def __init__(self, deployment: Deployment, handed: HandedOver, port: int, log: Path) -> None:
        self._deployment = deployment
        self._handed = handed
        self._port = port
        self._log = log
        self._order_id = str(uuid.uuid4())
        self._order: Json = {}
        self._execution_arn = ""
        self._event: Json = {}
        self._review: Json = {}

    def steps(self) -> Iterator[Step]:
        return taken(
            ("A partner without AWS listens for webhooks", self._see_partner),
            ("A second order is in the Orders table", self._place_order),
            ("The review workflow is started", self._start_workflow),
            ("The workflow pauses at the review callback", self._see_pause),
            ("The message comes to the partner's webhook, signed", self._see_message),
            ("The partner fetches a token and posts the callback", self._see_callback),
            ("The workflow has completed", self._see_completion),
            ("Verdict and reference are in the Orders table", self._see_order),
        )

    def _see_partner(self) -> Json:
        return {
            "listens": f"http://{HOST}:{self._port}",
            "was handed": [*self._handed.client, "signing secret"],
        }

    def _place_order(self) -> Json:
        self._order = self._deployment.place_order(self._order_id, TASK_TYPE)
        return self._order

    def _start_workflow(self) -> Json:
        self._execution_arn = self._deployment.start(self._order_id, WORKFLOW)
        return {"execution": self._execution_arn, "input": {"order_id": self._order_id}}

    def _see_pause(self) -> Json:
        # The partner may have called back by now, so the history tells.
        state = until(self._wait_entered, f"the workflow waits at {STATE}")
        event = json.loads(state["input"])
        expect("the event's order_contents", event["order_contents"], example("request", TASK_TYPE))
        return {"state": state["name"], "event": event}

    def _wait_entered(self) -> Json | None:
        events = self._deployment.platform.stepfunctions.get_execution_history(
            executionArn=self._execution_arn, maxResults=100
        )["events"]
        entered = (dict(event.get("stateEnteredEventDetails", {})) for event in events)
        return next((state for state in entered if state.get("name") == STATE), None)

    def _see_message(self) -> Json:
        taken_in = until(lambda: self._logged("MESSAGE_TAKEN"), "the partner has the message")
        self._event = taken_in["event"]
        expect("the message's tasktype", self._event["tasktype"], TASK_TYPE)
        expect("the message's data", self._event["data"], example("request", TASK_TYPE))
        return {"message": self._event}

    def _see_callback(self) -> Json:
        called = until(lambda: self._logged("CALLBACK_SENT"), "the partner has its response")
        expect("the API's response", called["status"], 200, called["response"])
        self._review = called["posted"]["task_output"]
        return {
            "client": self._handed.client["client_id"],
            "scope": self._handed.client["scope"],
            "posted": called["posted"],
            "response": {"status": called["status"], **json.loads(called["response"])},
        }

    def _see_completion(self) -> Json:
        seen = self._deployment.finished(self._execution_arn)
        expect("the execution's status", seen["status"], "SUCCEEDED", seen.get("cause", ""))
        output = json.loads(seen["output"])
        expect("the review in the state", output.get("review"), self._review)
        return {"status": seen["status"], "output": output}

    def _see_order(self) -> Json:
        order = self._deployment.order(self._order_id) or {}
        for name, value in self._review.items():
            expect(f"the order's review_{name}", order.get(f"review_{name}"), value)
        expect("the order's status", order.get("order_status"), self._order["order_status"])
        task = self._deployment.callback_task(self._order_id, TASK_TYPE) or {}
        expect("the task's status", task.get("status"), "COMPLETED")
        expect("the task's callback_id", task.get("callback_id"), self._event["id"])
        expect("who called back", task.get("principal"), self._handed.client["client_id"])
        return order

    def _logged(self, code: str) -> Json | None:
        """The first line of the partner's log with this code."""
        lines = self._log.read_text().splitlines(keepends=True)
        logged = (
            json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")
        )
        return next((line for line in logged if line["code"] == code), None)
