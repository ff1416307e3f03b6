"""Who may call what of AWS: everyone tries each call, and it works for those who need it."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.e2e.access import CUSTOMS, REVIEW, SHIPPING, AccessHarness
from tests.support.e2e.callers import ADMINISTRATOR, FOREIGN
from tests.support.e2e.engine_gaps import LOOKS_IN_THE_CALLERS_ACCOUNT

PERMITTED, REFUSED, NOT_THERE = "permitted", "refused", "not in the caller's own account"

DISPATCHER = "order-shipping-service"
DISPATCHERS = {DISPATCHER, "order-fraud-review", "type-that-a-test-adds"}
WEBHOOK = "order-fraud-review-sentinel-review"
OPERATE = "operate"
RESUMERS = {"external-callback", OPERATE, "redeliver-callback"}
REBUILDER = "rebuild-tasks"
ERASER = "erase-order"
ENDER = "end-subscriptions"
RECONCILERS = {"close-execution", "reconcile-tasks"}
SWEEPER = "sweep-due-callbacks"
WITHOUT_TOKEN = RECONCILERS | {REBUILDER, SWEEPER}

REFUSALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
MISSING = frozenset(
    {
        "ExecutionDoesNotExist",
        "NoSuchEntity",
        "NotFoundException",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "TaskDoesNotExist",
    }
)


@dataclass(frozen=True)
class Call:
    """A call to one AWS service, and who may make it; what it spends is a task of its own."""

    service: str
    make: Callable[[Any, AccessHarness], Any]
    permitted: frozenset[str]
    spends_a_task: bool = False


def call(
    service: str,
    permitted: set[str],
    make: Callable[[Any, AccessHarness], Any],
    *,
    spends_a_task: bool = False,
) -> Call:
    return Call(service, make, frozenset(permitted), spends_a_task)


def list_running(states: Any, harness: AccessHarness) -> Any:
    """To another account the engine lists what that account has of the same name: nothing."""
    machine = harness.platform.outputs["state_machines"]["order_processing"]
    listed = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
    return listed["executions"] or states.describe_state_machine(stateMachineArn=machine)


def tasks(harness: AccessHarness) -> str:
    name = harness.platform.outputs["callback_tasks_table"]
    return f"arn:aws:dynamodb:eu-west-1:{harness.account_id}:table/{name}"


def orders(harness: AccessHarness) -> str:
    name = harness.platform.outputs["orders_table"]
    return f"arn:aws:dynamodb:eu-west-1:{harness.account_id}:table/{name}"


def function(harness: AccessHarness, name: str) -> str:
    prefix = harness.platform.outputs["callback_tasks_table"].removesuffix("CallbackTasks")
    return f"arn:aws:lambda:eu-west-1:{harness.account_id}:function:{prefix}{name}"


def log_group(harness: AccessHarness) -> str:
    return f"/aws/lambda/{function(harness, 'external-callback').split(':')[-1]}"


def task_key(harness: AccessHarness) -> Any:
    return {"order_id": {"S": harness.task.order_id}, "task_type": {"S": harness.task.task_type}}


def registration_key(_: AccessHarness) -> Any:
    return {"order_id": {"S": "#CHANNEL"}, "task_type": {"S": SHIPPING}}


def reports(harness: AccessHarness) -> str:
    url: str = harness.platform.outputs["redelivery_queue_url"]
    return url.removesuffix("redelivery") + "reports"


def webhook_queue(harness: AccessHarness) -> Any:
    return harness.platform.outputs["webhook_queues"][REVIEW]["sentinel-review"]


def order_key(harness: AccessHarness) -> Any:
    return {"order_id": {"S": harness.task.order_id}}


# Writes that are authorised meet this and change nothing.
NEVER = {"ConditionExpression": "attribute_exists(never)"}
OF_THE_ORDER: dict[str, Any] = {"KeyConditionExpression": "order_id = :order"}


def query(harness: AccessHarness, **more: Any) -> Any:
    values = {":order": {"S": harness.task.order_id}}
    return {
        "TableName": tasks(harness),
        **OF_THE_ORDER,
        "ExpressionAttributeValues": values,
        **more,
    }


def publish(sns: Any, harness: AccessHarness) -> None:
    """A message that gets through is taken from its partner's queue again."""
    sns.publish(TopicArn=harness.channel(CUSTOMS)["topic_arn"], Message=json.dumps({"subject": ""}))
    partner = harness.callers.other.partner
    message = partner.receive()
    assert message is not None
    assert message.event == {"subject": ""}
    partner.delete(message)


