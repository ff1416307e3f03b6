# API Gateway's own metric has all 4XX in one: here they are counted from the access log, by what people have to do about them.
# The stage writes each variable in quotes: a status is a string.
locals {
  refusals = {
    forbidden    = { metric = "Refused403", pattern = "{ $.status = \"403\" }", means = "Calls were refused for their credentials, or for routes that are not theirs (403)" }
    invalid      = { metric = "RefusedOtherwise", pattern = "{ ($.status = \"4*\") && ($.status != \"401\") && ($.status != \"403\") && ($.status != \"429\") }", means = "Callbacks broke their contract, or nobody waits for them (other 4xx)" }
    throttled    = { metric = "Refused429", pattern = "{ $.status = \"429\" }", means = "Callbacks were over the limits (429)" }
    unauthorized = { metric = "Refused401", pattern = "{ $.status = \"401\" }", means = "Calls had no OAuth2 token, or a bad one (401)" }
  }
}

resource "aws_cloudwatch_log_metric_filter" "refusals" {
  for_each = local.refusals

  name           = "${var.platform.name_prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.access.name
  pattern        = each.value.pattern

  metric_transformation {
    namespace = var.platform.metric_namespace
    name      = each.value.metric
    value     = "1"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "refusals" {
  for_each = local.refusals

  alarm_name          = "${var.platform.name_prefix}-${each.key}-api-refusals"
  alarm_description   = "${each.value.means}, more than ${var.refusal_thresholds[each.key]} in five minutes. See ${var.platform.runbook_url}/api-refusals.md"
  namespace           = var.platform.metric_namespace
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
