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
    for name in {
        *("apigateway", "delivery.logs", "dynamodb", "lambda", "logs.eu-west-1"),
        *("s3", "sns", "states"),
    }
}

PREFIX = "callbacks-local-"
SHIPPING, REVIEW = f"{PREFIX}order-shipping-service", f"{PREFIX}order-fraud-review"
SHIPPING_PARTNER, WEBHOOK = f"{SHIPPING}-acme-shipping", f"{REVIEW}-sentinel-review"
PROCESSING_WORKFLOW, REVIEW_WORKFLOW = f"{PREFIX}order-processing", f"{PREFIX}order-review"
CLOSE = f"{PREFIX}close-execution"
END_SUBSCRIPTIONS = f"{PREFIX}end-subscriptions"
ERASE = f"{PREFIX}erase-order"
EXTERNAL_CALLBACK = f"{PREFIX}external-callback"
GET_ORDER = f"{PREFIX}get-order-metadata"
PROCESS_RESULT = f"{PREFIX}process-shipping-result"
REBUILD = f"{PREFIX}rebuild-tasks"
RECONCILE = f"{PREFIX}reconcile-tasks"
REDELIVER = f"{PREFIX}redeliver-callback"
SWEEP = f"{PREFIX}sweep-due-callbacks"
DISPATCHERS = {SHIPPING, REVIEW}
FUNCTIONS = DISPATCHERS | {
    *(CLOSE, END_SUBSCRIPTIONS, ERASE, EXTERNAL_CALLBACK, GET_ORDER, PROCESS_RESULT, REBUILD),
    *(RECONCILE, REDELIVER, SWEEP, WEBHOOK),
}
WITHOUT_TOKEN = {CLOSE, ERASE, REBUILD, RECONCILE, SWEEP}
WORKFLOWS = {PROCESSING_WORKFLOW, REVIEW_WORKFLOW}
DEPLOY = "deploy-callbacks-local"
ROLES = FUNCTIONS | WORKFLOWS | {SHIPPING_PARTNER, DEPLOY}
EVERYONE = ROLES | SERVICES | {ADMINISTRATOR, PARTNER, STRANGER}


def arn(service: str, resource: str, account_id: str = ADMINISTRATOR) -> str:
    return f"arn:aws:{service}:eu-west-1:{account_id}:{resource}"


def role(name: str) -> str:
    return f"arn:aws:iam::{ADMINISTRATOR}:role/{name}"


# In braces: what only the plan knows.
API, KEY = arn("execute-api", "{api}"), "{key}"
SIGNING_SECRET, CLIENT_SECRET = "{signing_secret}", "{client_secret}"
# With the policy that AWS gives a key: the account's IAM says who may use it.
ANOTHER_KEY = arn("kms", "key/another")
KEY_ELSEWHERE = ANOTHER_KEY.replace("eu-west-1", "us-east-1")
TASKS, ORDERS = (arn("dynamodb", f"table/{PREFIX}{name}") for name in ("CallbackTasks", "Orders"))
TOPIC, REVIEW_TOPIC = arn("sns", SHIPPING), arn("sns", REVIEW)
REDELIVERY, REPORTS = (arn("sqs", f"{PREFIX}{name}") for name in ("redelivery", "reports"))
ANOTHER_TABLE = arn("dynamodb", "table/payroll")
WORKFLOW, ANOTHER_WORKFLOW = (
    arn("states", f"stateMachine:{name}") for name in (PROCESSING_WORKFLOW, "payroll")
)
BOUNDARY = f"arn:aws:iam::{ADMINISTRATOR}:policy/{PREFIX}boundary"
EXECUTION, ANOTHER_EXECUTION = (
    arn("states", f"execution:{name}:1") for name in (PROCESSING_WORKFLOW, "payroll")
)
LOG_STREAM = "log-group:/aws/lambda/{}:log-stream:2026/11/24"
BUCKET = f"arn:aws:s3:::{PREFIX}packages-{ADMINISTRATOR}"
STATES = f"arn:aws:s3:::callbacks-tfstate-{ADMINISTRATOR}"
INTERFACE = arn("ec2", "network-interface/eni-1")
POOL = arn("cognito-idp", "userpool/eu-west-1_1")

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
REGISTRATION_KEY = {"dynamodb:LeadingKeys": ["#CHANNEL"]}
REGISTRATION = {**REGISTRATION_KEY, "dynamodb:Select": "ALL_ATTRIBUTES"}
QUEUE_OF_PARTNER = {"sns:Protocol": "sqs", "sns:Endpoint": arn("sqs", "orders", PARTNER)}
QUEUE_OF_WEBHOOK = {"sns:Protocol": "sqs", "sns:Endpoint": arn("sqs", WEBHOOK)}
EXTERNAL_ID = {"sts:ExternalId": "local-acme-shipping"}
OF_THE_PLATFORM = {"aws:ResourceTag/callback-channels:root": "platform"}
NEW_OF_THE_PLATFORM = {"aws:RequestTag/callback-channels:root": "platform"}


