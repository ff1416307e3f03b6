# Where resources were before: without these, an apply would delete a rule as it makes the same one anew.
moved {
  from = aws_cloudwatch_event_rule.end_subscriptions
  to   = aws_cloudwatch_event_rule.schedule["end_subscriptions"]
}

moved {
  from = aws_cloudwatch_event_target.end_subscriptions
  to   = aws_cloudwatch_event_target.schedule["end_subscriptions"]
}

moved {
  from = aws_lambda_permission.end_subscriptions
  to   = aws_lambda_permission.schedule["end_subscriptions"]
}

moved {
  from = aws_cloudwatch_event_rule.reconcile
  to   = aws_cloudwatch_event_rule.schedule["reconcile_tasks"]
}

moved {
  from = aws_cloudwatch_event_target.reconcile
  to   = aws_cloudwatch_event_target.schedule["reconcile_tasks"]
}

moved {
  from = aws_lambda_permission.reconcile
  to   = aws_lambda_permission.schedule["reconcile_tasks"]
}

moved {
  from = aws_cloudwatch_event_rule.sweep
  to   = aws_cloudwatch_event_rule.schedule["sweep_due_callbacks"]
}

moved {
  from = aws_cloudwatch_event_target.sweep
  to   = aws_cloudwatch_event_target.schedule["sweep_due_callbacks"]
}

moved {
  from = aws_lambda_permission.sweep
  to   = aws_lambda_permission.schedule["sweep_due_callbacks"]
}

moved {
  from = aws_cloudwatch_metric_alarm.close_execution_dead_letter
  to   = aws_cloudwatch_metric_alarm.dead_letters["close_execution"]
}

moved {
  from = aws_cloudwatch_metric_alarm.redelivery_dead_letter
  to   = aws_cloudwatch_metric_alarm.dead_letters["redelivery"]
}

moved {
  from = aws_cloudwatch_metric_alarm.reports_dead_letter
  to   = aws_cloudwatch_metric_alarm.dead_letters["reports"]
}
