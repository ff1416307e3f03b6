"""Whom the walls are about, and what they stand around."""

from tests.support.e2e.callers import STRANGERS_ACCOUNT
from tools.devenv.state import ACCOUNTS

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
OPERATE = f"{PREFIX}operate"
PROCESS_RESULT = f"{PREFIX}process-shipping-result"
REBUILD = f"{PREFIX}rebuild-tasks"
RECONCILE = f"{PREFIX}reconcile-tasks"
REDELIVER = f"{PREFIX}redeliver-callback"
SWEEP = f"{PREFIX}sweep-due-callbacks"
DISPATCHERS = {SHIPPING, REVIEW}
FUNCTIONS = DISPATCHERS | {
    *(CLOSE, END_SUBSCRIPTIONS, ERASE, EXTERNAL_CALLBACK, GET_ORDER, OPERATE, PROCESS_RESULT),
    *(REBUILD, RECONCILE, REDELIVER, SWEEP, WEBHOOK),
}
WORKFLOWS = {PROCESSING_WORKFLOW, REVIEW_WORKFLOW}
DEPLOY = "deploy-callbacks-local"
# A person with the operator's policy and nothing else.
OPERATOR = f"{PREFIX}operator"
ROLES = FUNCTIONS | WORKFLOWS | {SHIPPING_PARTNER, DEPLOY, OPERATOR}
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
DUE = f"{TASKS}/index/due"
TOPIC, REVIEW_TOPIC = arn("sns", SHIPPING), arn("sns", REVIEW)
REDELIVERY, REPORTS = (arn("sqs", f"{PREFIX}{name}") for name in ("redelivery", "reports"))
CLOSE_DEAD_LETTERS, REDELIVERY_DEAD_LETTERS, REPORTS_DEAD_LETTERS, WEBHOOK_DEAD_LETTERS = (
    arn("sqs", f"{name}-dead-letter")
    for name in (CLOSE, f"{PREFIX}redelivery", f"{PREFIX}reports", WEBHOOK)
)
WORKFLOW, ANOTHER_WORKFLOW = (
    arn("states", f"stateMachine:{name}") for name in (PROCESSING_WORKFLOW, "payroll")
)
INTERFACE = arn("ec2", "network-interface/eni-1")

ANY_KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ADMINISTRATOR}:root"},
        "Action": "kms:*",
        "Resource": "*",
    },
}

OF_THE_PLATFORM = {"aws:ResourceTag/callback-channels:root": "platform"}