def through(service: str, region: str = "eu-west-1") -> dict[str, str]:
    return {"kms:ViaService": f"{service}.{region}.amazonaws.com"}


def environment_of(function: str) -> dict[str, str]:
    return {
        **through("lambda"),
        "kms:EncryptionContext:aws:lambda:FunctionArn": arn("lambda", f"function:{function}"),
    }


def of_attributes(*names: str, returned: str = "NONE") -> dict[str, Any]:
    """Of a write: what it names, and what it reads back."""
    return {**TASK, "dynamodb:Attributes": list(names), "dynamodb:ReturnValues": returned}


def reading(*names: str) -> dict[str, Any]:
    return {**TASK, "dynamodb:Attributes": list(names), "dynamodb:Select": "SPECIFIC_ATTRIBUTES"}


def history_of(workflow: str) -> dict[str, str]:
    machine = arn("states", f"stateMachine:{workflow}")
    return {"kms:EncryptionContext:aws:states:stateMachineArn": machine}


def logs_of(account_id: str) -> dict[str, str]:
    return {"kms:EncryptionContext:SourceArn": arn("logs", "*", account_id)}


WHOLE = {**TASK, "dynamodb:Select": "ALL_ATTRIBUTES"}
REGISTERED = ("order_id", "status", "task_token")
CLOSED = ("closed_at", "order_id", "status")
LEASED = ("due_at", "order_id", "queued_at")
STATUS = ("callback_id", "order_id", "status", "task_type")
OPEN_WORK = ("deadline", "order_id", "status", "task_type")
TAKEN_UP = ("execution_arn", "order_id")
OUTCOME_ATTRIBUTES = ("outcome", "outcome_digest", "principal")


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


