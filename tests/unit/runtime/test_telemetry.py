"""Metrics in CloudWatch's embedded format: one document, and never the end of a function's work."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics
from callbacks.runtime.telemetry import PLATFORM, Measured, count, emit

SHIPPING = "ORDER_SHIPPING_SERVICE"
NAMESPACE = "CallbackChannels/callbacks-test"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "sns_callback")


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_count_is_one_document_for_the_task_type_for_all_and_for_another_dimension(
    capsys: pytest.CaptureFixture[str],
) -> None:
    count("CallbacksRefused", SHIPPING, 3, problem="gone")

    [document] = printed(capsys)
    del document["_aws"]["Timestamp"]
    assert document == {
        "_aws": {
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[], ["task_type"], ["problem"]],
                    "Metrics": [{"Name": "CallbacksRefused", "Unit": "Count"}],
                }
            ]
        },
        "task_type": SHIPPING,
        "problem": "gone",
        "CallbacksRefused": [3.0],
    }


def test_what_is_of_one_partner_is_of_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    emit([("WebhooksTaken", 1, "Count")], {"task_type": SHIPPING, "partner": "acme"})

    [document] = printed(capsys)
    [directive] = document["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["task_type", "partner"]]


def test_several_values_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    emit([("OpenTasks", 4, "Count"), ("OldestOpenSeconds", 9.5, "Seconds")], PLATFORM)

    [document] = printed(capsys)
    assert (document["OpenTasks"], document["OldestOpenSeconds"]) == ([4.0], [9.5])


def test_nothing_of_one_document_is_left_in_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    count("CallbacksRefused", SHIPPING, problem="gone")
    count("TasksDispatched", "ORDER_REVIEW")

    document = printed(capsys)[1]
    assert document.keys() == {"_aws", "task_type", "TasksDispatched"}


@pytest.mark.parametrize(
    "measured",
    [[], [("OpenTasks", "many", "Count")], [("OpenTasks", 1, "Parsecs")], [("", 1, "Count")]],
    ids=["nothing", "no number", "no unit", "no name"],
)
def test_what_cannot_be_emitted_is_logged_and_ends_nothing(
    measured: list[Measured], caplog: pytest.LogCaptureFixture
) -> None:
    emit(measured, PLATFORM)

    assert [record.message for record in caplog.records] == ["METRICS_NOT_EMITTED"]


def test_an_output_that_is_closed_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(EphemeralMetrics, "flush_metrics", closed)

    count("TasksDispatched", SHIPPING)

    assert [record.message for record in caplog.records] == ["METRICS_NOT_EMITTED"]