CALLS = {
    # test_rules has what the engine does not apply: REBUILDER and ENDER get registrations only.
    "read a task with its token": call(
        "dynamodb",
        DISPATCHERS | RESUMERS | {REBUILDER, ENDER},
        lambda dynamodb, harness: dynamodb.get_item(
            TableName=tasks(harness), Key=task_key(harness)
        ),
    ),
    "read a task's status": call(
        "dynamodb",
        DISPATCHERS | RESUMERS | {REBUILDER, ENDER, WEBHOOK},
        lambda dynamodb, harness: dynamodb.get_item(
            TableName=tasks(harness),
            Key=task_key(harness),
            ProjectionExpression="#status, callback_id",
            ExpressionAttributeNames={"#status": "status"},
        ),
    ),
    "read a registration": call(
        "dynamodb",
        DISPATCHERS | RESUMERS | {REBUILDER, ENDER},
        lambda dynamodb, harness: dynamodb.get_item(
            TableName=tasks(harness), Key=registration_key(harness)
        ),
    ),
    "scan tasks": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, harness: dynamodb.scan(TableName=tasks(harness)),
    ),
    "query tasks with their tokens": call(
        "dynamodb", {ADMINISTRATOR}, lambda dynamodb, harness: dynamodb.query(**query(harness))
    ),
    "query task tokens by name": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, harness: dynamodb.query(
            **query(harness, ProjectionExpression="order_id, task_token")
        ),
    ),
    "query tasks without their tokens": call(
        "dynamodb",
        WITHOUT_TOKEN | {ERASER, ENDER},
        lambda dynamodb, harness: dynamodb.query(
            **query(harness, ProjectionExpression="order_id, task_type")
        ),
    ),
    "find what is due": call(
        "dynamodb",
        {"reconcile-tasks", SWEEPER},
        lambda dynamodb, harness: dynamodb.query(
            TableName=tasks(harness),
            IndexName="due",
            KeyConditionExpression="due_shard = :shard",
            ExpressionAttributeValues={":shard": {"S": "0"}},
        ),
    ),
    "put a task": call(
        "dynamodb",
        DISPATCHERS | RECONCILERS | {REBUILDER},
        lambda dynamodb, harness: dynamodb.put_item(
            TableName=tasks(harness), Item=task_key(harness), **NEVER
        ),
    ),
    "change a task": call(
        "dynamodb",
        RESUMERS | {SWEEPER},
        lambda dynamodb, harness: dynamodb.update_item(
            TableName=tasks(harness), Key=task_key(harness), UpdateExpression="REMOVE ttl", **NEVER
        ),
    ),
    "delete a task": call(
        "dynamodb",
        {ADMINISTRATOR, ERASER},
        lambda dynamodb, harness: dynamodb.delete_item(
            TableName=tasks(harness), Key=task_key(harness), **NEVER
        ),
    ),
    "read an order": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, harness: dynamodb.get_item(
            TableName=orders(harness), Key=order_key(harness)
        ),
    ),
    "find whether an order is worked on": call(
        "dynamodb",
        {ADMINISTRATOR, ERASER},
        lambda dynamodb, harness: dynamodb.query(
            TableName=orders(harness),
            KeyConditionExpression="order_id = :order_id",
            ExpressionAttributeValues={":order_id": order_key(harness)["order_id"]},
            ProjectionExpression="order_id, execution_arn",
        ),
    ),
    "query an order's contents": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, harness: dynamodb.query(
            TableName=orders(harness),
            KeyConditionExpression="order_id = :order_id",
            ExpressionAttributeValues={":order_id": order_key(harness)["order_id"]},
        ),
    ),
    "delete an order": call(
        "dynamodb",
        {ADMINISTRATOR, ERASER},
        lambda dynamodb, harness: dynamodb.delete_item(
            TableName=orders(harness), Key=order_key(harness), **NEVER
        ),
    ),
    "scan orders": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, harness: dynamodb.scan(TableName=orders(harness)),
    ),
    "change an order": call(
        "dynamodb",
        RECONCILERS
        | {"get-order-metadata", "process-shipping-result", "order-processing", "order-review"},
        lambda dynamodb, harness: dynamodb.update_item(
            TableName=orders(harness),
            Key=order_key(harness),
            UpdateExpression="REMOVE note",
            **NEVER,
        ),
    ),
    "publish to a channel's topic": call(
        "sns",
        {"type-that-a-test-adds"},
        publish,
    ),
    "list a topic's subscriptions": call(
        "sns",
        {ENDER},
        lambda sns, harness: sns.list_subscriptions_by_topic(
            TopicArn=harness.channel()["topic_arn"]
        ),
    ),
    "read a topic's policy": call(
        "sns",
        {ADMINISTRATOR},
        lambda sns, harness: sns.get_topic_attributes(TopicArn=harness.channel()["topic_arn"]),
    ),
    "send a heartbeat": call(
        "stepfunctions",
        RESUMERS,
        lambda states, harness: states.send_task_heartbeat(taskToken=harness.task.token),
    ),
    "complete a task": call(
        "stepfunctions",
        RESUMERS,
        lambda states, harness: states.send_task_success(
            taskToken=harness.task.token,
            output=json.dumps({"shipping_status": "PROCESSING", "tracking_number": "1Z"}),
        ),
        spends_a_task=True,
    ),
    "fail a task": call(
        "stepfunctions",
        RESUMERS,
        lambda states, harness: states.send_task_failure(
            taskToken=harness.task.token, error="CallbackTask.Failed", cause="{}"
        ),
        spends_a_task=True,
    ),
    "list the running executions": call(
        "stepfunctions",
        {ADMINISTRATOR, REBUILDER},
        lambda states, harness: list_running(states, harness),
    ),
    "read an execution's history": call(
        "stepfunctions",
        RESUMERS | {REBUILDER},
        lambda states, harness: states.get_execution_history(
            executionArn=harness.task.execution_arn
        ),
    ),
    "describe an execution": call(
        "stepfunctions",
        DISPATCHERS | RESUMERS | RECONCILERS | {ERASER},
        lambda states, harness: states.describe_execution(executionArn=harness.task.execution_arn),
    ),
    "start an execution": call(
        "stepfunctions",
        {ADMINISTRATOR},
        lambda states, harness: states.start_execution(
            stateMachineArn=harness.platform.outputs["state_machines"]["order_processing"],
            input=json.dumps({"order_id": str(uuid.uuid4())}),
        ),
    ),
    "stop an execution": call(
        "stepfunctions",
        {ADMINISTRATOR},
        lambda states, harness: states.stop_execution(executionArn=harness.task.execution_arn),
        spends_a_task=True,
    ),
    "read a function's environment": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, harness: functions.get_function_configuration(
            FunctionName=function(harness, "external-callback")
        ),
    ),
    "read a function's code": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, harness: functions.get_function(
            FunctionName=function(harness, "external-callback")
        ),
    ),
    "invoke a dispatcher": call(
        "lambda",
        {"order-processing"},
        lambda functions, harness: functions.invoke(
            FunctionName=function(harness, DISPATCHER), Payload=b"{}"
        ),
    ),
    "rebuild the tasks": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, harness: functions.invoke(
            FunctionName=function(harness, REBUILDER), Payload=b"{}"
        ),
    ),
    "erase an order": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, harness: functions.invoke(
            FunctionName=function(harness, ERASER), Payload=b"{}"
        ),
    ),
    "act as an operator does": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, harness: functions.invoke(
            FunctionName=function(harness, OPERATE), Payload=b"{}"
        ),
    ),
    "close an execution": call(
        "lambda",
        {ADMINISTRATOR, OPERATE},
        lambda functions, harness: functions.invoke(
            FunctionName=function(harness, "close-execution"), Payload=b"{}"
        ),
    ),
    "read a function's log": call(
        "logs",
        {ADMINISTRATOR},
        lambda logs, harness: logs.filter_log_events(logGroupName=log_group(harness)),
    ),
    "read a partner's client secret": call(
        "secretsmanager",
        {ADMINISTRATOR},
        lambda secrets, harness: secrets.get_secret_value(
            SecretId=harness.channel(REVIEW)["oauth2"]["client_secret_arns"]["sentinel-review"]
        ),
    ),
    "read a partner's signing secret": call(
        "secretsmanager",
        {WEBHOOK},
        lambda secrets, harness: secrets.get_secret_value(
            SecretId=harness.channel(REVIEW)["oauth2"]["signing_secret_arns"]["sentinel-review"]
        ),
    ),
    "list the partners' clients": call(
        "cognito-idp",
        {ADMINISTRATOR},
        lambda cognito, harness: cognito.list_user_pool_clients(UserPoolId=harness.user_pool_id),
    ),
    "take from the redelivery queue": call(
        "sqs",
        {"redeliver-callback"},
        lambda sqs, harness: sqs.receive_message(
            QueueUrl=harness.platform.outputs["redelivery_queue_url"]
        ),
    ),
    "put on the redelivery queue": call(
        "sqs",
        RESUMERS | {SWEEPER},
        lambda sqs, harness: sqs.send_message(
            QueueUrl=harness.platform.outputs["redelivery_queue_url"],
            MessageBody="{}",
            DelaySeconds=900,
        ),
    ),
    "take from the reports": call(
        "sqs",
        {"external-callback"},
        lambda sqs, harness: sqs.receive_message(QueueUrl=reports(harness)),
    ),
    "put on the reports": call(
        "sqs",
        {WEBHOOK},
        lambda sqs, harness: sqs.send_message(
            QueueUrl=reports(harness), MessageBody="{}", DelaySeconds=900
        ),
    ),
    "take a webhook's messages": call(
        "sqs",
        {WEBHOOK},
        lambda sqs, harness: sqs.receive_message(QueueUrl=webhook_queue(harness)["queue_url"]),
    ),
    "put on a webhook's queue": call(
        "sqs",
        {OPERATE, WEBHOOK},
        lambda sqs, harness: sqs.send_message(
            QueueUrl=webhook_queue(harness)["queue_url"], MessageBody="{}", DelaySeconds=900
        ),
    ),
    "put on a webhook's dead-letter queue": call(
        "sqs",
        {WEBHOOK},
        lambda sqs, harness: sqs.send_message(
            QueueUrl=webhook_queue(harness)["dead_letter_queue_url"],
            MessageBody="{}",
            DelaySeconds=900,
        ),
    ),
    "take the outcomes that were given up": call(
        "sqs",
        {ADMINISTRATOR, OPERATE},
        lambda sqs, harness: sqs.receive_message(
            QueueUrl=harness.platform.outputs["redelivery_dead_letter_queue_url"]
        ),
    ),
    # Not even the administrator: through services it is used, which test_rules evaluates.
    "encrypt with the key": call(
        "kms",
        set(),
        lambda kms, harness: kms.encrypt(KeyId=harness.key_arn, Plaintext=b"x"),
    ),
    "make a data key": call(
        "kms",
        set(),
        lambda kms, harness: kms.generate_data_key(KeyId=harness.key_arn, KeySpec="AES_256"),
    ),
    "describe the key": call(
        "kms", {ADMINISTRATOR}, lambda kms, harness: kms.describe_key(KeyId=harness.key_arn)
    ),
    "read the Terraform state": call(
        "s3",
        {ADMINISTRATOR},
        lambda s3, harness: s3.list_objects_v2(Bucket=f"callbacks-tfstate-{harness.account_id}"),
    ),
    "read a role's policy": call(
        "iam",
        {ADMINISTRATOR},
        lambda iam, harness: iam.get_role(
            RoleName=harness.channel()["callback_roles"]["acme-shipping"].split("/")[-1]
        ),
    ),
    "read the API's stages": call(
        "apigateway",
        {ADMINISTRATOR},
        lambda gateway, harness: gateway.get_stages(
            restApiId=harness.platform.outputs["deployment"]["api_id"]
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_for_those_who_need_it(name: str, harness: AccessHarness) -> None:
    tried = CALLS[name]
    callers = harness.callers.names + [ADMINISTRATOR] * (ADMINISTRATOR in tried.permitted)

    seen = {caller: _outcome(tried, caller, harness) for caller in callers}

    assert tried.permitted <= seen.keys()
    assert seen == {caller: _expected(tried, caller) for caller in callers}


def _expected(tried: Call, caller: str) -> str:
    if caller in tried.permitted:
        return PERMITTED
    if caller in FOREIGN and tried.service in LOOKS_IN_THE_CALLERS_ACCOUNT:
        return NOT_THERE
    return REFUSED


def _outcome(tried: Call, caller: str, harness: AccessHarness) -> str:
    if tried.spends_a_task and caller in tried.permitted:
        harness = harness.with_spare_task()
    try:
        tried.make(harness.callers.client(caller, tried.service), harness)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in REFUSALS:
            return REFUSED
        if code in MISSING:
            return NOT_THERE
        if code == "ConditionalCheckFailedException":
            return PERMITTED
        return f"{code}: {error.response['Error']['Message']}"
    return PERMITTED
