"""Clients that are generated from the published OpenAPI report on an order."""

import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.support import generated
from tests.support.e2e.webhooks import listening
from tools import REPOSITORY, Json
from tools.contracts import channels, openapi
from tools.devenv.environment import Environment
from tools.devenv.review_walkthrough import PARTNER, TASK_TYPE, WORKFLOW
from tools.devenv.walkthrough import Deployment, example

DOCUMENT = openapi.document(channels.read(REPOSITORY))


def test_typescript_reports_that_work_goes_on_and_python_that_it_is_done(
    deployment: Deployment, environment: Environment, tmp_path: Path
) -> None:
    output = example("output", TASK_TYPE)
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id, TASK_TYPE)
    with listening(
        deployment, TASK_TYPE, PARTNER, environment.webhook_port, lambda _: output
    ) as partner:
        partner.statuses[order_id] = [202]  # Taken, and left to the clients.
        execution = deployment.start(order_id, WORKFLOW)
        event = partner.event(order_id)
        token = partner.api.token()
    base_url = event["callbackurl"].partition("/externalCallback/")[0]
    api = {"baseUrl": base_url, "token": token, "callbackId": event["id"], "orderId": order_id}

    goes_on = generated.run(generated.typescript_client(DOCUMENT, tmp_path), api)
    with generated.python_client(DOCUMENT, tmp_path) as imported:
        done = _done(imported, base_url, token, event, output)

    assert goes_on == {"status": 200, "result": "HEARTBEAT"}
    assert (done.status_code, done.parsed.result) == (HTTPStatus.OK, "DELIVERED")
    assert deployment.finished(execution)["status"] == "SUCCEEDED"
    order = deployment.order(order_id)
    assert order is not None
    assert order["review_verdict"] == output["verdict"]


def _done(imported: generated.Import, base_url: str, token: str, event: Json, output: Json) -> Any:
    models = imported("models")
    operation = imported("api.order_fraud_review.report_order_fraud_review_v1")
    outcome = models.OrderFraudReviewV1Success(
        order_id=event["subject"],
        task_type=event["tasktype"],
        task_status="SUCCESS",
        task_output=models.OrderFraudReviewV1Output.from_dict(output),
    )
    with imported("client").AuthenticatedClient(base_url=base_url, token=token) as client:
        return operation.sync_detailed(
            client=client,
            callback_id=event["id"],
            traceparent=event["traceparent"],
            body=outcome,
        )
