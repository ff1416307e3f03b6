"""Who subscribes to topics, and who sends and reads messages."""

from tests.support.e2e.walls.names import (
    ADMINISTRATOR,
    CLOSE,
    CLOSE_DEAD_LETTERS,
    DEPLOY,
    END_SUBSCRIPTIONS,
    EVENTS,
    EXTERNAL_CALLBACK,
    OPERATE,
    OPERATOR,
    PARTNER,
    PREFIX,
    REDELIVER,
    REDELIVERY,
    REDELIVERY_DEAD_LETTERS,
    REPORTS,
    REPORTS_DEAD_LETTERS,
    REVIEW,
    REVIEW_TOPIC,
    SHIPPING,
    STRANGER,
    SWEEP,
    TOPIC,
    WEBHOOK,
    WEBHOOK_DEAD_LETTERS,
    arn,
)
from tests.support.e2e.walls.wall import Wall, refused

QUEUE_OF_PARTNER = {"sns:Protocol": "sqs", "sns:Endpoint": arn("sqs", "orders", PARTNER)}
QUEUE_OF_WEBHOOK = {"sns:Protocol": "sqs", "sns:Endpoint": arn("sqs", WEBHOOK)}

WALLS: dict[str, Wall] = {
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
    **{
        f"a channel's topic delivers to {queue}": Wall(
            "sqs:SendMessage",
            queue,
            {"sns.amazonaws.com", *functions, ADMINISTRATOR},
            {"aws:SourceArn": REVIEW_TOPIC},
            {
                "another topic": {"context": {"aws:SourceArn": TOPIC}, "allowed": functions},
                "no topic, not even for an administrator": {"context": {}, "allowed": functions},
                "to empty it": {"action": "sqs:PurgeQueue"},
            },
        )
        for queue, functions in {
            arn("sqs", WEBHOOK): {OPERATE, WEBHOOK},
            WEBHOOK_DEAD_LETTERS: {WEBHOOK},
        }.items()
    },
    "messages for a webhook are read by the function that delivers them": Wall(
        "sqs:ReceiveMessage", arn("sqs", WEBHOOK), {WEBHOOK, ADMINISTRATOR}
    ),
    "events that close_execution has not taken are kept": Wall(
        "sqs:SendMessage",
        CLOSE_DEAD_LETTERS,
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
        {EXTERNAL_CALLBACK, OPERATE, REDELIVER, SWEEP, ADMINISTRATOR},
        changes={
            "to read them": {
                "action": "sqs:ReceiveMessage",
                "allowed": {REDELIVER, ADMINISTRATOR},
            },
            "to empty it": {"action": "sqs:PurgeQueue"},
        },
    ),
    "outcomes that are given up are put aside by redelivery": Wall(
        "sqs:SendMessage", REDELIVERY_DEAD_LETTERS, {REDELIVER, ADMINISTRATOR}
    ),
    "tasks that could not be failed are put aside by nobody but SQS": Wall(
        "sqs:SendMessage", REPORTS_DEAD_LETTERS, {ADMINISTRATOR}
    ),
    **{
        f"operators read the letters of {queue}, and their function works them off": Wall(
            "sqs:ReceiveMessage",
            queue,
            {OPERATE, OPERATOR, ADMINISTRATOR},
            changes={
                "to show them to others again": {
                    "action": "sqs:ChangeMessageVisibility",
                    "allowed": {OPERATE, OPERATOR, ADMINISTRATOR},
                },
                "to delete one": {
                    "action": "sqs:DeleteMessage",
                    "allowed": {OPERATE, ADMINISTRATOR},
                },
                "to empty it": {"action": "sqs:PurgeQueue"},
                "another's": {"resource": arn("sqs", "payroll-dead-letter")},
            },
        )
        for queue in (
            *(CLOSE_DEAD_LETTERS, REDELIVERY_DEAD_LETTERS, REPORTS_DEAD_LETTERS),
            WEBHOOK_DEAD_LETTERS,
        )
    },
    "operators count the messages of queues": Wall(
        "sqs:GetQueueUrl",
        REDELIVERY,
        {DEPLOY, OPERATOR, ADMINISTRATOR},
        changes={
            "another's": {"resource": arn("sqs", "payroll")},
            "to change it": {
                "action": "sqs:SetQueueAttributes",
                "allowed": {DEPLOY, ADMINISTRATOR},
            },
        },
    ),
}
