# The gauge is the sweep's: of the task that times out next, the part of its wait that has passed.
resource "aws_cloudwatch_metric_alarm" "oldest_wait" {
  alarm_name          = "${local.name}-oldest-wait"
  alarm_description   = "A task of ${var.task_type} has waited for ${local.alarms.oldest_wait_percent} % of its time, and times out soon. See ${var.platform.runbook_url}/oldest-wait.md"
  namespace           = var.platform.metric_namespace
  metric_name         = "OldestWaitPercent"
  dimensions          = { task_type = var.task_type }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = local.alarms.oldest_wait_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions
}

# One failure is business. FILL, since a metric that is missing would leave the whole expression without a value.
resource "aws_cloudwatch_metric_alarm" "callback_failures" {
  alarm_name          = "${local.name}-callback-failures"
  alarm_description   = "Of the outcomes that partners reported on ${var.task_type} within ${local.alarms.failure_hours} h, at least ${local.alarms.failure_percent} % are failures. See ${var.platform.runbook_url}/callback-failures.md"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = local.alarms.failure_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions

  metric_query {
    id          = "percent"
    expression  = "IF(FILL(failed, 0) >= ${local.alarms.failure_minimum}, 100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(succeeded, 0)), 0)"
    label       = "Failures, in percent"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = "CallbacksFailed", succeeded = "CallbacksSucceeded" }

    content {
      id = metric_query.key

      metric {
        namespace   = var.platform.metric_namespace
        metric_name = metric_query.value
        dimensions  = { task_type = var.task_type }
        period      = local.alarms.failure_hours * 3600
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "delivery_failures" {
  alarm_name          = "${local.name}-delivery-failures"
  alarm_description   = "A subscriber of ${aws_sns_topic.this.name} did not take a message: look at its queue, the queue's policy and key. See ${var.platform.runbook_url}/delivery-failures.md"
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfNotificationsFailed"
  dimensions          = { TopicName = aws_sns_topic.this.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions
}
