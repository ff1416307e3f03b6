data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:In a key policy the resource * is this key.
  #checkov:skip=CKV_AWS_111:In a key policy the resource * is this key.
  #checkov:skip=CKV_AWS_356:In a key policy the resource * is this key.

  statement {
    sid = "Administer"
    actions = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:DisableKeyRotation",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListKeyRotations",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:RetireGrant",
      "kms:RevokeGrant",
      "kms:RotateKeyOnDemand",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    resources = ["*"] # In a key policy: this key.

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }
  }

  # Whoever IAM lets use the key, uses it through these services: nobody decrypts with it directly.
  statement {
    sid       = "UseThroughServices"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = local.key_services
    }
  }

  # DynamoDB and Lambda work on tables and environments by grants that they create for the caller.
  statement {
    sid       = "GrantToServices"
    actions   = ["kms:CreateGrant"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = local.key_services
    }

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  # Step Functions works on histories with the workflow's role, and not through a service that it could name.
  dynamic "statement" {
    for_each = {
      UseInExecutions  = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], test = "StringEquals", variable = "kms:EncryptionContext:aws:states:stateMachineArn", values = local.state_machine_arns }
      LogFromExecution = { actions = ["kms:GenerateDataKey"], test = "StringLike", variable = "kms:EncryptionContext:SourceArn", values = [local.account_logs] }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = [for name in sort(var.workflow_names) : "arn:${local.partition}:iam::${local.account_id}:role${var.role_path}${var.name_prefix}-${name}"]
      }

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = statement.value.values
      }
    }
  }

  statement {
    sid       = "DeliverExecutionLogs"
    actions   = ["kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:SourceArn"
      values   = [local.account_logs]
    }
  }

  statement {
    sid       = "DescribeForDynamoDB"
    actions   = ["kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["dynamodb.amazonaws.com"]
    }
  }

  statement {
    sid       = "EncryptLogs"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.${local.dns_suffix}"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        for group in ["/aws/apigateway", "/aws/lambda", "/aws/vendedlogs/states"] :
        "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${group}/${var.name_prefix}-*"
      ]
    }
  }

  # Rules put events that they cannot deliver on an encrypted queue. EventBridge does not tell KMS which rule it is: with a condition on
  # aws:SourceArn it could use the key for none. The queue's policy says which rule may write to it.
  statement {
    sid       = "DeadLettersFromRules"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  # Topics deliver to encrypted queues of this account.
  statement {
    sid       = "DeliveriesFromTopics"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name_prefix}-*"]
    }
  }

  # For alarm topics that are encrypted with this key.
  dynamic "statement" {
    for_each = length(var.alarm_topic_arns) > 0 ? [var.alarm_topic_arns] : []

    content {
      sid       = "NotificationsFromAlarms"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["cloudwatch.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:aws:sns:topicArn"
        values   = statement.value
      }
    }
  }
}

locals {
  account_logs = "arn:${local.partition}:logs:${local.region}:${local.account_id}:*"
  key_services = [for service in ["dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "states"] : "${service}.${local.region}.${local.dns_suffix}"]
}

resource "aws_kms_key" "this" {
  description         = "Encrypts the data of ${var.name_prefix}: tables, topics, queues, histories, logs and the functions' environments."
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name_prefix}"
  target_key_id = aws_kms_key.this.key_id
}
