locals {
  name = "${var.platform.name_prefix}-${var.name}"
  arn  = one([for arn in var.platform.state_machine_arns : arn if endswith(arn, ":${local.name}")])

  # What the role uses the key for: the history, and the delivery of its log.
  encrypted = {
    EncryptHistories   = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], test = "StringEquals", variable = "kms:EncryptionContext:aws:states:stateMachineArn", value = local.arn }
    EncryptLogDelivery = { actions = ["kms:GenerateDataKey"], test = "StringLike", variable = "kms:EncryptionContext:SourceArn", value = join(":", concat(slice(split(":", var.platform.kms_key_arn), 0, 2), ["logs"], slice(split(":", var.platform.kms_key_arn), 3, 5), ["*"])) }
  }

  # Read from the definition, so that the role and the workflow cannot differ.
  invoked_function_arns = sort(distinct(regexall("arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+", var.definition)))
}

data "aws_partition" "current" {}

# Log groups below /aws/vendedlogs/ need no entry of their own in the account's log resource policy, which is limited to 5,120 characters.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is the platform's to choose: log_retention_days.

  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.arn]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = local.name
  path                 = var.platform.role_path
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.platform.permissions_boundary
}

data "aws_iam_policy_document" "this" {
  dynamic "statement" {
    for_each = length(local.invoked_function_arns) > 0 ? [local.invoked_function_arns] : []

    content {
      sid       = "InvokeFunctions"
      actions   = ["lambda:InvokeFunction"]
      resources = statement.value
    }
  }

  statement {
    sid = "DeliverLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"] # Log delivery has no resource to name here.
  }

  statement {
    sid       = "WriteTraces"
    actions   = ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"] # X-Ray has no resource to name here.
  }

  dynamic "statement" {
    for_each = local.encrypted

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = [var.platform.kms_key_arn]

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = [statement.value.value]
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.kms_via_services) > 0 ? [var.kms_via_services] : []

    content {
      sid       = "UseKeyThroughServices"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.platform.kms_key_arn]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = [for service in sort(statement.value) : "${service}.${var.platform.region}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.permissions

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_role_policy" "this" {
  #checkov:skip=CKV_AWS_290:Traces and log deliveries have no resource to name: all else has one.

  name   = "workflow"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json

  lifecycle {
    precondition {
      condition     = length(replace(data.aws_iam_policy_document.this.json, "/\\s/", "")) <= 10240
      error_message = "Let ${local.name} need fewer workflows or functions, or give some a platform of their own: IAM takes 10,240 characters of role policy, without white space."
    }
  }
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_285:It is logged, without execution data: that holds task tokens.

  name       = local.name
  role_arn   = aws_iam_role.this.arn
  definition = var.definition

  # Histories have what passes through the workflow, and its tokens.
  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = var.platform.kms_key_arn
    kms_data_key_reuse_period_seconds = 300
  }

  logging_configuration {
    level                  = "ALL"
    include_execution_data = false # Execution data holds task tokens.
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions tries the role's log delivery when it creates the state machine.
  depends_on = [aws_iam_role_policy.this]
}

# One that fails is business. FILL, since a metric that is missing would leave the whole expression without a value.
resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name          = "${local.name}-execution-failures"
  alarm_description   = "Of the executions of ${local.name} that ended within ${var.failure_alarm.hours} h, at least ${var.failure_alarm.percent} % failed, timed out or were aborted. See ${var.platform.runbook_url}/execution-failures.md"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.failure_alarm.percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions

  metric_query {
    id          = "percent"
    expression  = "IF(unsuccessful >= ${var.failure_alarm.minimum}, 100 * unsuccessful / (unsuccessful + FILL(succeeded, 0)), 0)"
    label       = "Executions without success, in percent"
    return_data = true
  }

  metric_query {
    id         = "unsuccessful"
    expression = "FILL(aborted, 0) + FILL(failed, 0) + FILL(timed_out, 0)"
    label      = "Executions without success"
  }

  dynamic "metric_query" {
    for_each = { aborted = "ExecutionsAborted", failed = "ExecutionsFailed", succeeded = "ExecutionsSucceeded", timed_out = "ExecutionsTimedOut" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        dimensions  = { StateMachineArn = aws_sfn_state_machine.this.arn }
        period      = var.failure_alarm.hours * 3600
        stat        = "Sum"
      }
    }
  }
}
