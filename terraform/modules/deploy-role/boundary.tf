# The most that any role of the platform can do, whoever writes its policy.
data "aws_iam_policy_document" "boundary" {
  dynamic "statement" {
    for_each = {
      Callbacks    = { actions = ["execute-api:Invoke"], resources = ["${local.arn.execute_api}:*/*/POST/externalCallback/*"] }
      Data         = { actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"], resources = local.tables }
      Functions    = { actions = ["lambda:InvokeFunction"], resources = [local.functions] }
      Interfaces   = { actions = local.interface_actions, resources = ["*"] }
      Logs         = { actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${local.arn.logs}:log-group:/aws/lambda/${var.name_prefix}-*"] }
      LogDelivery  = { actions = local.log_delivery_actions, resources = ["*"] }
      Queues       = { actions = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"], resources = [local.queues] }
      Secrets      = { actions = ["secretsmanager:GetSecretValue"], resources = [local.secrets] }
      Subscription = { actions = ["sns:Unsubscribe"], resources = ["*"] }
      Topics       = { actions = ["sns:ListSubscriptionsByTopic", "sns:Publish"], resources = [local.topics] }
      Traces       = { actions = ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources = ["*"] }
      Workflows = {
        actions   = ["states:DescribeExecution", "states:GetExecutionHistory", "states:ListExecutions", "states:RedriveExecution", "states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"]
        resources = local.workflows
      }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["${local.arn.kms}:key/*"]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = ["alias/${var.name_prefix}"]
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name_prefix}-boundary"
  path        = var.role_path
  description = "The most that a role of ${var.name_prefix} can do."
  policy      = data.aws_iam_policy_document.boundary.minified_json

  lifecycle {
    precondition {
      condition     = length(data.aws_iam_policy_document.boundary.minified_json) <= 6144
      error_message = "Shorten name_prefix: IAM takes a policy of 6,144 characters."
    }
  }
}

locals {
  interface_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
  log_delivery_actions = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
  ]
}
