"""Where a test meets what docs/aws-checklist.md lists: the local engine's differences from AWS."""

# An API call signed with the key of an account that does not own the API: AWS responds with 403,
# the engine looks for the API in the caller's account and responds with 404 and a body of its own.
STATUS_FOR_FOREIGN_KEY = 404

# A role that may not invoke a route: AWS sends the gateway response ACCESS_DENIED, a problem
# document, the engine with 403 and a body of its own.
CONTENT_TYPE_FOR_DENIED_ROUTE = "application/x-amz-json-1.0"

# A bearer token where a signature is due: AWS responds with 403, the engine with the gateway
# response DEFAULT_4XX.
STATUS_FOR_TOKEN_ON_SIGNED_ROUTE = 400

# Unsubscribe by the topic's owner: AWS ends the subscription that another account holds, the engine
# responds with 200 and keeps it.
KEEPS_SUBSCRIPTIONS_OF_OTHER_ACCOUNTS = True

# What a second plan still wants to change, since the engine does not keep or return it: root,
# resource type, attribute.
DRIFT = frozenset(
    {
        # These attributes of an alarm come back empty.
        ("platform", "aws_cloudwatch_metric_alarm", "actions_enabled"),
        ("platform", "aws_cloudwatch_metric_alarm", "alarm_description"),
        ("platform", "aws_cloudwatch_metric_alarm", "dimensions"),
        ("platform", "aws_cloudwatch_metric_alarm", "period"),
        ("platform", "aws_cloudwatch_metric_alarm", "statistic"),
        ("platform", "aws_cloudwatch_metric_alarm", "treat_missing_data"),
        ("partner", "aws_cloudwatch_metric_alarm", "actions_enabled"),
        ("partner", "aws_cloudwatch_metric_alarm", "alarm_description"),
        ("partner", "aws_cloudwatch_metric_alarm", "dimensions"),
        ("partner", "aws_cloudwatch_metric_alarm", "period"),
        ("partner", "aws_cloudwatch_metric_alarm", "statistic"),
        ("partner", "aws_cloudwatch_metric_alarm", "treat_missing_data"),
        # A state machine comes back without its tracing.
        ("platform", "aws_sfn_state_machine", "tracing_configuration"),
    }
)

# And what it wants beside these without a refresh: an alarm that is changed anyway has periods of 0
# in the plan where the state has none.
DRIFT_WITHOUT_REFRESH = DRIFT | {("platform", "aws_cloudwatch_metric_alarm", "metric_query")}

# A call about a resource of another account: AWS refuses it, the engine looks for the resource in
# the caller's own account and does not find it.
LOOKS_IN_THE_CALLERS_ACCOUNT = frozenset(
    {"apigateway", "cognito-idp", "dynamodb", "iam", "kms", "lambda", "logs"}
    | {"secretsmanager", "stepfunctions"}
)
