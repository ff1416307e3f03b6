"""Rules that the local engine does not apply to calls, evaluated on the policies of a plan.

These are the conditions on sns:Protocol and sns:Endpoint, the state machines of SendTask*, the keys
of what is written to CallbackTasks, the KMS key's use through services, the trust in Lambda, and
log streams. The plan is one for AWS: with scope_send_task.
"""

import json
import subprocess
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest

from tests.support.e2e.callers import STRANGERS_ACCOUNT
from tools import REPOSITORY, Json
from tools.devenv import ENGINE_PYTHON
from tools.devenv.environment import ACCOUNTS, Environment

PLATFORM, PARTNER, STRANGER = ACCOUNTS["platform"], ACCOUNTS["partner"], STRANGERS_ACCOUNT
TASKS = f"arn:aws:dynamodb:eu-west-1:{PLATFORM}:table/callbacks-local-CallbackTasks"
STATE_MACHINES = f"arn:aws:states:eu-west-1:{PLATFORM}:stateMachine"
TOPIC = f"arn:aws:sns:eu-west-1:{PLATFORM}:callbacks-local-order-shipping-service"
LOG_GROUPS = f"arn:aws:logs:eu-west-1:{PLATFORM}:log-group:/aws/lambda"
SHIPPING = 'module.channel["ORDER_SHIPPING_SERVICE"]'
REVIEW = 'module.channel["ORDER_FRAUD_REVIEW"]'
WEBHOOK = f'{REVIEW}.module.webhook_partner["sentinel-review"].module.deliver_webhook'
DYNAMODB = {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}
ALLOW = "Allow"

type Policies = dict[str, Json]
type Verdicts = dict[str, str]


@dataclass(frozen=True)
class Request:
    """A call as a policy sees it; `place` is where the policy stands in the plan."""

    place: str
    principal: str
    action: str
    resource: str
    context: dict[str, Any] = field(default_factory=dict)
    service: str | None = None


def function(name: str) -> str:
    return f'module.platform.module.function["{name}"].aws_iam_role_policy.this'


def session(role: str, account: str = PLATFORM) -> str:
    return f"arn:aws:sts::{account}:assumed-role/{role}/session"


SUBSCRIBE = Request(
    f"{SHIPPING}.aws_sns_topic_policy.this",
    session("operator", PARTNER),
    "sns:Subscribe",
    TOPIC,
    {"sns:Protocol": "sqs", "sns:Endpoint": f"arn:aws:sqs:eu-west-1:{PARTNER}:orders"},
)
RESUME = Request(
    function("external_callback"),
    session("callbacks-local-external-callback"),
    "states:SendTaskSuccess",
    f"{STATE_MACHINES}:callbacks-local-order-processing",
)
CLOSE = Request(
    function("external_callback"),
    session("callbacks-local-external-callback"),
    "dynamodb:UpdateItem",
    TASKS,
    {"dynamodb:LeadingKeys": ["order-1"]},
)
REGISTER = replace(
    CLOSE,
    place=f"{SHIPPING}.module.dispatcher.aws_iam_role_policy.this",
    principal=session("callbacks-local-order-shipping-service"),
    action="dynamodb:PutItem",
)
DECRYPT = Request(
    "module.platform.aws_kms_key.this",
    session("callbacks-local-external-callback"),
    "kms:Decrypt",
    "*",
    DYNAMODB,
)
DELIVER = Request(
    "module.platform.aws_kms_key.this",
    "arn:aws:iam::000000000000:root",
    "kms:GenerateDataKey",
    "*",
    {"aws:SourceArn": TOPIC},
    "sns.amazonaws.com",
)
WRITE_LOG = Request(
    function("external_callback"),
    session("callbacks-local-external-callback"),
    "logs:PutLogEvents",
    f"{LOG_GROUPS}/callbacks-local-external-callback:log-stream:2026/11/24",
)
REGISTRATION = {"dynamodb:LeadingKeys": ["#CHANNEL"]}

ASSUME = Request(
    "",
    f"arn:aws:iam::{PARTNER}:root",
    "sts:AssumeRole",
    "*",
    service="lambda.amazonaws.com",
)

