# SNS keeps a subscription that the topic's policy no longer allows: whoever applied, and however, it ends within the hour.
resource "aws_cloudwatch_event_rule" "end_subscriptions" {
  name                = "${var.name_prefix}-end-subscriptions"
  description         = "Starts the search for subscriptions of accounts that are no partners any more."
  schedule_expression = "rate(30 minutes)"
}

resource "aws_cloudwatch_event_target" "end_subscriptions" {
  rule = aws_cloudwatch_event_rule.end_subscriptions.name
  arn  = module.function["end_subscriptions"].arn
}

resource "aws_lambda_permission" "end_subscriptions" {
  statement_id  = "AllowSchedule"
  action        = "lambda:InvokeFunction"
  function_name = module.function["end_subscriptions"].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.end_subscriptions.arn
}
