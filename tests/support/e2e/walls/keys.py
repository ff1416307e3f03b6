"""Who reads secrets, and who uses the key for what."""

from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    ANOTHER_KEY,
    CLIENT_SECRET,
    CLOSE,
    DEPLOY,
    EVENTS,
    EXTERNAL_CALLBACK,
    FUNCTIONS,
    KEY,
    KEY_ELSEWHERE,
    OF_THE_PLATFORM,
    OPERATE,
    OPERATOR,
    REBUILD,
    RECONCILE,
    REDELIVER,
    SHIPPING,
    SIGNING_SECRET,
    STRANGER,
    SWEEP,
    TOPIC,
    WEBHOOK,
    WORKFLOWS,
    arn,
)
from tests.support.e2e.walls.wall import Wall

WITH_QUEUES = {CLOSE, EXTERNAL_CALLBACK, OPERATE, REDELIVER, SWEEP, WEBHOOK}


def through(service: str, region: str = "eu-west-1") -> dict[str, str]:
    return {"kms:ViaService": f"{service}.{region}.amazonaws.com"}


def environment_of(function: str) -> dict[str, str]:
    return {
        **through("lambda"),
        "kms:EncryptionContext:aws:lambda:FunctionArn": arn("lambda", f"function:{function}"),
    }


def history_of(workflow: str) -> dict[str, str]:
    machine = arn("states", f"stateMachine:{workflow}")
    return {"kms:EncryptionContext:aws:states:stateMachineArn": machine}


def logs_of(account_id: str) -> dict[str, str]:
    return {"kms:EncryptionContext:SourceArn": arn("logs", "*", account_id)}


WALLS: dict[str, Wall] = {
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
        {*FUNCTIONS, *WORKFLOWS, OPERATOR, ADMINISTRATOR, EVENTS},
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
        {
            *(CLOSE, EXTERNAL_CALLBACK, OPERATE, OPERATOR, REBUILD, RECONCILE, REDELIVER),
            *(ADMINISTRATOR, EVENTS),
        },
        through("states"),
    ),
    "messages are decrypted by those who work with queues, and operators encrypt none": Wall(
        "kms:Decrypt",
        KEY,
        {*WITH_QUEUES, OPERATOR, ADMINISTRATOR, EVENTS},
        through("sqs"),
        {
            "to encrypt": {
                "action": "kms:GenerateDataKey",
                "allowed": {*WITH_QUEUES, ADMINISTRATOR, EVENTS},
            }
        },
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
}
