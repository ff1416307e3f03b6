"""Settings: everything that is wrong is said at once."""

import pytest
from callbacks.runtime.settings import (
    CompletionSettings,
    DispatchSettings,
    InvalidSettingsError,
    load,
)

DISPATCH = {
    "CALLBACK_TABLE": "tasks",
    "SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:111111111111:topic",
    "TASK_TYPE": "ORDER_SHIPPING_SERVICE",
    "PAYLOAD_EVENT_KEY": "order_contents",
    "EVENT_SOURCE": "/callback-channels/test",
    "RETENTION_DAYS": "30",
}


def test_settings_are_read_from_variables_of_their_names() -> None:
    assert load(DispatchSettings, {**DISPATCH, "OTHER": "ignored"}) == DispatchSettings(
        callback_table="tasks",
        sns_topic_arn="arn:aws:sns:eu-west-1:111111111111:topic",
        task_type="ORDER_SHIPPING_SERVICE",
        payload_event_key="order_contents",
        event_source="/callback-channels/test",
        retention_days=30,
    )


def test_all_that_is_missing_or_unusable_is_named_at_once() -> None:
    given = {**DISPATCH, "RETENTION_DAYS": "a month", "TASK_TYPE": ""}
    del given["CALLBACK_TABLE"]

    with pytest.raises(InvalidSettingsError) as failure:
        load(DispatchSettings, given)

    assert str(failure.value) == (
        "CALLBACK_TABLE is not set; TASK_TYPE is not set; RETENTION_DAYS is not a whole number"
    )


@pytest.mark.parametrize("text", ["-1", "1.5", "0x10", " 1", "1e3", "\u00b2"])
def test_a_number_is_whole(text: str) -> None:
    with pytest.raises(InvalidSettingsError, match="RETENTION_DAYS is not a whole number"):
        load(DispatchSettings, {**DISPATCH, "RETENTION_DAYS": text})


def test_settings_come_from_the_environment_unless_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALLBACK_TABLE", "tasks")
    monkeypatch.setenv("REDELIVERY_QUEUE_URL", "https://queue")

    assert load(CompletionSettings) == CompletionSettings("tasks", "https://queue")
