"""Takes what webhooks' functions report: messages that no endpoint took."""

from typing import Any

from callbacks.adapters.sqs_queues import parse_undelivered
from callbacks.domain.errors import DependencyUnavailable, NotKnownToBeAccepted
from callbacks.runtime.telemetry import about, count
from callbacks.usecases.complete import Result
from callbacks.usecases.fail_undelivered import NotAReporterError, UndeliveredTasks


def take(event: dict[str, Any], context: Any, tasks: UndeliveredTasks) -> dict[str, Any]:
    """An SQS batch to its partial failures: reports to be tried again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    retried = [record for record in event["Records"] if not _take(record, context, tasks)]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in retried]}


def _take(record: dict[str, Any], context: Any, tasks: UndeliveredTasks) -> bool:
    """True if the report is done with. SQS says who sent it: nobody can choose that.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Message.html
    """
    sender = record["attributes"]["SenderId"].partition(":")[0]
    log = about(context, message_id=record["messageId"], sender=sender)
    try:
        report = parse_undelivered(record["body"])
        log.append_keys(
            order_id=report.key.order_id,
            task_type=report.key.task_type,
            callback_id=report.callback_id,
        )
        result = tasks.fail(report, sender)
    except (ValueError, KeyError, TypeError, NotAReporterError):
        log.exception("REPORT_REFUSED")
        return True
    except (DependencyUnavailable, NotKnownToBeAccepted) as error:
        log.warning("REPORT_UNAVAILABLE", extra={"reason": str(error)})
        return False
    if result in (Result.DELIVERED, Result.HELD):
        count("TasksUndeliverable", report.key.task_type)
    log.info("REPORT_TAKEN", extra={"result": result.value if result else "TOO_LATE"})
    return True
