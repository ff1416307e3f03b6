resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${local.name}-webhook-dead-letters"
  alarm_description   = "${var.partner} could not be given work on ${var.task_type}. See ${var.platform.runbook_url}/webhook-dead-letters.md"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions
}

# In two quarters of an hour, since that is the longest pause between two tries: a single failure is mended by the next.
resource "aws_cloudwatch_metric_alarm" "failing" {
  alarm_name          = "${local.name}-webhook-failing"
  alarm_description   = "The webhook of ${var.partner} has taken no message of ${var.task_type} for half an hour, and refused some. See ${var.platform.runbook_url}/webhook-failing.md"
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions

  metric_query {
    id          = "refused_only"
    expression  = "IF(FILL(taken, 0) > 0, 0, FILL(refused, 0))"
    label       = "Tries refused while none was taken"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { refused = "WebhooksRefused", taken = "WebhooksTaken" }

    content {
      id = metric_query.key

      metric {
        namespace   = var.platform.metric_namespace
        metric_name = metric_query.value
        dimensions  = { partner = var.partner, task_type = var.task_type }
        period      = 900
        stat        = "Sum"
      }
    }
  }
}
