locals {
  deliver_timeout_seconds = 60
  queue_names = {
    dead_letter = "${local.name}-dead-letter"
    main        = local.name
  }
  queue_arns = { for key, name in local.queue_names : key => "arn:${var.platform.partition}:sqs:${var.platform.region}:${var.platform.account_id}:${name}" }
}

# With its policy: as a resource of its own, the provider waits for it as long again as for the queue.
# No redrive by receive count: the function retries until the task's deadline, and then gives up itself.
resource "aws_sqs_queue" "this" {
  name                       = local.queue_names["main"]
  kms_master_key_id          = var.platform.kms_key_arn
  message_retention_seconds  = 14 * 24 * 3600
  policy                     = data.aws_iam_policy_document.queue["main"].minified_json
  redrive_allow_policy       = jsonencode({ redrivePermission = "denyAll" }) # No queue of the account makes this one its dead-letter queue.
  visibility_timeout_seconds = 6 * local.deliver_timeout_seconds             # What Lambda asks of an event source.
}

resource "aws_sqs_queue" "dead_letter" {
  name                      = local.queue_names["dead_letter"]
  kms_master_key_id         = var.platform.kms_key_arn
  message_retention_seconds = var.platform.dead_letter_days * 24 * 3600
  policy                    = data.aws_iam_policy_document.queue["dead_letter"].minified_json
  redrive_allow_policy      = jsonencode({ redrivePermission = "denyAll" })
}

# SNS writes to both: to the dead-letter queue what the queue did not take.
data "aws_iam_policy_document" "queue" {
  for_each = local.queue_arns

  statement {
    sid       = "TopicDelivery"
    actions   = ["sqs:SendMessage"]
    resources = [each.value]

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

  # Partners act on what is in here, so nobody else puts anything in, whatever its own policy says. Operators have it sent again from the dead-letter queue.
  statement {
    sid       = "DenySendByOthers"
    effect    = "Deny"
    actions   = ["sqs:SendMessage"]
    resources = [each.value]

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
      values   = each.key == "main" ? concat(local.function_principals, local.operate_principals) : local.function_principals
    }
  }
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn            = var.topic_arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.this.arn
  raw_message_delivery = true
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letter.arn })
}

# Policies were resources of their own, whose end would take them from the queues.
removed {
  from = aws_sqs_queue_policy.this

  lifecycle {
    destroy = false
  }
}
