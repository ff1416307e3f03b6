"""Who calls routes, functions and workflows, and whose roles theirs are."""

from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    ANOTHER_WORKFLOW,
    API,
    CLOSE,
    DEPLOY,
    DISPATCHERS,
    END_SUBSCRIPTIONS,
    ERASE,
    EVENTS,
    EXTERNAL_CALLBACK,
    FUNCTIONS,
    INTERFACE,
    OPERATE,
    OPERATOR,
    PARTNER,
    PREFIX,
    PROCESSING_WORKFLOW,
    REBUILD,
    RECONCILE,
    REDELIVER,
    REVIEW,
    REVIEW_WORKFLOW,
    SHIPPING,
    SHIPPING_PARTNER,
    STRANGER,
    SWEEP,
    WEBHOOK,
    WORKFLOW,
    WORKFLOWS,
    arn,
    role,
)
from tests.support.e2e.walls.wall import Wall

EXECUTION, ANOTHER_EXECUTION = (
    arn("states", f"execution:{name}:1") for name in (PROCESSING_WORKFLOW, "payroll")
)
LOG_GROUP = "log-group:/aws/lambda/{}"
LOG_STREAM = f"{LOG_GROUP}:log-stream:2026/11/24"
BUCKET = f"arn:aws:s3:::{PREFIX}packages-{ADMINISTRATOR}"
EXTERNAL_ID = {"sts:ExternalId": "local-acme-shipping"}

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
    **{
        f"the platform's workflows are resumed by three functions, by {action}": Wall(
            f"states:SendTask{action}",
            WORKFLOW,
            {EXTERNAL_CALLBACK, OPERATE, REDELIVER, ADMINISTRATOR},
            changes={
                "another workflow of the account": {"resource": ANOTHER_WORKFLOW},
            },
        )
        for action in ("Success", "Failure", "Heartbeat")
    },
    "executions of the platform's workflows are described": Wall(
        "states:DescribeExecution",
        EXECUTION,
        {
            *(CLOSE, ERASE, EXTERNAL_CALLBACK, OPERATE, OPERATOR, RECONCILE, REDELIVER),
            *DISPATCHERS,
            ADMINISTRATOR,
        },
        changes={"another workflow's": {"resource": ANOTHER_EXECUTION}},
    ),
    "histories of the platform's executions, which have tokens, are read": Wall(
        "states:GetExecutionHistory",
        EXECUTION,
        {EXTERNAL_CALLBACK, OPERATE, REBUILD, REDELIVER, ADMINISTRATOR},
        changes={"another workflow's": {"resource": ANOTHER_EXECUTION}},
    ),
    "executions of the platform's workflows are redriven by the function for it": Wall(
        "states:RedriveExecution",
        EXECUTION,
        {OPERATE, ADMINISTRATOR},
        changes={
            "another workflow's": {"resource": ANOTHER_EXECUTION},
            "to stop it": {"action": "states:StopExecution"},
        },
    ),
    "operators find the account's workflows": Wall(
        "states:ListStateMachines", "*", {OPERATOR, ADMINISTRATOR}
    ),
    "operators and rebuild_tasks find the executions of the platform's workflows": Wall(
        "states:ListExecutions",
        WORKFLOW,
        {OPERATOR, REBUILD, ADMINISTRATOR},
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
            {EVENTS, *others, ADMINISTRATOR},
            {"aws:SourceArn": arn("events", f"rule/{function}")},
            {
                "another rule": {
                    "context": {"aws:SourceArn": arn("events", "rule/other")},
                    "allowed": {*others, ADMINISTRATOR},
                }
            },
        )
        for function, others in {
            CLOSE: {OPERATE},
            END_SUBSCRIPTIONS: set[str](),
            RECONCILE: set[str](),
            SWEEP: set[str](),
        }.items()
    },
    **{
        f"{function} is invoked by whom the account lets": Wall(
            "lambda:InvokeFunction", arn("lambda", f"function:{function}"), {ADMINISTRATOR}
        )
        for function in (ERASE, REBUILD)
    },
    "operators invoke the function that acts for them, and no other": Wall(
        "lambda:InvokeFunction",
        arn("lambda", f"function:{OPERATE}"),
        {OPERATOR, ADMINISTRATOR},
        changes={
            "another": {"resource": arn("lambda", "function:payroll")},
            "to read its settings": {
                "action": "lambda:GetFunctionConfiguration",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
        },
    ),
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
    "operators read the logs of functions": Wall(
        "logs:FilterLogEvents",
        arn("logs", LOG_GROUP.format(SWEEP)),
        {OPERATOR, ADMINISTRATOR},
        changes={
            "another's": {"resource": arn("logs", LOG_GROUP.format("payroll"))},
            "a workflow's": {
                "resource": arn("logs", f"log-group:/aws/vendedlogs/states/{PROCESSING_WORKFLOW}")
            },
            "to delete it": {
                "action": "logs:DeleteLogGroup",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
        },
    ),
    "operators read alarms": Wall(
        "cloudwatch:DescribeAlarms",
        arn("cloudwatch", f"alarm:{SWEEP}-errors"),
        {DEPLOY, OPERATOR, ADMINISTRATOR},
        changes={"to silence it": {"action": "cloudwatch:DisableAlarmActions"}},
    ),
    "operators read metrics": Wall(
        "cloudwatch:GetMetricData",
        arn("cloudwatch", "dataset/default"),
        {OPERATOR, ADMINISTRATOR},
        changes={"to write them": {"action": "cloudwatch:PutMetricData"}},
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
}