RULES: dict[str, tuple[Request, dict[str, dict[str, Any]]]] = {
    "a partner subscribes queues of its own account": (
        SUBSCRIBE,
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
                    "lambda": f"arn:aws:lambda:eu-west-1:{PARTNER}:function:orders",
                    "firehose": f"arn:aws:firehose:eu-west-1:{PARTNER}:deliverystream/orders",
                }.items()
            },
            "a queue of a stranger": {
                "context": {
                    "sns:Protocol": "sqs",
                    "sns:Endpoint": f"arn:aws:sqs:eu-west-1:{STRANGER}:orders",
                }
            },
            "a queue of the platform": {
                "context": {
                    "sns:Protocol": "sqs",
                    "sns:Endpoint": f"arn:aws:sqs:eu-west-1:{PLATFORM}:callbacks-local-redelivery",
                }
            },
            "by a stranger": {"principal": session("operator", STRANGER)},
            "to publish": {"action": "sns:Publish"},
            "to change the topic": {"action": "sns:SetTopicAttributes"},
            "to let others in": {"action": "sns:AddPermission"},
            "another topic": {"resource": TOPIC.replace("shipping-service", "fraud-review")},
        },
    ),
    "external_callback resumes workflows of the platform": (
        RESUME,
        {
            "another workflow of the account": {"resource": f"{STATE_MACHINES}:payroll"},
            "any workflow": {"resource": "*"},
            "to start it": {"action": "states:StartExecution"},
            "to stop it": {"action": "states:StopExecution"},
        },
    ),
    "external_callback writes tasks": (
        CLOSE,
        {
            "a registration": {"context": REGISTRATION},
            "a task and a registration": {
                "context": {"dynamodb:LeadingKeys": ["order-1", "#CHANNEL"]}
            },
            "a new one": {"action": "dynamodb:PutItem"},
            "by statement": {"action": "dynamodb:PartiQLUpdate"},
        },
    ),
    "a dispatcher writes tasks": (REGISTER, {"a registration": {"context": REGISTRATION}}),
    **{
        f"{name} writes tasks": (
            replace(CLOSE, place=function(name), principal=session(name)),
            {"a registration": {"context": REGISTRATION}},
        )
        for name in (
            "rebuild_tasks",
            "reconcile_tasks",
            "redeliver_callback",
            "sweep_due_callbacks",
            "close_execution",
        )
    },
    "rebuild_tasks reads registrations": (
        replace(
            CLOSE,
            place=function("rebuild_tasks"),
            principal=session("callbacks-local-rebuild-tasks"),
            action="dynamodb:GetItem",
            context=REGISTRATION,
        ),
        {"a task": {"context": {"dynamodb:LeadingKeys": ["order-1"]}}},
    ),
    "deliver_webhook writes tasks": (
        replace(
            CLOSE,
            place=f"{WEBHOOK}.aws_iam_role_policy.this",
        ),
        {"a registration": {"context": REGISTRATION}},
    ),
    "the key is used through the platform's services": (
        DECRYPT,
        {
            "directly": {"context": {}},
            "through another service": {
                "context": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}
            },
            "in another region": {
                "context": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}
            },
            "by a partner": {"principal": session("operator", PARTNER)},
            "by a stranger": {"principal": session("operator", STRANGER)},
            "to delegate it": {"action": "kms:CreateGrant"},
        },
    ),
    "a function uses the key through its services": (
        replace(DECRYPT, place=function("external_callback"), resource="KEY"),
        {
            "directly": {"context": {}},
            "through a service of others": {
                "context": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
            },
            "another key": {"resource": f"arn:aws:kms:eu-west-1:{PLATFORM}:key/another"},
            "to delegate it": {"action": "kms:CreateGrant"},
        },
    ),
    "the platform's topics deliver to encrypted queues": (
        DELIVER,
        {
            "a stranger's topic": {"context": {"aws:SourceArn": TOPIC.replace(PLATFORM, STRANGER)}},
            "another service": {"service": "s3.amazonaws.com"},
            "to administer": {"action": "kms:PutKeyPolicy"},
        },
    ),
    **{
        f"the role of {name} is for Lambda": (
            replace(ASSUME, place=f"{place}.aws_iam_role.this trust"),
            {
                "a partner": {"service": None},
                "a stranger": {"service": None, "principal": f"arn:aws:iam::{STRANGER}:root"},
                "a callback role": {
                    "service": None,
                    "principal": session("callbacks-local-order-shipping-service-acme-shipping"),
                },
                "another service": {"service": "states.amazonaws.com"},
            },
        )
        for name, place in {
            "the dispatcher": f"{SHIPPING}.module.dispatcher",
            "deliver_webhook": WEBHOOK,
            **{
                name: f'module.platform.module.function["{name}"]'
                for name in (
                    "close_execution",
                    "external_callback",
                    "get_order_metadata",
                    "process_shipping_result",
                    "rebuild_tasks",
                    "reconcile_tasks",
                    "redeliver_callback",
                    "sweep_due_callbacks",
                )
            },
        }.items()
    },
    "a function writes its own log": (
        WRITE_LOG,
        {
            "another's": {
                "resource": f"{LOG_GROUPS}/callbacks-local-sweep-due-callbacks:log-stream:1"
            },
            "to read it": {"action": "logs:GetLogEvents"},
            "to delete it": {"action": "logs:DeleteLogStream"},
        },
    ),
}


