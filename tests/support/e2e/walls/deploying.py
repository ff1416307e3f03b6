"""What the role that applies the platform may do."""

from collections.abc import Mapping
from typing import Any

from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    ANOTHER_KEY,
    DEPLOY,
    KEY_ELSEWHERE,
    OF_THE_PLATFORM,
    PREFIX,
    REDELIVERY,
    SWEEP,
    TASKS,
    TOPIC,
    WEBHOOK,
    WORKFLOW,
    arn,
    role,
)
from tests.support.e2e.walls.wall import Wall

BOUNDARY = f"arn:aws:iam::{ADMINISTRATOR}:policy/{PREFIX}boundary"
STATES = f"arn:aws:s3:::callbacks-tfstate-{ADMINISTRATOR}"
POOL = arn("cognito-idp", "userpool/eu-west-1_1")
NEW_OF_THE_PLATFORM = {"aws:RequestTag/callback-channels:root": "platform"}


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
    deploys(
        "cloudwatch:PutDashboard",
        f"arn:aws:cloudwatch::{ADMINISTRATOR}:dashboard/{PREFIX}channels",
    ),
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
WALLS = {
    **{f"the role that applies the platform may {wall.action}": wall for wall in DEPLOYS},
    **{
        f"the role that applies the platform may not {action}": Wall(
            action, resource, {ADMINISTRATOR}
        )
        for action, resource in {
            "cognito-idp:TagResource": POOL,
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
