"""Logging and metrics: one line for each thing that happens to a task, and metrics of many.

The message of a line is a stable code; order id, task type and execution stand beside it, in the
lines of the use cases too.
"""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics

Measured = tuple[str, float, Literal["Count", "Percent", "Seconds"]]
Dimensions = Mapping[str, str]

PLATFORM: Dimensions = {}


@cache
def logger() -> Logger:
    """The process's logger; what the package itself logs goes through its handler as well."""
    log = Logger(utc=True, log_record_order=["level", "message", "order_id", "task_type"])
    package = logging.getLogger("callbacks")
    package.handlers, package.propagate = list(log.handlers), False
    return log


def emit(measured: Iterable[Measured], first: Dimensions, *others: Dimensions) -> None:
    """Emits names, values and units in one document, for each of the sets of dimensions.

    It never raises: what is not measured is done all the same.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    try:
        emitter = EphemeralMetrics(service="")  # None would add it as a dimension.
        for name, value, unit in measured:
            emitter.add_metric(name, unit, value)
        for dimension, of in first.items():
            emitter.add_dimension(dimension, of)
        for dimensions in others:
            emitter.add_dimensions(**dimensions)
        emitter.flush_metrics(raise_on_empty_metrics=True)
    except Exception:
        logger().warning("METRICS_NOT_EMITTED", exc_info=True)


def count(name: str, task_type: str, occurrences: int = 1, **another: str) -> None:
    """Emits how often it happened: of the task type, of all, and in `another` dimension."""
    sets = [{"task_type": task_type}, *([another] if another else [])]
    emit([(name, occurrences, "Count")], PLATFORM, *sets)


def about(context: Any, **keys: str | None) -> Logger:
    """The logger, with the keys of one invocation in every line that follows."""
    log = logger()
    log.clear_state()
    request_id = getattr(context, "aws_request_id", None)
    log.append_keys(function_request_id=request_id, **keys)
    return log