@pytest.fixture(scope="module")
def policies(environment: Environment) -> Policies:
    """Every policy of the plan, by where it stands; of a role also its trust, as `... trust`."""
    root = environment.root("platform")
    plan = environment.directory / "access.plan"
    options = ["-refresh=false", "-lock=false", "-input=false", "-no-color", f"-out={plan}"]
    variables = [*environment.variables("platform"), "-var", "scope_send_task=true"]
    root.run("plan", *options, *variables, quiet=True)
    planned = json.loads(root.run("show", "-json", str(plan), quiet=True))["planned_values"]
    found = {}
    for resource in _resources(planned["root_module"]):
        place, values = resource["address"], resource["values"]
        # A topic's own policy is the one that AWS gives it, until aws_sns_topic_policy replaces it.
        if values.get("policy") and resource["type"] != "aws_sns_topic":
            found[place] = json.loads(values["policy"])
        if values.get("assume_role_policy"):
            found[f"{place} trust"] = json.loads(values["assume_role_policy"])
    return found


@pytest.fixture(scope="module")
def verdicts(policies: Policies) -> Verdicts:
    """What is decided on each request, by its name."""
    named = {
        name: request
        for rule, (allowed, changes) in RULES.items()
        for name, request in _requests(rule, allowed, changes).items()
    }
    evaluated = subprocess.run(
        [ENGINE_PYTHON, REPOSITORY / "tests/support/e2e/policy_evaluator.py"],
        input=json.dumps([_document(request, policies) for request in named.values()]),
        capture_output=True,
        check=True,
        text=True,
    )
    return dict(zip(named, json.loads(evaluated.stdout), strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_a_policy_allows_what_is_meant_and_nothing_that_differs_in_one_thing(
    rule: str, verdicts: Verdicts
) -> None:
    allowed, changes = RULES[rule]
    first, *others = _requests(rule, allowed, changes)

    assert verdicts[first] == ALLOW
    assert others
    assert [name for name in others if verdicts[name] == ALLOW] == []


def test_no_policy_names_another_account_but_for_a_partner_s_topic_and_callback_role(
    policies: Policies,
) -> None:
    granted = {
        (place, account, action)
        for place, policy in policies.items()
        for statement in _list(policy["Statement"])
        if statement["Effect"] == ALLOW
        for account in _accounts(statement)
        for action in _list(statement["Action"])
        if account != PLATFORM
    }

    assert granted == {
        (f"{SHIPPING}.aws_sns_topic_policy.this", PARTNER, "sns:Subscribe"),
        (f'{SHIPPING}.aws_iam_role.callback["acme-shipping"] trust', PARTNER, "sts:AssumeRole"),
    }


def _requests(
    rule: str, allowed: Request, changes: dict[str, dict[str, Any]]
) -> dict[str, Request]:
    others = {f"{rule}: {how}": replace(allowed, **change) for how, change in changes.items()}
    assert allowed not in others.values()
    return {rule: allowed, **others}


def _document(request: Request, policies: Policies) -> Json:
    policy = policies[request.place]
    resource = request.resource
    if resource == "KEY":
        resource = next(
            statement["Resource"]
            for statement in policy["Statement"]
            if statement["Sid"] == "UseKeyThroughServices"
        )
    return {**asdict(request), "policy": policy, "resource": resource}


def _accounts(statement: Json) -> set[str]:
    principal = statement.get("Principal", {})
    named = _list(principal if isinstance(principal, str) else principal.get("AWS", []))
    return {name.split(":")[4] if name.startswith("arn:") else name for name in named}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resources(module: Json) -> list[Json]:
    below = [_resources(child) for child in module.get("child_modules", [])]
    return [*module.get("resources", []), *(resource for child in below for resource in child)]
