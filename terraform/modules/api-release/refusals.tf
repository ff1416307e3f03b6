# API Gateway's own metric has all 4XX in one: what is refused for want of credentials is counted from the access log.
locals {
  refusals = {
    forbidden    = { status = 403, means = "Calls were refused for their credentials, or for routes that are not theirs" }
    throttled    = { status = 429, means = "Callbacks were over the limits" }
    unauthorized = { status = 401, means = "Calls had no OAuth2 token, or a bad one" }
  }
  metric_namespace = "CallbackChannels/${var.platform.name_prefix}"
}

resource "aws_cloudwatch_log_metric_filter" "refusals" {
  for_each = local.refusals

  name           = "${var.platform.name_prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.access.name
  pattern        = "{ $.status = \"${each.value.status}\" }" # A string: the stage writes each variable in quotes.

  metric_transformation {
    namespace = local.metric_namespace
    name      = "Refused${each.value.status}"
    value     = "1"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "refusals" {
  for_each = local.refusals

  alarm_name          = "${var.platform.name_prefix}-api-${each.key}"
  alarm_description   = "${each.value.means} (${each.value.status}), more than ${var.refusal_thresholds[each.key]} in five minutes: see the runbook on refusals."
  namespace           = local.metric_namespace
  metric_name         = one(aws_cloudwatch_log_metric_filter.refusals[each.key].metric_transformation).name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.refusal_thresholds[each.key]
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions
}
