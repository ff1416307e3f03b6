resource "aws_cloudwatch_event_rule" "close_execution" {
  name        = "${var.name_prefix}-close-execution"
  description = "Executions of the platform's workflows that ended without success."

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = local.state_machine_arns
      status          = ["ABORTED", "FAILED", "TIMED_OUT"]
    }
  })

  lifecycle {
    precondition {
      condition     = sum([for arn in local.state_machine_arns : length(arn) + 3]) <= 1900
      error_message = "Give some of the ${length(local.state_machine_arns)} workflows a platform of their own: EventBridge takes an event pattern of 2,048 characters, and theirs names each."
    }
  }
}

resource "aws_cloudwatch_event_target" "close_execution" {
  rule = aws_cloudwatch_event_rule.close_execution.name
  arn  = module.function["close_execution"].arn

  dead_letter_config {
    arn = aws_sqs_queue.close_execution_dead_letter.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 24 * 3600
    maximum_retry_attempts       = 185
  }

  depends_on = [aws_sqs_queue_policy.close_execution_dead_letter]
}

resource "aws_lambda_permission" "close_execution" {
  statement_id  = "AllowRule"
  action        = "lambda:InvokeFunction"
  function_name = module.function["close_execution"].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.close_execution.arn
}

# The rule's queue takes what never reached the function; this one what the function failed on.
resource "aws_lambda_function_event_invoke_config" "close_execution" {
  function_name                = module.function["close_execution"].name
  maximum_event_age_in_seconds = 6 * 3600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.close_execution_dead_letter.arn
    }
  }
}

resource "aws_sqs_queue" "close_execution_dead_letter" {
  name                      = "${var.name_prefix}-close-execution-dead-letter"
  kms_master_key_id         = aws_kms_key.this.arn
  message_retention_seconds = var.dead_letter_days * 24 * 3600
}

data "aws_iam_policy_document" "close_execution_dead_letter" {
  statement {
    sid       = "AllowRule"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.close_execution_dead_letter.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.close_execution.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "close_execution_dead_letter" {
  queue_url = aws_sqs_queue.close_execution_dead_letter.url
  policy    = data.aws_iam_policy_document.close_execution_dead_letter.json
}

# An event that does not reach the queue either is lost: from the rule, and from the function.
resource "aws_cloudwatch_metric_alarm" "close_execution_lost" {
  for_each = {
    function = {
      namespace   = "AWS/Lambda"
      metric_name = "DestinationDeliveryFailures"
      dimensions  = { FunctionName = module.function["close_execution"].name }
    }
    rule = {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = aws_cloudwatch_event_rule.close_execution.name }
    }
  }

  alarm_name          = "${var.name_prefix}-close-execution-${each.key}-events-lost"
  alarm_description   = "The ends of executions could not be put on the dead-letter queue of close_execution, and are lost. See ${var.runbook_url}/events-lost.md"
  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
