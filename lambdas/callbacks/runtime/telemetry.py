"""Logging and metrics: one line, and one metric, for each thing that happens to a task.

The message of a line is a stable code; order id, task type and execution stand beside it, in the
lines of the use cases too.
"""

import logging
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit


@cache
def logger() -> Logger:
    """The process's logger; what the package itself logs goes through its handler as well."""
    log = Logger(utc=True, log_record_order=["level", "message", "order_id", "task_type"])
    package = logging.getLogger("callbacks")
    package.handlers, package.propagate = list(log.handlers), False
    return log


@cache
def metrics() -> Metrics:
    return Metrics()


def count(name: str, **dimensions: str) -> None:
    """Emits a metric of one occurrence with these dimensions."""
    emitter = metrics()
    for dimension, value in dimensions.items():
        emitter.add_dimension(dimension, value)
    emitter.add_metric(name, MetricUnit.Count, 1)
    emitter.flush_metrics()


def about(context: Any, **keys: str | None) -> Logger:
    """The logger, with the keys of one invocation in every line that follows."""
    log = logger()
    log.clear_state()
    request_id = getattr(context, "aws_request_id", None)
    log.append_keys(function_request_id=request_id, **keys)
    return log
