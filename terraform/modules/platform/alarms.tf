# What belongs to no channel, workflow or function alone.
resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = {
    close-execution = {
      description = "Executions have ended without their callback tasks and orders being closed."
      queue       = aws_sqs_queue.close_execution_dead_letter.name
    }
    redelivery = {
      description = "Outcomes that partners were promised have not reached their workflows."
      queue       = aws_sqs_queue.redelivery_dead_letter.name
    }
    reports = {
      description = "Tasks whose message no endpoint took could not be failed."
      queue       = aws_sqs_queue.reports_dead_letter.name
    }
  }

  alarm_name          = "${var.name_prefix}-${each.key}-dead-letters"
  alarm_description   = "${each.value.description} See ${var.runbook_url}/${each.key}-dead-letters.md"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# The sweep's gauge, not the queue's age: SQS leaves out what was received three times.
resource "aws_cloudwatch_metric_alarm" "held_outcomes" {
  alarm_name          = "${var.name_prefix}-held-outcomes"
  alarm_description   = "An outcome that a partner was promised has not reached its workflow for ${var.held_outcome_minutes} minutes. See ${var.runbook_url}/held-outcomes.md"
  namespace           = local.settings.metric_namespace
  metric_name         = "OldestHeldSeconds"
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.held_outcome_minutes * 60
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# external_callback responds with 500 where it could fail: Lambda sees no error.
resource "aws_cloudwatch_metric_alarm" "callback_errors" {
  alarm_name          = "${var.name_prefix}-callback-errors"
  alarm_description   = "Callbacks were answered with 500: look at the log group of ${module.function["external_callback"].name}. See ${var.runbook_url}/callback-errors.md"
  namespace           = local.settings.metric_namespace
  metric_name         = "CallbackErrors"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# The gauges are missing with the sweep: it is the one alarm for which silence is bad news.
resource "aws_cloudwatch_metric_alarm" "sweep_stopped" {
  alarm_name          = "${var.name_prefix}-sweep-stopped"
  alarm_description   = "The sweep has not run for 15 minutes: look at its rule and at the account's concurrency. See ${var.runbook_url}/sweep-stopped.md"
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = module.function["sweep_due_callbacks"].name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# Without dimensions, which is the account's sum: one alarm for all functions, who share its concurrency anyway.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name          = "${var.name_prefix}-function-throttles"
  alarm_description   = "Invocations in this account and region were refused for want of concurrency in each of three five minutes running. See ${var.runbook_url}/function-throttles.md"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
