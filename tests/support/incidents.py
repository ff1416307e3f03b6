"""Incidents as the datapoints that they leave, minute by minute; each begins at minute 0.

Before and beside each runs the ordinary business: orders, and now and then what looks like trouble
and is none.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.alarms import Datapoints, Metric
from tests.support.channels import SHIPPING

REVIEW = "ORDER_FRAUD_REVIEW"
PREFIX = "callbacks-local"
NAMESPACE = f"CallbackChannels/{PREFIX}"
WORKFLOW = "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-local-order-processing"
HOUR, DAY = 60, 24 * 60
BEFORE, AFTER = range(-2 * HOUR, 0), range(DAY + HOUR)
# As schemas/TYPE/channel.json have them, in minutes.
WAIT = {SHIPPING: DAY, REVIEW: HOUR}


@dataclass(frozen=True)
class Incident:
    """What happens, for how many minutes it is looked at, and what it leaves."""

    title: str
    minutes: int
    leave: Callable[[Datapoints], None]

    def datapoints(self) -> Datapoints:
        """Those of the incident, and of the business beside it."""
        datapoints = Datapoints()
        _business(datapoints, range(BEFORE.start, self.minutes))
        self.leave(datapoints)
        return datapoints


def of_task_type(name: str, task_type: str) -> Metric:
    """A metric of the functions, of one channel."""
    return Metric(NAMESPACE, name, (("task_type", task_type),))


def of_all(name: str) -> Metric:
    """A metric of the functions, of the platform as a whole."""
    return Metric(NAMESPACE, name)


def of_function(name: str, function: str) -> Metric:
    """A metric of Lambda's."""
    return Metric("AWS/Lambda", name, (("FunctionName", f"{PREFIX}-{function}"),))


def of_webhook(name: str) -> Metric:
    """A metric of the tries to bring a message to the reviewing partner."""
    return Metric(NAMESPACE, name, (("partner", "sentinel-review"), ("task_type", REVIEW)))


def of_queue(queue: str) -> Metric:
    """How many messages a queue has."""
    return Metric(
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", (("QueueName", f"{PREFIX}-{queue}"),)
    )


def of_api(name: str) -> Metric:
    """A metric of API Gateway's."""
    return Metric("AWS/ApiGateway", name, (("ApiName", f"{PREFIX}-callbacks"), ("Stage", "local")))


def of_workflow(name: str) -> Metric:
    """A metric of Step Functions'."""
    return Metric("AWS/States", name, (("StateMachineArn", WORKFLOW),))


SWEPT = of_function("Invocations", "sweep-due-callbacks")
DISPATCHER = "order-shipping-service"
ENDS = (
    of_task_type("CallbacksSucceeded", SHIPPING),
    of_task_type("CallbacksFailed", SHIPPING),
    of_workflow("ExecutionsSucceeded"),
    of_workflow("ExecutionsFailed"),
)


def _business(datapoints: Datapoints, minutes: range) -> None:
    """An order in five minutes, one in ten of which fails; two refusals in an hour."""
    orders, failed = minutes[::5], minutes[::50]
    datapoints.put(SWEPT, minutes)
    datapoints.put(of_function("Errors", DISPATCHER), orders, 0)
    datapoints.put(of_task_type("CallbacksSucceeded", SHIPPING), orders)
    datapoints.put(of_task_type("CallbacksFailed", SHIPPING), failed)
    datapoints.put(of_workflow("ExecutionsSucceeded"), orders)
    datapoints.put(of_workflow("ExecutionsFailed"), failed)
    datapoints.put(of_task_type("OldestWaitPercent", SHIPPING), minutes, 20)


def _an_ordinary_day(datapoints: Datapoints) -> None:
    """A task asked for twice, a 503, a callback too late, an endpoint that restarts.

    An execution's end is told before it can be seen. At night there are few orders, and all fail.
    """
    _drop(datapoints, range(12 * HOUR, 18 * HOUR), *ENDS)
    datapoints.put(of_task_type("CallbacksFailed", SHIPPING), [13 * HOUR, 15 * HOUR])
    datapoints.put(of_workflow("ExecutionsFailed"), [13 * HOUR, 15 * HOUR])
    datapoints.put(of_task_type("DispatchesRefused", SHIPPING), [7])
    datapoints.put(of_function("Errors", DISPATCHER), [7])
    datapoints.put(of_api("5XXError"), [30])
    datapoints.put(of_all("RefusedOtherwise"), range(40, 44))
    datapoints.put(of_webhook("WebhooksRefused"), [50, 51, 53])
    datapoints.put(of_webhook("WebhooksTaken"), [55, 90])
    datapoints.put(of_all("OldestHeldSeconds"), range(100, 105), 240)
    datapoints.put(of_workflow("ExecutionsAborted"), [120])
    datapoints.put(of_function("Errors", "close-execution"), [120, 121])


def _step_functions_are_away(datapoints: Datapoints) -> None:
    """For two hours: callbacks get 202, and are delivered after it."""
    for minute in range(1, 121):
        datapoints.put(of_all("OldestHeldSeconds"), [minute], 60 * minute)


