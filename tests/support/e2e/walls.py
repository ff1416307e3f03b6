"""The walls that policies make: calls, who may make them, and what must not be changed in them.

A new permission, role or condition needs a wall here: test_rules says what no call tries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.e2e.callers import STRANGERS_ACCOUNT
from tools.devenv.environment import ACCOUNTS

ADMINISTRATOR, PARTNER, STRANGER = ACCOUNTS["platform"], ACCOUNTS["partner"], STRANGERS_ACCOUNT
# It may use the key in its own name: terraform/modules/platform/key.tf says why.
EVENTS = "events.amazonaws.com"
SERVICES = {EVENTS} | {
    f"{name}.amazonaws.com"
    for name in ("apigateway", "dynamodb", "lambda", "logs.eu-west-1", "s3", "sns", "states")
}

PREFIX = "callbacks-local-"
SHIPPING, REVIEW = f"{PREFIX}order-shipping-service", f"{PREFIX}order-fraud-review"
SHIPPING_PARTNER, WEBHOOK = f"{SHIPPING}-acme-shipping", f"{REVIEW}-sentinel-review"
PROCESSING_WORKFLOW, REVIEW_WORKFLOW = f"{PREFIX}order-processing", f"{PREFIX}order-review"
CLOSE = f"{PREFIX}close-execution"
EXTERNAL_CALLBACK = f"{PREFIX}external-callback"
GET_ORDER = f"{PREFIX}get-order-metadata"
PROCESS_RESULT = f"{PREFIX}process-shipping-result"
REBUILD = f"{PREFIX}rebuild-tasks"
RECONCILE = f"{PREFIX}reconcile-tasks"
REDELIVER = f"{PREFIX}redeliver-callback"
SWEEP = f"{PREFIX}sweep-due-callbacks"
DISPATCHERS = {SHIPPING, REVIEW}
FUNCTIONS = DISPATCHERS | {
    *(CLOSE, EXTERNAL_CALLBACK, GET_ORDER, PROCESS_RESULT, REBUILD, RECONCILE, REDELIVER, SWEEP),
    WEBHOOK,
}
WORKFLOWS = {PROCESSING_WORKFLOW, REVIEW_WORKFLOW}
ROLES = FUNCTIONS | WORKFLOWS | {SHIPPING_PARTNER}
EVERYONE = ROLES | SERVICES | {ADMINISTRATOR, PARTNER, STRANGER}


def arn(service: str, resource: str, account_id: str = ADMINISTRATOR) -> str:
    return f"arn:aws:{service}:eu-west-1:{account_id}:{resource}"


def role(name: str) -> str:
    return f"arn:aws:iam::{ADMINISTRATOR}:role/{name}"


# In braces: what only the plan knows.
API, KEY, SIGNING_SECRET = arn("execute-api", "{api}"), "{key}", "{signing_secret}"
# With the policy that AWS gives a key: the account's IAM says who may use it.
ANOTHER_KEY = arn("kms", "key/another")
TASKS, ORDERS = (arn("dynamodb", f"table/{PREFIX}{name}") for name in ("CallbackTasks", "Orders"))
TOPIC = arn("sns", SHIPPING)
REDELIVERY = arn("sqs", f"{PREFIX}redelivery")
ANOTHER_TABLE = arn("dynamodb", "table/payroll")
WORKFLOW, ANOTHER_WORKFLOW = (
    arn("states", f"stateMachine:{name}") for name in (PROCESSING_WORKFLOW, "payroll")
)
EXECUTION, ANOTHER_EXECUTION = (
    arn("states", f"execution:{name}:1") for name in (PROCESSING_WORKFLOW, "payroll")
)
LOG_STREAM = "log-group:/aws/lambda/{}:log-stream:2026/11/24"
BUCKET = f"arn:aws:s3:::{PREFIX}packages-{ADMINISTRATOR}"

ANY_KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ADMINISTRATOR}:root"},
        "Action": "kms:*",
        "Resource": "*",
    },
}

TASK = {"dynamodb:LeadingKeys": ["order-1"]}
REGISTRATION = {"dynamodb:LeadingKeys": ["#CHANNEL"]}
WITHOUT_TOKEN = {
    **TASK,
    "dynamodb:Attributes": ["order_id", "status"],
    "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
}
QUEUE_OF_PARTNER = {"sns:Protocol": "sqs", "sns:Endpoint": arn("sqs", "orders", PARTNER)}
EXTERNAL_ID = {"sts:ExternalId": "local-acme-shipping"}


def through(service: str, region: str = "eu-west-1") -> dict[str, str]:
    return {"kms:ViaService": f"{service}.{region}.amazonaws.com"}


def environment_of(function: str) -> dict[str, str]:
    return {
        **through("lambda"),
        "kms:EncryptionContext:aws:lambda:FunctionArn": arn("lambda", f"function:{function}"),
    }


@dataclass(frozen=True)
class Wall:
    """A call, and who may make it: everyone else is refused.

    `changes` are calls that differ in one thing. Each may be made by nobody, but for an
    administrator that may make the call itself, or by whom it says to be `allowed`.
    """

    action: str
    resource: str
    allowed: set[str]
    context: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def calls(self, name: str) -> "dict[str, Wall]":
        """The call itself and the changed ones."""
        kept = {"allowed": self.allowed & {ADMINISTRATOR}}
        changed = {
            f"{name}: {how}": replace(self, **{**kept, **change})
            for how, change in self.changes.items()
        }
        assert all(
            sum(getattr(self, part) != getattr(call, part) for part in ("action", "resource"))
            + (self.context != call.context)
            == 1
            for call in changed.values()
        )
        return {name: self, **changed}


WALLS: dict[str, Wall] = {
    "a partner's callback role sends callbacks for its channel": Wall(
        "execute-api:Invoke",
        f"{API}/local/POST/externalCallback/ORDER_SHIPPING_SERVICE",
        {SHIPPING_PARTNER, ADMINISTRATOR},
        changes={
            "another channel": {
                "resource": f"{API}/local/POST/externalCallback/ORDER_FRAUD_REVIEW"
            },
            "another version": {
                "resource": f"{API}/local/POST/externalCallback/ORDER_SHIPPING_SERVICE/v2"
            },
            "another method": {
                "resource": f"{API}/local/GET/externalCallback/ORDER_SHIPPING_SERVICE"
            },
            "another stage": {
                "resource": f"{API}/test/POST/externalCallback/ORDER_SHIPPING_SERVICE"
            },
            "another API": {
                "resource": arn(
                    "execute-api", "other/local/POST/externalCallback/ORDER_SHIPPING_SERVICE"
                )
            },
        },
    ),
    "a partner assumes its callback role": Wall(
        "sts:AssumeRole",
        role(SHIPPING_PARTNER),
        {PARTNER},
        EXTERNAL_ID,
        {
            "without its external id": {"context": {}},
            "another external id": {"context": {"sts:ExternalId": "local-other"}},
            "another role": {
                "resource": role(EXTERNAL_CALLBACK),
                "allowed": {"lambda.amazonaws.com"},
            },
        },
    ),
    "a partner subscribes queues of its own account": Wall(
        "sns:Subscribe",
        TOPIC,
        {PARTNER, ADMINISTRATOR},
        QUEUE_OF_PARTNER,
        {
            **{
                f"an endpoint by {protocol}": {
                    "context": {"sns:Protocol": protocol, "sns:Endpoint": endpoint}
                }
                for protocol, endpoint in {
                    "https": "https://hooks.example.com/",
                    "http": "http://hooks.example.com/",
                    "email": "someone@example.com",
                    "sms": "+15555550100",
                    "lambda": arn("lambda", "function:orders", PARTNER),
                    "firehose": arn("firehose", "deliverystream/orders", PARTNER),
                }.items()
            },
            "another protocol": {"context": {**QUEUE_OF_PARTNER, "sns:Protocol": "lambda"}},
            "a queue of a stranger": {
                "context": {
                    **QUEUE_OF_PARTNER,
                    "sns:Endpoint": arn("sqs", "orders", STRANGER),
                }
            },
            "a queue of the platform": {
                "context": {**QUEUE_OF_PARTNER, "sns:Endpoint": REDELIVERY}
            },
            "another topic": {"resource": arn("sns", REVIEW)},
        },
    ),
    "nobody changes a topic but administrators": Wall(
        "sns:SetTopicAttributes",
        TOPIC,
        {ADMINISTRATOR},
        changes={"to let others in": {"action": "sns:AddPermission"}},
    ),
    "a dispatcher publishes to its topic, and not even an administrator does": Wall(
        "sns:Publish",
        TOPIC,
        {SHIPPING},
        changes={
            "another topic": {"resource": arn("sns", REVIEW), "allowed": {REVIEW}},
            "one of others": {"resource": arn("sns", "alarms"), "allowed": {ADMINISTRATOR}},
        },
    ),
    "no function writes a registration": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {
            *(CLOSE, EXTERNAL_CALLBACK, REBUILD, RECONCILE, REDELIVER, SWEEP, WEBHOOK),
            *DISPATCHERS,
            ADMINISTRATOR,
        },
        TASK,
        {
            "a registration": {"context": REGISTRATION},
            "a task and a registration": {
                "context": {"dynamodb:LeadingKeys": ["order-1", "#CHANNEL"]}
            },
            "a new task": {
                "action": "dynamodb:PutItem",
                "allowed": {REBUILD, *DISPATCHERS, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
            "by statement": {"action": "dynamodb:PartiQLUpdate"},
            "to delete it": {"action": "dynamodb:DeleteItem"},
        },
    ),
    "no function puts a registration": Wall(
        "dynamodb:PutItem",
        TASKS,
        {REBUILD, *DISPATCHERS, ADMINISTRATOR},
        TASK,
        {"a registration": {"context": REGISTRATION}},
    ),
    "tokens are read by those who send them, and by dispatchers": Wall(
        "dynamodb:GetItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, *DISPATCHERS, ADMINISTRATOR},
        TASK,
        {
            "by statement": {"action": "dynamodb:PartiQLSelect"},
        },
    ),
    "registrations are read by those who know a channel": Wall(
        "dynamodb:GetItem",
        TASKS,
        {EXTERNAL_CALLBACK, REBUILD, REDELIVER, *DISPATCHERS, ADMINISTRATOR},
        REGISTRATION,
        {"in another table": {"resource": ANOTHER_TABLE}},
    ),
    "no function reads all tasks": Wall("dynamodb:Scan", TASKS, {ADMINISTRATOR}),
    "tasks are queried without their tokens": Wall(
        "dynamodb:Query",
        TASKS,
        {CLOSE, REBUILD, RECONCILE, SWEEP, WEBHOOK, ADMINISTRATOR},
        WITHOUT_TOKEN,
        {
            "with the token": {
                "context": {**WITHOUT_TOKEN, "dynamodb:Attributes": ["order_id", "task_token"]}
            },
            "whole": {"context": {**WITHOUT_TOKEN, "dynamodb:Select": "ALL_ATTRIBUTES"}},
            "in another table": {"resource": ANOTHER_TABLE},
            "in the index": {
                "resource": f"{TASKS}/index/due",
                "allowed": {RECONCILE, SWEEP, ADMINISTRATOR},
            },
        },
    ),
    **{
        f"the platform's workflows are resumed by two functions, by {action}": Wall(
            f"states:SendTask{action}",
            WORKFLOW,
            {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
            changes={
                "another workflow of the account": {"resource": ANOTHER_WORKFLOW},
            },
        )
        for action in ("Success", "Failure", "Heartbeat")
    },
    "executions of the platform's workflows are described": Wall(
        "states:DescribeExecution",
        EXECUTION,
        {CLOSE, EXTERNAL_CALLBACK, RECONCILE, REDELIVER, *DISPATCHERS, ADMINISTRATOR},
        changes={"another workflow's": {"resource": ANOTHER_EXECUTION}},
    ),
    "histories of the platform's executions, which have tokens, are read": Wall(
        "states:GetExecutionHistory",
        EXECUTION,
        {EXTERNAL_CALLBACK, REBUILD, REDELIVER, ADMINISTRATOR},
        changes={"another workflow's": {"resource": ANOTHER_EXECUTION}},
    ),
    "rebuild_tasks finds the executions of the platform's workflows": Wall(
        "states:ListExecutions",
        WORKFLOW,
        {REBUILD, ADMINISTRATOR},
        changes={"another workflow's": {"resource": ANOTHER_WORKFLOW}},
    ),
    "workflows are started and stopped by administrators": Wall(
        "states:StartExecution",
        WORKFLOW,
        {ADMINISTRATOR},
        changes={"to change it": {"action": "states:UpdateStateMachine"}},
    ),
    "a signing secret is read by the function that signs": Wall(
        "secretsmanager:GetSecretValue",
        SIGNING_SECRET,
        {WEBHOOK, ADMINISTRATOR},
        changes={
            "to replace it": {"action": "secretsmanager:PutSecretValue"},
            "another secret": {"resource": arn("secretsmanager", "secret:other-AbCdEf")},
        },
    ),
    "the key decrypts through services only, for administrators as well": Wall(
        "kms:Decrypt",
        KEY,
        {*FUNCTIONS, *WORKFLOWS, ADMINISTRATOR, EVENTS},
        through("dynamodb"),
        {
            "directly": {"context": {}, "allowed": {EVENTS}},
            "through another service": {"context": through("ec2"), "allowed": {EVENTS}},
            "in another region": {
                "context": through("dynamodb", "us-east-1"),
                "allowed": {EVENTS},
            },
            "another key": {"resource": ANOTHER_KEY},
        },
    ),
    "secrets are decrypted through Secrets Manager": Wall(
        "kms:Decrypt", KEY, {WEBHOOK, ADMINISTRATOR, EVENTS}, through("secretsmanager")
    ),
    **{
        f"{name} decrypts its own environment": Wall(
            "kms:Decrypt",
            KEY,
            {name, ADMINISTRATOR, EVENTS},
            environment_of(name),
            {
                "another's": {
                    "context": environment_of("other"),
                    "allowed": {ADMINISTRATOR, EVENTS},
                },
                "another key": {"resource": ANOTHER_KEY},
            },
        )
        for name in sorted(FUNCTIONS)
    },
    "the key is granted to services only": Wall(
        "kms:CreateGrant",
        KEY,
        {ADMINISTRATOR},
        {**through("dynamodb"), "kms:GrantIsForAWSResource": "true"},
        {
            "to anybody": {
                "context": {**through("dynamodb"), "kms:GrantIsForAWSResource": "false"},
                "allowed": set(),
            },
            "directly": {"context": {"kms:GrantIsForAWSResource": "true"}, "allowed": set()},
        },
    ),
    "the key is administered by the account": Wall("kms:PutKeyPolicy", KEY, {ADMINISTRATOR}),
    "the platform's topics deliver to encrypted queues": Wall(
        "kms:GenerateDataKey",
        KEY,
        {"sns.amazonaws.com", EVENTS},
        {"aws:SourceArn": TOPIC},
        {
            "a stranger's topic": {
                "context": {"aws:SourceArn": arn("sns", SHIPPING, STRANGER)},
                "allowed": {EVENTS},
            },
        },
    ),
    **{
        f"a channel's topic delivers to {queue}": Wall(
            "sqs:SendMessage",
            arn("sqs", queue),
            {"sns.amazonaws.com", WEBHOOK, ADMINISTRATOR},
            {"aws:SourceArn": arn("sns", REVIEW)},
            {
                "another topic": {
                    "context": {"aws:SourceArn": TOPIC},
                    "allowed": {WEBHOOK, ADMINISTRATOR},
                },
                "to empty it": {"action": "sqs:PurgeQueue"},
            },
        )
        for queue in (WEBHOOK, f"{WEBHOOK}-dead-letter")
    },
    "messages for a webhook are read by the function that delivers them": Wall(
        "sqs:ReceiveMessage", arn("sqs", WEBHOOK), {WEBHOOK, ADMINISTRATOR}
    ),
    "events that close_execution has not taken are kept": Wall(
        "sqs:SendMessage",
        arn("sqs", f"{CLOSE}-dead-letter"),
        {EVENTS, CLOSE, ADMINISTRATOR},
        {"aws:SourceArn": arn("events", f"rule/{CLOSE}")},
        {
            "another rule": {
                "context": {"aws:SourceArn": arn("events", f"rule/{SWEEP}")},
                "allowed": {CLOSE, ADMINISTRATOR},
            }
        },
    ),
    "outcomes are queued for redelivery by functions": Wall(
        "sqs:SendMessage",
        REDELIVERY,
        {EXTERNAL_CALLBACK, REDELIVER, SWEEP, WEBHOOK, ADMINISTRATOR},
        changes={
            "to read them": {
                "action": "sqs:ReceiveMessage",
                "allowed": {REDELIVER, ADMINISTRATOR},
            },
            "to empty it": {"action": "sqs:PurgeQueue"},
        },
    ),
    "orders are written by those who work on them": Wall(
        "dynamodb:UpdateItem",
        ORDERS,
        {CLOSE, GET_ORDER, PROCESS_RESULT, RECONCILE, *WORKFLOWS, ADMINISTRATOR},
        {"dynamodb:LeadingKeys": ["order-1"]},
        {"to read them": {"action": "dynamodb:GetItem"}},
    ),
    "callback routes invoke external_callback": Wall(
        "lambda:InvokeFunction",
        arn("lambda", f"function:{EXTERNAL_CALLBACK}"),
        {"apigateway.amazonaws.com", ADMINISTRATOR},
        {"aws:SourceArn": f"{API}/local/POST/externalCallback/ORDER_SHIPPING_SERVICE"},
        {
            "another stage": {
                "context": {
                    "aws:SourceArn": f"{API}/test/POST/externalCallback/ORDER_SHIPPING_SERVICE"
                }
            },
            "another API": {
                "context": {
                    "aws:SourceArn": arn("execute-api", "other/local/POST/externalCallback/X")
                }
            },
            "to change it": {"action": "lambda:UpdateFunctionCode"},
        },
    ),
    **{
        f"its rule invokes {function}": Wall(
            "lambda:InvokeFunction",
            arn("lambda", f"function:{function}"),
            {EVENTS, ADMINISTRATOR},
            {"aws:SourceArn": arn("events", f"rule/{function}")},
            {"another rule": {"context": {"aws:SourceArn": arn("events", "rule/other")}}},
        )
        for function in (CLOSE, RECONCILE, SWEEP)
    },
    "rebuild_tasks is invoked by whom the account lets": Wall(
        "lambda:InvokeFunction", arn("lambda", f"function:{REBUILD}"), {ADMINISTRATOR}
    ),
    "a dispatcher is invoked by the workflows that wait on its channel": Wall(
        "lambda:InvokeFunction",
        arn("lambda", f"function:{SHIPPING}"),
        {PROCESSING_WORKFLOW, ADMINISTRATOR},
        changes={
            "another's": {
                "resource": arn("lambda", f"function:{REVIEW}"),
                "allowed": {REVIEW_WORKFLOW, ADMINISTRATOR},
            }
        },
    ),
    **{
        f"the role of {name} is for Lambda": Wall(
            "sts:AssumeRole", role(name), {"lambda.amazonaws.com"}
        )
        for name in sorted(FUNCTIONS)
    },
    **{
        f"the role of {name} is for that workflow": Wall(
            "sts:AssumeRole",
            role(name),
            {"states.amazonaws.com"},
            {"aws:SourceArn": arn("states", f"stateMachine:{name}")},
            {
                "another workflow": {"context": {"aws:SourceArn": ANOTHER_WORKFLOW}},
                "nobody's": {"context": {}},
            },
        )
        for name in sorted(WORKFLOWS)
    },
    "a function writes its own log": Wall(
        "logs:PutLogEvents",
        arn("logs", LOG_STREAM.format(EXTERNAL_CALLBACK)),
        {EXTERNAL_CALLBACK, ADMINISTRATOR},
        changes={
            "another's": {
                "resource": arn("logs", LOG_STREAM.format(SWEEP)),
                "allowed": {SWEEP, ADMINISTRATOR},
            },
            "to read it": {"action": "logs:GetLogEvents"},
            "to delete it": {"action": "logs:DeleteLogStream"},
        },
    ),
    "packages are written by TLS only": Wall(
        "s3:PutObject",
        f"{BUCKET}/lambdas.zip",
        {ADMINISTRATOR},
        changes={"in the clear": {"context": {"aws:SecureTransport": "false"}, "allowed": set()}},
    ),
}
CALLS = {name: call for wall in WALLS for name, call in WALLS[wall].calls(wall).items()}
