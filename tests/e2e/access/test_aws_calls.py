"""Who may call what of AWS: everyone tries each call, and it works for those who need it."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.engine_gaps import LOOKS_IN_THE_CALLERS_ACCOUNT
from tests.e2e.walls.callers import ADMINISTRATOR, FOREIGN
from tests.e2e.walls.scene import CUSTOMS, REVIEW, SHIPPING, Scene

PERMITTED, REFUSED, NOT_THERE = "permitted", "refused", "not in the caller's own account"

DISPATCHER = "order-shipping-service"
DISPATCHERS = {DISPATCHER, "order-fraud-review", "type-that-a-test-adds"}
WEBHOOK = "order-fraud-review-sentinel-review"
RESUMERS = {"external-callback", "redeliver-callback"}
WITHOUT_TOKEN = {"close-execution", "sweep-due-callbacks", WEBHOOK}

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
    make: Callable[[Any, Scene], Any]
    permitted: frozenset[str]
    spends_a_task: bool = False


def call(
    service: str,
    permitted: set[str],
    make: Callable[[Any, Scene], Any],
    *,
    spends_a_task: bool = False,
) -> Call:
    return Call(service, make, frozenset(permitted), spends_a_task)


def tasks(scene: Scene) -> str:
    name = scene.platform.outputs["callback_tasks_table"]
    return f"arn:aws:dynamodb:eu-west-1:{scene.account_id}:table/{name}"


def orders(scene: Scene) -> str:
    name = scene.platform.outputs["orders_table"]
    return f"arn:aws:dynamodb:eu-west-1:{scene.account_id}:table/{name}"


def function(scene: Scene, name: str) -> str:
    prefix = scene.platform.outputs["callback_tasks_table"].removesuffix("CallbackTasks")
    return f"arn:aws:lambda:eu-west-1:{scene.account_id}:function:{prefix}{name}"


def log_group(scene: Scene) -> str:
    return f"/aws/lambda/{function(scene, 'external-callback').split(':')[-1]}"


def task_key(scene: Scene) -> Any:
    return {"order_id": {"S": scene.task.order_id}, "task_type": {"S": scene.task.task_type}}


def registration_key(_: Scene) -> Any:
    return {"order_id": {"S": "#CHANNEL"}, "task_type": {"S": SHIPPING}}


def order_key(scene: Scene) -> Any:
    return {"order_id": {"S": scene.task.order_id}}


# Writes that are authorised meet this and change nothing.
NEVER = {"ConditionExpression": "attribute_exists(never)"}
OF_THE_ORDER: dict[str, Any] = {"KeyConditionExpression": "order_id = :order"}


def query(scene: Scene, **more: Any) -> Any:
    values = {":order": {"S": scene.task.order_id}}
    return {
        "TableName": tasks(scene),
        **OF_THE_ORDER,
        "ExpressionAttributeValues": values,
        **more,
    }


def publish(sns: Any, scene: Scene) -> None:
    """A message that gets through is taken from its partner's queue again."""
    sns.publish(TopicArn=scene.channel(CUSTOMS)["topic_arn"], Message=json.dumps({"subject": ""}))
    partner = scene.callers.other.partner
    message = partner.receive()
    assert message is not None
    assert message.event == {"subject": ""}
    partner.delete(message)


