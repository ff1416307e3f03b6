locals {
  deliver_timeout_seconds = 60
  queues = {
    dead_letter = aws_sqs_queue.dead_letter
    main        = aws_sqs_queue.this
  }
}

# No redrive by receive count: the function retries until the task's deadline, and then gives up itself.
resource "aws_sqs_queue" "this" {
  name                       = local.name
  kms_master_key_id          = var.platform.kms_key_arn
  message_retention_seconds  = 14 * 24 * 3600
  redrive_allow_policy       = jsonencode({ redrivePermission = "denyAll" }) # No queue of the account makes this one its dead-letter queue.
  visibility_timeout_seconds = 6 * local.deliver_timeout_seconds             # What Lambda asks of an event source.
}

resource "aws_sqs_queue" "dead_letter" {
  name                      = "${local.name}-dead-letter"
  kms_master_key_id         = var.platform.kms_key_arn
  message_retention_seconds = var.platform.dead_letter_days * 24 * 3600
  redrive_allow_policy      = jsonencode({ redrivePermission = "denyAll" })
}

data "aws_iam_policy_document" "queue" {
  for_each = local.queues

  statement {
    sid       = "TopicDelivery"
    actions   = ["sqs:SendMessage"]
    resources = [each.value.arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [var.topic_arn]
    }
  }

  # Partners act on what is in here, so nobody else puts anything in, whatever its own policy says.
  statement {
    sid       = "DenySendByOthers"
    effect    = "Deny"
    actions   = ["sqs:SendMessage"]
    resources = [each.value.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:SourceArn"
      values   = [var.topic_arn]
    }

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = local.function_principals
    }
  }
}

# SNS writes to both: to the dead-letter queue what the queue did not take.
resource "aws_sqs_queue_policy" "this" {
  for_each = local.queues

  queue_url = each.value.id
  policy    = data.aws_iam_policy_document.queue[each.key].minified_json
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn            = var.topic_arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.this.arn
  raw_message_delivery = true
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letter.arn })

  depends_on = [aws_sqs_queue_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${aws_sqs_queue.dead_letter.name}-messages"
  alarm_description   = "${var.partner} could not be given work on ${var.task_type}: see the runbook on webhooks."
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
