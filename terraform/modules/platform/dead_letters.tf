resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = {
    close_execution = {
      description = "Executions have ended without their callback tasks and orders being closed: see the runbook on close_execution."
      queue       = aws_sqs_queue.close_execution_dead_letter.name
    }
    redelivery = {
      description = "Outcomes that partners were promised have not reached their workflows: see the runbook on the redelivery dead-letter queue."
      queue       = aws_sqs_queue.redelivery_dead_letter.name
    }
    reports = {
      description = "Tasks whose message no endpoint took could not be failed: see the runbook on reports."
      queue       = aws_sqs_queue.reports_dead_letter.name
    }
  }

  alarm_name          = "${each.value.queue}-messages"
  alarm_description   = each.value.description
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
