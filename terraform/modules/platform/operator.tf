# What people need who operate the platform: to read all but tokens, and to invoke one function, which acts for them and says who and why.
data "aws_iam_policy_document" "operator" {
  #checkov:skip=CKV_AWS_356:Metrics and the list of workflows have no resource to name, and composite alarms are shown to those who may see all.

  statement {
    sid       = "Act"
    actions   = ["lambda:InvokeFunction"]
    resources = [module.function["operate"].arn]
  }

  dynamic "statement" {
    for_each = {
      FindOpenTasks     = local.table_access.query_index
      ReadRegistrations = local.table_access.list_by_hand
      ReadTasks         = local.table_access.read_by_hand
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }

  # Not their histories, which have tokens. By the prefix: IAM takes a managed policy of 6,144 characters, which the names of all workflows may exceed.
  statement {
    sid       = "ReadExecutions"
    actions   = ["states:DescribeExecution", "states:ListExecutions"]
    resources = [for type in ["execution", "stateMachine"] : "arn:${local.partition}:states:${local.region}:${local.account_id}:${type}:${var.name_prefix}-*"]
  }

  statement {
    sid       = "FindWorkflows"
    actions   = ["states:ListStateMachines"]
    resources = ["*"] # Step Functions has no resource to name here.
  }

  statement {
    sid       = "ReadDeadLetters"
    actions   = ["sqs:ChangeMessageVisibility", "sqs:ReceiveMessage"]
    resources = ["${local.queue_arn_prefix}*-dead-letter"]
  }

  statement {
    sid       = "FindQueues"
    actions   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    resources = ["${local.queue_arn_prefix}*"]
  }

  statement {
    sid       = "ReadLogs"
    actions   = ["logs:FilterLogEvents"]
    resources = ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/lambda/${var.name_prefix}-*"]
  }

  statement {
    sid       = "ReadAlarmsAndMetrics"
    actions   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  statement {
    sid       = "UseKeyThroughServices"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = [for service in ["dynamodb", "sqs", "states"] : "${service}.${local.region}.${local.dns_suffix}"]
    }
  }
}

resource "aws_iam_policy" "operator" {
  #checkov:skip=CKV_AWS_355:CloudWatch shows composite alarms only to those who may see all alarms.

  name        = "${var.name_prefix}-operator"
  path        = var.role_path
  description = "Operates ${var.name_prefix}: reads all but tokens, acts through ${module.function["operate"].name}."
  policy      = data.aws_iam_policy_document.operator.minified_json
}
