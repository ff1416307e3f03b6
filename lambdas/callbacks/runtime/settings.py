"""A function's settings, read from its environment when they are first needed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

SECONDS_PER_DAY = 86_400


class InvalidSettingsError(Exception):
    """Variables that are missing or unusable; names all of them at once."""


def load[S](settings: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """Fills the dataclass `settings` from variables named as its fields, in capitals.

    Fields are `str` or `int`. Raises InvalidSettingsError.
    """
    values: dict[str, str | int] = {}
    problems = []
    for field in fields(settings):  # type: ignore[arg-type]
        name = field.name.upper()
        text = environ.get(name, "")
        if not text:
            problems.append(f"{name} is not set")
        elif field.type is int and not text.isdecimal():
            problems.append(f"{name} is not a whole number")
        else:
            values[field.name] = int(text) if field.type is int else text
    if problems:
        raise InvalidSettingsError("; ".join(problems))
    return settings(**values)


@dataclass(frozen=True, slots=True)
class OrderSettings:
    orders_table: str


@dataclass(frozen=True, slots=True)
class TakingUpSettings:
    """`order_retention_days` is 0 if orders are kept for ever."""

    orders_table: str
    order_retention_days: int


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    callback_table: str
    sns_topic_arn: str
    task_type: str
    payload_event_key: str
    event_source: str
    retention_days: int


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    callback_table: str
    redelivery_queue_url: str


@dataclass(frozen=True, slots=True)
class RedeliverySettings:
    callback_table: str
    redelivery_queue_url: str
    dead_letter_queue_url: str


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`webhook_addresses` is PUBLIC, or LOOPBACK in the local environment."""

    callback_table: str
    dead_letter_queue_url: str
    partner: str
    partners: int
    report_queue_url: str
    signing_secret_arn: str
    task_type: str
    webhook_addresses: str
    webhook_queue_url: str
    webhook_url: str


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    callback_table: str


@dataclass(frozen=True, slots=True)
class ClosingSettings:
    callback_table: str
    orders_table: str


@dataclass(frozen=True, slots=True)
class ErasureSettings:
    callback_table: str
    orders_table: str
    dead_letter_days: int
    log_retention_days: int


@dataclass(frozen=True, slots=True)
class OperationSettings:
    """`queue_url_prefix` is what the URLs of all the environment's queues begin with."""

    callback_table: str
    close_execution_function: str
    queue_url_prefix: str
    redelivery_queue_url: str


@dataclass(frozen=True, slots=True)
class RebuildSettings:
    """`state_machine_arns` are separated by commas."""

    callback_table: str
    retention_days: int
    state_machine_arns: str
