"""The walls that policies make: calls, who may make them, and what must not be changed in them.

A new permission, role or condition needs a wall here: test_rules says what no call tries.
"""

from tests.support.e2e.walls import deploying, functions, keys, messages, tables
from tests.support.e2e.walls.names import KEY, PARTNER, TOPIC, WEBHOOK, arn

WALLS = {
    **functions.WALLS,
    **messages.WALLS,
    **tables.WALLS,
    **keys.WALLS,
    **deploying.WALLS,
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
