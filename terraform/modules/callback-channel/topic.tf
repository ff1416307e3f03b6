# The name depends on nothing but prefix and task type: a replaced topic silently loses its partners' subscriptions.
resource "aws_sns_topic" "this" {
  name              = local.name
  kms_master_key_id = var.platform.kms_key_arn
}

locals {
  # A webhook's queue is known by its name: its module needs the topic first.
  subscriber_queues = concat(
    [for account_id in sort(distinct([for partner in values(local.aws_partners) : partner.account_id])) : "arn:${var.platform.partition}:sqs:*:${account_id}:*"],
    [for name in sort(keys(local.webhook_partners)) : "arn:${var.platform.partition}:sqs:${var.platform.region}:${var.platform.account_id}:${local.name}-${name}"],
  )
}

# Partners act on what is published here, so nobody but the dispatcher may, whatever its own policy says.
data "aws_iam_policy_document" "topic" {
  dynamic "statement" {
    for_each = toset([for partner in values(local.aws_partners) : partner.account_id])

    content {
      sid       = "Subscribe${statement.value}"
      actions   = ["sns:Subscribe"]
      resources = [aws_sns_topic.this.arn]

      principals {
        type        = "AWS"
        identifiers = ["arn:${var.platform.partition}:iam::${statement.value}:root"]
      }

      # Both keys are part of every Subscribe on AWS, so IfExists is as strict there; the local engine has neither.
      condition {
        test     = "StringEqualsIfExists"
        variable = "sns:Protocol"
        values   = ["sqs"]
      }

      condition {
        test     = "StringLikeIfExists"
        variable = "sns:Endpoint"
        values   = ["arn:${var.platform.partition}:sqs:*:${statement.value}:*"]
      }
    }
  }

  # Whoever asks, of this account too. That a key is there is no way around: on AWS it always is; the local engine has neither.
  dynamic "statement" {
    for_each = {
      DenyOtherProtocols = { test = "StringNotEquals", variable = "sns:Protocol", values = ["sqs"] }
      DenyOtherQueues    = { test = "StringNotLike", variable = "sns:Endpoint", values = coalescelist(local.subscriber_queues, ["none"]) }
    }

    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = ["sns:Subscribe"]
      resources = [aws_sns_topic.this.arn]

      principals {
        type        = "AWS"
        identifiers = ["*"]
      }

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = statement.value.values
      }

      condition {
        test     = "Null"
        variable = statement.value.variable
        values   = ["false"]
      }
    }
  }

  statement {
    sid       = "DenyPublishByOthers"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values = [
        module.dispatcher.role_arn,
        # AWS gives a session's role; the local engine gives the session itself.
        "arn:${var.platform.partition}:sts::${var.platform.account_id}:assumed-role/${module.dispatcher.role_name}/*",
      ]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  #checkov:skip=CKV_AWS_385:Partners' accounts subscribe, by sqs and to queues of their own only.

  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.minified_json

  # Who may subscribe is registered first: end_subscriptions ends the subscriptions of others.
  depends_on = [aws_dynamodb_table_item.registration]

  lifecycle {
    precondition {
      condition     = length(local.subscriber_queues) <= 60
      error_message = "Give ${var.task_type} at most 60 partner accounts, or 60 partners without AWS, or split it into two task types: SNS takes a topic policy of 30 KB."
    }
  }
}
