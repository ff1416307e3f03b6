locals {
  # Built from the name, not read from the resource, so that the role's policy does not wait for the function.
  function_arn = "arn:${var.platform.partition}:lambda:${var.platform.region}:${var.platform.account_id}:function:${var.name}"

  expected_errors = { for index, name in try(sort(var.expected_errors.metrics), []) : "expected_${index}" => {
    namespace   = var.platform.metric_namespace
    metric_name = name
    dimensions  = var.expected_errors.dimensions
  } }
}

data "aws_partition" "current" {}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is the platform's to choose: log_retention_days.

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.platform.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = var.platform.role_path
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.platform.permissions_boundary
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid       = "WriteTraces"
    actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    resources = ["*"] # X-Ray has no resource to name here.
  }

  statement {
    sid       = "DecryptOwnEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [var.platform.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
      values   = [local.function_arn]
    }
  }

  # Lambda makes the interfaces with the function's role; the code of the function has no use for them.
  dynamic "statement" {
    for_each = var.network == null ? {} : { ManageInterfaces = "Allow", DenyInterfacesToCode = "Deny" }

    content {
      sid    = statement.key
      effect = statement.value
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"] # An interface has no name before it is made.

      dynamic "condition" {
        for_each = statement.value == "Deny" ? [local.function_arn] : []

        content {
          test     = "ArnEquals"
          variable = "lambda:SourceFunctionArn"
          values   = [condition.value]
        }
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
}

resource "aws_iam_role_policy" "this" {
  #checkov:skip=CKV_AWS_290:Traces and network interfaces have no resource to name: all else has one.

  name   = "function"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json

  lifecycle {
    precondition {
      condition     = length(replace(data.aws_iam_policy_document.this.json, "/\\s/", "")) <= 10240
      error_message = "Let ${var.name} need fewer workflows or functions, or give some a platform of their own: IAM takes 10,240 characters of role policy, without white space."
    }
  }
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:Who invokes a function asynchronously has a queue for what fails, as the rule of close_execution has.
  #checkov:skip=CKV_AWS_117:Functions reach AWS's APIs and partners' hosts, and nothing in a VPC.
  #checkov:skip=CKV_AWS_272:The platform's to choose, with code_signing_config: signing needs profiles of the account.

  function_name                  = var.name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  handler                        = "functions.${var.function}.handler.handler"
  runtime                        = var.platform.package.runtime
  architectures                  = [var.platform.package.architecture]
  s3_bucket                      = var.platform.package.s3_bucket
  s3_key                         = var.platform.package.s3_key
  source_code_hash               = var.platform.package.sha256_base64
  code_signing_config_arn        = var.platform.code_signing_config
  kms_key_arn                    = var.platform.kms_key_arn
  memory_size                    = var.memory_mb
  reserved_concurrent_executions = coalesce(var.reserved_concurrency, -1)
  timeout                        = var.timeout_seconds

  environment {
    variables = merge(var.environment_variables, {
      ENVIRONMENT                  = var.platform.environment
      POWERTOOLS_LOG_LEVEL         = var.platform.log_level
      POWERTOOLS_METRICS_NAMESPACE = var.platform.metric_namespace
      POWERTOOLS_SERVICE_NAME      = var.function
    })
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      security_group_ids = vpc_config.value.security_group_ids
      subnet_ids         = vpc_config.value.subnet_ids
    }
  }

  # The first invocation must find its permissions, and a log group that Lambda did not make itself, unencrypted.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

# A data source, since the resource keeps the former hash until it is applied: read after a change of the function, and without one by the plan.
data "aws_lambda_function" "deployed" {
  function_name = aws_lambda_function.this.function_name

  lifecycle {
    postcondition {
      condition     = self.code_sha256 == var.platform.package.sha256_base64
      error_message = "${var.name} does not run the package, but code with the SHA-256 ${self.code_sha256}: find out who changed it, and put the package back with aws lambda update-function-code --function-name ${var.name} --s3-bucket ${var.platform.package.s3_bucket} --s3-key ${var.platform.package.s3_key}"
    }
  }

  depends_on = [aws_lambda_function.this]
}

# What the function raises on purpose, and counts, is no error: crashes and time-outs it cannot count.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-function-errors"
  alarm_description   = "${var.name} crashed, ran out of time, or raised what it should not: look at its log group. See ${var.platform.runbook_url}/function-errors.md"
  namespace           = var.expected_errors == null ? "AWS/Lambda" : null
  metric_name         = var.expected_errors == null ? "Errors" : null
  dimensions          = var.expected_errors == null ? { FunctionName = aws_lambda_function.this.function_name } : null
  statistic           = var.expected_errors == null ? "Sum" : null
  period              = var.expected_errors == null ? 300 : null
  evaluation_periods  = var.retried ? 3 : 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions

  dynamic "metric_query" {
    for_each = var.expected_errors == null ? {} : { unexpected = join(" - ", concat(["errors"], [for id in keys(local.expected_errors) : "FILL(${id}, 0)"])) }

    content {
      id          = metric_query.key
      expression  = metric_query.value
      label       = "Unexpected errors"
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = var.expected_errors == null ? {} : merge(local.expected_errors, {
      errors = { namespace = "AWS/Lambda", metric_name = "Errors", dimensions = { FunctionName = aws_lambda_function.this.function_name } }
    })

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric_name
        dimensions  = metric_query.value.dimensions
        period      = 300
        stat        = "Sum"
      }
    }
  }
}