def refused(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Calls that are not even an administrator's."""
    return {how: {**change, "allowed": set()} for how, change in changes.items()}


def deploys(
    action: str,
    own: str,
    context: Mapping[str, Any] | None = None,
    **changes: Mapping[str, Any],
) -> Wall:
    """A call of the role that applies the platform; `own` has the platform's prefix."""
    others = {"another's": {"resource": own.replace(PREFIX, "payroll-")}} if PREFIX in own else {}
    return Wall(action, own, {DEPLOY, ADMINISTRATOR}, context or {}, others | changes)


DEPLOYS = (
    deploys("cloudwatch:PutMetricAlarm", arn("cloudwatch", f"alarm:{PREFIX}sweep")),
    deploys("lambda:DeleteFunction", arn("lambda", f"function:{SWEEP}")),
    deploys("logs:DeleteLogGroup", arn("logs", f"log-group:/aws/lambda/{SWEEP}")),
    deploys("sqs:DeleteQueue", REDELIVERY),
    deploys("sns:DeleteTopic", TOPIC),
    deploys("events:PutRule", arn("events", f"rule/{SWEEP}")),
    deploys("states:DeleteStateMachine", WORKFLOW),
    deploys("dynamodb:DeleteTable", TASKS),
    deploys("secretsmanager:DeleteSecret", arn("secretsmanager", f"secret:{PREFIX}x-AbCdEf")),
    deploys("iam:DeleteRole", role(SWEEP), itself={"resource": role(DEPLOY)}),
    deploys(
        "kms:CreateAlias",
        arn("kms", "alias/callbacks-local"),
        another={"resource": arn("kms", "alias/payroll")},
    ),
    deploys(
        "s3:PutObject",
        f"{STATES}/platform/local.tfstate",
        bootstrap={"resource": f"{STATES}/bootstrap/local.tfstate"},
    ),
    deploys(
        "apigateway:PATCH",
        "arn:aws:apigateway:eu-west-1::/restapis/{api}",
        another={"resource": "arn:aws:apigateway:eu-west-1::/vpclinks/1"},
    ),
    deploys(
        "wafv2:AssociateWebACL",
        arn("wafv2", "regional/webacl/callbacks/1"),
        another={"resource": arn("elasticloadbalancing", "loadbalancer/app/payroll/1")},
    ),
    deploys(
        "iam:CreateRole",
        role(SWEEP),
        {"iam:PermissionsBoundary": BOUNDARY},
        unbounded={"context": {}},
        bounded_otherwise={
            "context": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
        },
        itself={"resource": role(DEPLOY)},
    ),
    deploys(
        "iam:PassRole",
        role(SWEEP),
        {"iam:PassedToService": "lambda.amazonaws.com"},
        to_another_service={"context": {"iam:PassedToService": "ec2.amazonaws.com"}},
    ),
    deploys(
        "lambda:UpdateEventSourceMapping",
        arn("lambda", "event-source-mapping:1"),
        {"lambda:FunctionArn": arn("lambda", f"function:{WEBHOOK}")},
        another={"context": {"lambda:FunctionArn": arn("lambda", "function:payroll")}},
    ),
    deploys("kms:CreateKey", "*", NEW_OF_THE_PLATFORM, without_a_tag={"context": {}}),
    deploys("cognito-idp:CreateUserPool", POOL, NEW_OF_THE_PLATFORM, without_a_tag={"context": {}}),
    deploys(
        "cognito-idp:DeleteUserPool",
        POOL,
        OF_THE_PLATFORM,
        without_a_tag={"context": {}},
        elsewhere={"resource": POOL.replace("eu-west-1", "us-east-1")},
    ),
    deploys(
        "kms:Decrypt",
        ANOTHER_KEY,
        {"kms:ResourceAliases": ["alias/callbacks-tfstate"]},
        another={"context": {"kms:ResourceAliases": ["alias/payroll"]}},
        elsewhere={"resource": KEY_ELSEWHERE},
    ),
)
DEPLOY_WALLS = {
    **{f"the role that applies the platform may {wall.action}": wall for wall in DEPLOYS},
    **{
        f"the role that applies the platform may not {action}": Wall(
            action, resource, {ADMINISTRATOR}
        )
        for action, resource in {
            "iam:AttachRolePolicy": role(SWEEP),
            "iam:DeleteRolePermissionsBoundary": role(SWEEP),
            "iam:CreatePolicyVersion": BOUNDARY,
            "iam:CreateUser": f"arn:aws:iam::{ADMINISTRATOR}:user/{PREFIX}user",
        }.items()
    },
    "the role that applies the platform is assumed by whom it trusts": Wall(
        "sts:AssumeRole", role(DEPLOY), {ADMINISTRATOR}
    ),
}

WALLS: dict[str, Wall] = {
    "a partner's callback role sends callbacks for its channel": Wall(
        "execute-api:Invoke",
        f"{API}/local/POST/externalCallback/ORDER_SHIPPING_SERVICE",
        {SHIPPING_PARTNER, ADMINISTRATOR},
        {"aws:SourceIp": "198.51.100.7"},
        {
            "another address": {"context": {"aws:SourceIp": "198.51.101.7"}},
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
            "another role": {"resource": role(EXTERNAL_CALLBACK)},
        },
    ),
    "a partner subscribes queues of its own account": Wall(
        "sns:Subscribe",
        TOPIC,
        {PARTNER, DEPLOY, ADMINISTRATOR},
        QUEUE_OF_PARTNER,
        refused(
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
                "another topic": {"resource": REVIEW_TOPIC},
            }
        ),
    ),
    "a webhook's own queue subscribes, and no other even for an administrator": Wall(
        "sns:Subscribe",
        REVIEW_TOPIC,
        {DEPLOY, ADMINISTRATOR},
        QUEUE_OF_WEBHOOK,
        refused(
            {
                "another protocol": {"context": {**QUEUE_OF_WEBHOOK, "sns:Protocol": "lambda"}},
                **{
                    how: {"context": {**QUEUE_OF_WEBHOOK, "sns:Endpoint": endpoint}}
                    for how, endpoint in {
                        "another queue of the platform": arn("sqs", f"{PREFIX}spy"),
                        "a partner's": arn("sqs", "orders", PARTNER),
                        "its namesake elsewhere": arn("sqs", WEBHOOK).replace("eu-west", "us-east"),
                        "one whose name begins so": arn("sqs", f"{WEBHOOK}-spy"),
                    }.items()
                },
            }
        ),
    ),
    "subscriptions are listed by the function that ends them": Wall(
        "sns:ListSubscriptionsByTopic",
        TOPIC,
        {END_SUBSCRIPTIONS, DEPLOY, ADMINISTRATOR},
        changes={"of another's topic": {"resource": arn("sns", "payroll")}},
    ),
    "subscriptions are ended by the function for it": Wall(
        "sns:Unsubscribe", TOPIC, {END_SUBSCRIPTIONS, DEPLOY, ADMINISTRATOR}
    ),
    "nobody changes a topic but administrators": Wall(
        "sns:SetTopicAttributes",
        TOPIC,
        {DEPLOY, ADMINISTRATOR},
        changes={"to let others in": {"action": "sns:AddPermission"}},
    ),
    "a dispatcher publishes to its topic, and not even an administrator does": Wall(
        "sns:Publish",
        TOPIC,
        {SHIPPING},
        changes={
            "another topic": {"resource": REVIEW_TOPIC, "allowed": {REVIEW}},
            "one of others": {"resource": arn("sns", "alarms"), "allowed": {ADMINISTRATOR}},
        },
    ),
    "outcomes are recorded by those who take and send them": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
        of_attributes("order_id", "outcome", "status"),
        {
            "a registration": {
                "context": {**of_attributes("order_id", "outcome", "status"), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "a task and a registration": {
                "context": {
                    **of_attributes("order_id", "outcome", "status"),
                    "dynamodb:LeadingKeys": ["order-1", "#CHANNEL"],
                }
            },
            "in another table": {"resource": ANOTHER_TABLE},
            "by statement": {"action": "dynamodb:PartiQLUpdate"},
        },
    ),
    **{
        f"nobody else writes {' and '.join(attributes)} of a task by {action}": Wall(
            f"dynamodb:{action}", TASKS, {*who, ADMINISTRATOR}, of_attributes(*attributes)
        )
        for action, attributes, who in (
            ("UpdateItem", ("order_id",), {EXTERNAL_CALLBACK, REDELIVER, SWEEP}),
            ("UpdateItem", ("order_id", "status"), {EXTERNAL_CALLBACK, REDELIVER}),
            ("PutItem", ("order_id", "status"), {CLOSE, RECONCILE, REBUILD, *DISPATCHERS}),
        )
    },
    "due tasks are leased by the sweep": Wall(
        "dynamodb:UpdateItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, SWEEP, ADMINISTRATOR},
        of_attributes(*LEASED),
        {
            **{
                f"with {name}": {
                    "context": of_attributes(*LEASED, name),
                    "allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
                }
                for name in (*OUTCOME_ATTRIBUTES, "status", "task_token")
            },
            "and read back": {
                "context": of_attributes(*LEASED, returned="ALL_NEW"),
                "allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
            },
            "a registration": {
                "context": {**of_attributes(*LEASED), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    **{
        f"a task is {how} without an outcome, and without reading the former": Wall(
            "dynamodb:PutItem",
            TASKS,
            {*who, ADMINISTRATOR},
            of_attributes(*attributes),
            {
                **{
                    f"with {name}": {"context": of_attributes(*attributes, name)}
                    for name in (*OUTCOME_ATTRIBUTES, *others)
                },
                "and read back": {"context": of_attributes(*attributes, returned="ALL_OLD")},
                "a registration": {
                    "context": {**of_attributes(*attributes), **REGISTRATION_KEY},
                    "allowed": {DEPLOY, ADMINISTRATOR},
                },
                "in another table": {"resource": ANOTHER_TABLE},
            },
        )
        for how, who, attributes, others in (
            ("registered", {REBUILD, *DISPATCHERS}, REGISTERED, ("closed_at",)),
            ("closed", {CLOSE, RECONCILE}, CLOSED, ("task_token",)),
        )
    },
    "tasks are erased by the function for it, unread": Wall(
        "dynamodb:DeleteItem",
        TASKS,
        {ERASE, ADMINISTRATOR},
        {**TASK, "dynamodb:ReturnValues": "NONE"},
        {
            "and read back": {"context": {**TASK, "dynamodb:ReturnValues": "ALL_OLD"}},
            "a registration": {
                "context": {**REGISTRATION_KEY, "dynamodb:ReturnValues": "NONE"},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "tokens are read by those who send them": Wall(
        "dynamodb:GetItem",
        TASKS,
        {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
        WHOLE,
        {
            "in another table": {"resource": ANOTHER_TABLE},
            "by statement": {"action": "dynamodb:PartiQLSelect"},
        },
    ),
    **{
        f"of a task {who} reads {what} and no more": Wall(
            "dynamodb:GetItem",
            TASKS,
            {EXTERNAL_CALLBACK, REDELIVER, who, ADMINISTRATOR},
            reading(*attributes),
            {
                how: {"allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR}, "context": context}
                for how, context in {
                    "with its token": reading(*attributes, "task_token"),
                    "with its outcome": reading(*attributes, "outcome"),
                    "whole": {**reading(*attributes), "dynamodb:Select": "ALL_ATTRIBUTES"},
                    "whole, without naming anything": WHOLE,
                }.items()
                if (who, how) != (DEPLOY, "whole")
            }
            | {"in another table": {"resource": ANOTHER_TABLE}},
        )
        for who, what, attributes in (
            (WEBHOOK, "whether somebody waits", STATUS),
            (DEPLOY, "until when", OPEN_WORK),
        )
    },
    "registrations are read by those who know a channel": Wall(
        "dynamodb:GetItem",
        TASKS,
        {
            *(EXTERNAL_CALLBACK, REBUILD, REDELIVER, END_SUBSCRIPTIONS, DEPLOY, ADMINISTRATOR),
            *DISPATCHERS,
        },
        REGISTRATION,
        {
            "a task": {
                "context": WHOLE,
                "allowed": {EXTERNAL_CALLBACK, REDELIVER, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "registrations are listed to end subscriptions, as tasks are listed for others": Wall(
        "dynamodb:Query",
        TASKS,
        {END_SUBSCRIPTIONS, DEPLOY, *WITHOUT_TOKEN, ADMINISTRATOR},
        {**reading("order_id", "status"), **REGISTRATION_KEY},
        {
            "with a token": {
                "context": {**reading("order_id", "task_token"), **REGISTRATION_KEY},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "whole": {
                "context": {**reading("order_id", "status"), **REGISTRATION},
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "tasks": {
                "context": reading("order_id", "status"),
                "allowed": {*WITHOUT_TOKEN, ADMINISTRATOR},
            },
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "no function reads all tasks": Wall("dynamodb:Scan", TASKS, {ADMINISTRATOR}),
    "tasks are queried without their tokens": Wall(
        "dynamodb:Query",
        TASKS,
        {*WITHOUT_TOKEN, ADMINISTRATOR},
        reading("order_id", "status"),
        {
            "with the token": {"context": reading("order_id", "task_token")},
            "whole": {
                "context": {**reading("order_id", "status"), "dynamodb:Select": "ALL_ATTRIBUTES"}
            },
            "in another table": {"resource": ANOTHER_TABLE},
            "in the index": {
                "resource": f"{TASKS}/index/due",
                "allowed": {RECONCILE, SWEEP, DEPLOY, ADMINISTRATOR},
            },
            "in another table's index": {"resource": f"{ANOTHER_TABLE}/index/due"},
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
        {CLOSE, ERASE, EXTERNAL_CALLBACK, RECONCILE, REDELIVER, *DISPATCHERS, ADMINISTRATOR},
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
        changes={
            "to change it": {
                "action": "states:UpdateStateMachine",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
        },
    ),
    "a signing secret is read by the function that signs, and by whom the account names": Wall(
        "secretsmanager:GetSecretValue",
        SIGNING_SECRET,
        {WEBHOOK, DEPLOY},
        changes={
            "to replace it": {
                "action": "secretsmanager:PutSecretValue",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
            "another secret": {
                "resource": arn("secretsmanager", "secret:other-AbCdEf"),
                "allowed": {ADMINISTRATOR},
            },
        },
    ),
    "a client's secret is read by whom the account names": Wall(
        "secretsmanager:GetSecretValue", CLIENT_SECRET, {DEPLOY}
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
    "histories are decrypted by those who read or describe executions": Wall(
        "kms:Decrypt",
        KEY,
        {CLOSE, EXTERNAL_CALLBACK, REBUILD, RECONCILE, REDELIVER, ADMINISTRATOR, EVENTS},
        through("states"),
    ),
    **{
        f"{name} encrypts its own histories": Wall(
            "kms:GenerateDataKey",
            KEY,
            {name, EVENTS},
            history_of(name),
            {
                "another's": {"context": history_of("payroll"), "allowed": {EVENTS}},
                "anything": {"context": {}, "allowed": {EVENTS}},
                "another key": {"resource": ANOTHER_KEY, "allowed": {ADMINISTRATOR}},
            },
        )
        for name in sorted(WORKFLOWS)
    },
    "workflows encrypt what they log": Wall(
        "kms:GenerateDataKey",
        KEY,
        {*WORKFLOWS, EVENTS},
        logs_of(ADMINISTRATOR),
        {
            "for another account": {"context": logs_of(STRANGER), "allowed": {EVENTS}},
            "another key": {"resource": ANOTHER_KEY, "allowed": {ADMINISTRATOR}},
        },
    ),
    "the logs of executions are delivered": Wall(
        "kms:Decrypt",
        KEY,
        {"delivery.logs.amazonaws.com", EVENTS},
        logs_of(ADMINISTRATOR),
        {
            "another account's": {"context": logs_of(STRANGER), "allowed": {EVENTS}},
            "anything": {"context": {}, "allowed": {EVENTS}},
        },
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
    "the key is administered by the account": Wall(
        "kms:PutKeyPolicy",
        KEY,
        {DEPLOY, ADMINISTRATOR},
        OF_THE_PLATFORM,
        {
            "another's": {"context": {"aws:ResourceTag/callback-channels:root": "bootstrap"}},
            "one without a tag": {"context": {}},
            "one elsewhere": {"resource": KEY_ELSEWHERE},
        },
    ),
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
            {"aws:SourceArn": REVIEW_TOPIC},
            {
                "another topic": {"context": {"aws:SourceArn": TOPIC}, "allowed": {WEBHOOK}},
                "no topic, not even for an administrator": {"context": {}, "allowed": {WEBHOOK}},
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
    "what no endpoint took is reported by a webhook's function": Wall(
        "sqs:SendMessage",
        REPORTS,
        {WEBHOOK, ADMINISTRATOR},
        changes={
            "to read it": {
                "action": "sqs:ReceiveMessage",
                "allowed": {EXTERNAL_CALLBACK, ADMINISTRATOR},
            },
            "to empty it": {"action": "sqs:PurgeQueue"},
        },
    ),
    "outcomes are queued for redelivery by functions": Wall(
        "sqs:SendMessage",
        REDELIVERY,
        {EXTERNAL_CALLBACK, REDELIVER, SWEEP, ADMINISTRATOR},
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
        {
            "to read them": {"action": "dynamodb:GetItem"},
            "to put others": {"action": "dynamodb:PutItem"},
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "who works on an order is found out by the function that erases it": Wall(
        "dynamodb:Query",
        ORDERS,
        {ERASE, ADMINISTRATOR},
        reading(*TAKEN_UP),
        {
            "with its contents": {"context": reading(*TAKEN_UP, "items")},
            "whole": {"context": {**reading(*TAKEN_UP), "dynamodb:Select": "ALL_ATTRIBUTES"}},
            "in another table": {"resource": ANOTHER_TABLE},
        },
    ),
    "orders are erased by the function for it": Wall(
        "dynamodb:DeleteItem",
        ORDERS,
        {ERASE, ADMINISTRATOR},
        TASK,
        {"in another table": {"resource": ANOTHER_TABLE}},
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
            "to change it": {
                "action": "lambda:UpdateFunctionCode",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
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
        for function in (CLOSE, END_SUBSCRIPTIONS, RECONCILE, SWEEP)
    },
    **{
        f"{function} is invoked by whom the account lets": Wall(
            "lambda:InvokeFunction", arn("lambda", f"function:{function}"), {ADMINISTRATOR}
        )
        for function in (ERASE, REBUILD)
    },
    "Lambda makes interfaces for a webhook's function, and its code does not": Wall(
        "ec2:CreateNetworkInterface",
        INTERFACE,
        {WEBHOOK, ADMINISTRATOR},
        changes={
            "the function's code": {
                "context": {"lambda:SourceFunctionArn": arn("lambda", f"function:{WEBHOOK}")}
            }
        },
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
            "sts:AssumeRole",
            role(name),
            {"lambda.amazonaws.com"},
            {"aws:SourceAccount": ADMINISTRATOR},
            {
                "another account's": {"context": {"aws:SourceAccount": STRANGER}},
                "nobody's": {"context": {}},
            },
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
        {DEPLOY, ADMINISTRATOR},
        changes={
            "in the clear": {"context": {"aws:SecureTransport": "false"}, "allowed": set()},
            "in another bucket": {"resource": "arn:aws:s3:::payroll/lambdas.zip"},
        },
    ),
    **DEPLOY_WALLS,
}
CALLS = {name: call for wall in WALLS for name, call in WALLS[wall].calls(wall).items()}

# What a second wall refuses as well: workflows' own policies, and the Deny beside what is allowed.
DOUBLED = {
    f"{KEY}: LogFromExecution without StringLike kms:EncryptionContext:SourceArn",
    f"{KEY}: UseInExecutions without StringEquals kms:EncryptionContext:aws:states:stateMachineArn",
    f"{TOPIC}: Subscribe{PARTNER} without StringEqualsIfExists sns:Protocol",
    f"{TOPIC}: Subscribe{PARTNER} without StringLikeIfExists sns:Endpoint",
    *(
        f"{arn('sqs', queue)}: TopicDelivery without ArnEquals aws:SourceArn"
        for queue in (WEBHOOK, f"{WEBHOOK}-dead-letter")
    ),
}