CALLS = {
    "read a task with its token": call(
        "dynamodb",
        DISPATCHERS | RESUMERS,
        lambda dynamodb, scene: dynamodb.get_item(TableName=tasks(scene), Key=task_key(scene)),
    ),
    "read a registration": call(
        "dynamodb",
        DISPATCHERS | RESUMERS,
        lambda dynamodb, scene: dynamodb.get_item(
            TableName=tasks(scene), Key=registration_key(scene)
        ),
    ),
    "scan tasks": call(
        "dynamodb", {ADMINISTRATOR}, lambda dynamodb, scene: dynamodb.scan(TableName=tasks(scene))
    ),
    "query tasks with their tokens": call(
        "dynamodb", {ADMINISTRATOR}, lambda dynamodb, scene: dynamodb.query(**query(scene))
    ),
    "query task tokens by name": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, scene: dynamodb.query(
            **query(scene, ProjectionExpression="order_id, task_token")
        ),
    ),
    "query tasks without their tokens": call(
        "dynamodb",
        WITHOUT_TOKEN,
        lambda dynamodb, scene: dynamodb.query(
            **query(scene, ProjectionExpression="order_id, task_type")
        ),
    ),
    "put a task": call(
        "dynamodb",
        DISPATCHERS,
        lambda dynamodb, scene: dynamodb.put_item(
            TableName=tasks(scene), Item=task_key(scene), **NEVER
        ),
    ),
    "change a task": call(
        "dynamodb",
        DISPATCHERS | RESUMERS | WITHOUT_TOKEN,
        lambda dynamodb, scene: dynamodb.update_item(
            TableName=tasks(scene), Key=task_key(scene), UpdateExpression="REMOVE ttl", **NEVER
        ),
    ),
    "delete a task": call(
        "dynamodb",
        {ADMINISTRATOR},
        lambda dynamodb, scene: dynamodb.delete_item(
            TableName=tasks(scene), Key=task_key(scene), **NEVER
        ),
    ),
    "read an order": call(
        "dynamodb",
        {"get-order-metadata"},
        lambda dynamodb, scene: dynamodb.get_item(TableName=orders(scene), Key=order_key(scene)),
    ),
    "scan orders": call(
        "dynamodb", {ADMINISTRATOR}, lambda dynamodb, scene: dynamodb.scan(TableName=orders(scene))
    ),
    "change an order": call(
        "dynamodb",
        {"process-shipping-result", "close-execution", "order-processing", "order-review"},
        lambda dynamodb, scene: dynamodb.update_item(
            TableName=orders(scene), Key=order_key(scene), UpdateExpression="REMOVE note", **NEVER
        ),
    ),
    "publish to a channel's topic": call(
        "sns",
        {"type-that-a-test-adds"},
        publish,
    ),
    "read a topic's policy": call(
        "sns",
        {ADMINISTRATOR},
        lambda sns, scene: sns.get_topic_attributes(TopicArn=scene.channel()["topic_arn"]),
    ),
    "send a heartbeat": call(
        "stepfunctions",
        RESUMERS,
        lambda states, scene: states.send_task_heartbeat(taskToken=scene.task.token),
    ),
    "complete a task": call(
        "stepfunctions",
        RESUMERS,
        lambda states, scene: states.send_task_success(
            taskToken=scene.task.token,
            output=json.dumps({"shipping_status": "PROCESSING", "tracking_number": "1Z"}),
        ),
        spends_a_task=True,
    ),
    "fail a task": call(
        "stepfunctions",
        RESUMERS,
        lambda states, scene: states.send_task_failure(
            taskToken=scene.task.token, error="CallbackTask.Failed", cause="{}"
        ),
        spends_a_task=True,
    ),
    "read an execution's history": call(
        "stepfunctions",
        RESUMERS,
        lambda states, scene: states.get_execution_history(executionArn=scene.task.execution_arn),
    ),
    "describe an execution": call(
        "stepfunctions",
        DISPATCHERS | RESUMERS | {"close-execution"},
        lambda states, scene: states.describe_execution(executionArn=scene.task.execution_arn),
    ),
    "start an execution": call(
        "stepfunctions",
        {ADMINISTRATOR},
        lambda states, scene: states.start_execution(
            stateMachineArn=scene.platform.outputs["state_machines"]["order_processing"],
            input=json.dumps({"order_id": str(uuid.uuid4())}),
        ),
    ),
    "stop an execution": call(
        "stepfunctions",
        {ADMINISTRATOR},
        lambda states, scene: states.stop_execution(executionArn=scene.task.execution_arn),
        spends_a_task=True,
    ),
    "read a function's environment": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, scene: functions.get_function_configuration(
            FunctionName=function(scene, "external-callback")
        ),
    ),
    "read a function's code": call(
        "lambda",
        {ADMINISTRATOR},
        lambda functions, scene: functions.get_function(
            FunctionName=function(scene, "external-callback")
        ),
    ),
    "invoke a dispatcher": call(
        "lambda",
        {"order-processing"},
        lambda functions, scene: functions.invoke(
            FunctionName=function(scene, DISPATCHER), Payload=b"{}"
        ),
    ),
    "read a function's log": call(
        "logs",
        {ADMINISTRATOR},
        lambda logs, scene: logs.filter_log_events(logGroupName=log_group(scene)),
    ),
    "read a partner's client secret": call(
        "secretsmanager",
        {ADMINISTRATOR},
        lambda secrets, scene: secrets.get_secret_value(
            SecretId=scene.channel(REVIEW)["oauth2"]["client_secret_arns"]["sentinel-review"]
        ),
    ),
    "read a partner's signing secret": call(
        "secretsmanager",
        {WEBHOOK},
        lambda secrets, scene: secrets.get_secret_value(
            SecretId=scene.channel(REVIEW)["oauth2"]["signing_secret_arns"]["sentinel-review"]
        ),
    ),
    "list the partners' clients": call(
        "cognito-idp",
        {ADMINISTRATOR},
        lambda cognito, scene: cognito.list_user_pool_clients(UserPoolId=scene.user_pool_id),
    ),
    "take from the redelivery queue": call(
        "sqs",
        {"redeliver-callback"},
        lambda sqs, scene: sqs.receive_message(
            QueueUrl=scene.platform.outputs["redelivery_queue_url"]
        ),
    ),
    "put on the redelivery queue": call(
        "sqs",
        RESUMERS | {"sweep-due-callbacks", WEBHOOK},
        lambda sqs, scene: sqs.send_message(
            QueueUrl=scene.platform.outputs["redelivery_queue_url"],
            MessageBody="{}",
            DelaySeconds=900,
        ),
    ),
    "take a webhook's messages": call(
        "sqs",
        {WEBHOOK},
        lambda sqs, scene: sqs.receive_message(
            QueueUrl=scene.platform.outputs["webhook_queues"][REVIEW]["sentinel-review"][
                "queue_url"
            ]
        ),
    ),
    # Not even the administrator: through services it is used, which test_rules judges.
    "encrypt with the key": call(
        "kms",
        set(),
        lambda kms, scene: kms.encrypt(KeyId=scene.key_arn, Plaintext=b"x"),
    ),
    "make a data key": call(
        "kms",
        set(),
        lambda kms, scene: kms.generate_data_key(KeyId=scene.key_arn, KeySpec="AES_256"),
    ),
    "describe the key": call(
        "kms", {ADMINISTRATOR}, lambda kms, scene: kms.describe_key(KeyId=scene.key_arn)
    ),
    "read the Terraform state": call(
        "s3",
        {ADMINISTRATOR},
        lambda s3, scene: s3.list_objects_v2(Bucket=f"callbacks-tfstate-{scene.account_id}"),
    ),
    "read a role's policy": call(
        "iam",
        {ADMINISTRATOR},
        lambda iam, scene: iam.get_role(
            RoleName=scene.channel()["callback_roles"]["acme-shipping"].split("/")[-1]
        ),
    ),
    "read the API's stages": call(
        "apigateway",
        {ADMINISTRATOR},
        lambda gateway, scene: gateway.get_stages(
            restApiId=scene.platform.outputs["deployment"]["api_id"]
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_for_those_who_need_it(name: str, scene: Scene) -> None:
    tried = CALLS[name]
    callers = scene.callers.names + [ADMINISTRATOR] * (ADMINISTRATOR in tried.permitted)

    seen = {caller: _outcome(tried, caller, scene) for caller in callers}

    assert tried.permitted <= seen.keys()
    assert seen == {caller: _expected(tried, caller) for caller in callers}


def _expected(tried: Call, caller: str) -> str:
    if caller in tried.permitted:
        return PERMITTED
    if caller in FOREIGN and tried.service in LOOKS_IN_THE_CALLERS_ACCOUNT:
        return NOT_THERE
    return REFUSED


def _outcome(tried: Call, caller: str, scene: Scene) -> str:
    if tried.spends_a_task and caller in tried.permitted:
        scene = scene.with_spare_task()
    try:
        tried.make(scene.callers.client(caller, tried.service), scene)
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