def _the_table_refuses(datapoints: Datapoints) -> None:
    """For half an hour: callbacks get 503, dispatches are retried, the sweep fails."""
    minutes = range(30)
    datapoints.put(of_api("5XXError"), minutes, 4)
    datapoints.put(of_function("Errors", "sweep-due-callbacks"), minutes)
    datapoints.put(of_function("Errors", DISPATCHER), minutes, 2)
    datapoints.put(of_task_type("DispatchesUnavailable", SHIPPING), minutes, 2)


def _a_partner_is_silent(datapoints: Datapoints) -> None:
    """What it was asked for waits, and from the end of the first wait on times out."""
    for minute in range(WAIT[SHIPPING]):
        datapoints.put(
            of_task_type("OldestWaitPercent", SHIPPING), [minute], 100 * minute / WAIT[SHIPPING]
        )
    _drop(datapoints, AFTER, *ENDS)
    datapoints.put(of_workflow("ExecutionsFailed"), range(WAIT[SHIPPING], WAIT[SHIPPING] + HOUR, 5))


def _a_partner_reports_failures(datapoints: Datapoints) -> None:
    """All that it is asked for from now on, and the orders fail with it."""
    _drop(datapoints, AFTER, *ENDS)
    datapoints.put(of_task_type("CallbacksFailed", SHIPPING), range(0, 2 * HOUR, 5))
    datapoints.put(of_workflow("ExecutionsFailed"), range(0, 2 * HOUR, 5))


def _a_partner_sends_bad_bodies(datapoints: Datapoints) -> None:
    """A release of its own breaks the contract: ten 400s a minute."""
    datapoints.put(of_all("RefusedOtherwise"), range(20), 10)


def _a_message_is_poison(datapoints: Datapoints) -> None:
    """A webhook's function crashes on it, in each of its tries, until the queue gives it up."""
    datapoints.put(of_function("Errors", "order-fraud-review-sentinel-review"), range(0, HOUR, 6))


def _an_endpoint_is_down(datapoints: Datapoints) -> None:
    """A message is tried with growing pauses until its task's deadline."""
    datapoints.put(of_webhook("WebhooksRefused"), [0, 0, 1, 2, 3, 5, 10, 18, 30, 42, 55])
    for minute in range(WAIT[REVIEW]):
        datapoints.put(
            of_task_type("OldestWaitPercent", REVIEW), [minute], 100 * minute / WAIT[REVIEW]
        )
    after = range(WAIT[REVIEW], 2 * HOUR)
    datapoints.put(of_queue("order-fraud-review-sentinel-review-dead-letter"), after)


def _a_partner_s_queue_is_gone(datapoints: Datapoints) -> None:
    topic = (("TopicName", f"{PREFIX}-{DISPATCHER}"),)
    datapoints.put(Metric("AWS/SNS", "NumberOfNotificationsFailed", topic), range(0, HOUR, 5))


def _the_sweep_is_switched_off(datapoints: Datapoints) -> None:
    """Its gauges are missing from then on as well."""
    _drop(datapoints, AFTER, SWEPT, of_task_type("OldestWaitPercent", SHIPPING))


def _a_release_has_a_bug(datapoints: Datapoints) -> None:
    """The dispatcher raises what it does not count, and orders end as STALLED."""
    _drop(datapoints, AFTER, *ENDS)
    datapoints.put(of_function("Errors", DISPATCHER), range(0, 2 * HOUR, 5))
    datapoints.put(of_workflow("ExecutionsFailed"), range(0, 2 * HOUR, 5))


def _no_concurrency_is_left(datapoints: Datapoints) -> None:
    """Somebody else's function uses it up for an hour."""
    datapoints.put(Metric("AWS/Lambda", "Throttles"), range(HOUR), 30)
    datapoints.put(of_api("5XXError"), range(HOUR), 2)


def _somebody_scans_the_api(datapoints: Datapoints) -> None:
    datapoints.put(of_all("Refused401"), range(10), 3)
    datapoints.put(of_all("Refused403"), range(10), 40)


def _drop(datapoints: Datapoints, minutes: range, *metrics: Metric) -> None:
    """Take back what the business has left in these minutes."""
    for metric in metrics:
        for minute in minutes:
            datapoints.values[metric].pop(minute, None)


INCIDENTS = (
    Incident("an ordinary day", DAY, _an_ordinary_day),
    Incident("Step Functions are away for two hours", 3 * HOUR, _step_functions_are_away),
    Incident("the table refuses for half an hour", 2 * HOUR, _the_table_refuses),
    Incident("a partner is silent, on waits of a day", DAY + HOUR, _a_partner_is_silent),
    Incident("a partner fails all that it is asked for", 2 * HOUR, _a_partner_reports_failures),
    Incident("a partner's release breaks the contract", 2 * HOUR, _a_partner_sends_bad_bodies),
    Incident("a webhook's function crashes on one message", HOUR, _a_message_is_poison),
    Incident("a webhook's endpoint is down, on waits of an hour", 2 * HOUR, _an_endpoint_is_down),
    Incident("a partner's queue is gone", HOUR, _a_partner_s_queue_is_gone),
    Incident("the sweep is switched off", HOUR, _the_sweep_is_switched_off),
    Incident("a release of the dispatcher has a bug", 2 * HOUR, _a_release_has_a_bug),
    Incident("the account has no concurrency left", 2 * HOUR, _no_concurrency_is_left),
    Incident("somebody scans the API for ten minutes", HOUR, _somebody_scans_the_api),
)
