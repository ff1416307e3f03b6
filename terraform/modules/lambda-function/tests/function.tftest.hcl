mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_lambda_function" {
    defaults = { code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111111111111:log-group:own" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/platform/callbacks-dev-dispatcher" }
  }
}

variables {
  function = "sns_callback"
  name     = "callbacks-dev-dispatcher"

  platform = {
    account_id           = "111111111111"
    alarm_actions        = ["arn:aws:sns:eu-west-1:111111111111:alarms"]
    code_signing_config  = "arn:aws:lambda:eu-west-1:111111111111:code-signing-config:csc-0123456789abcdef0"
    environment          = "dev"
    kms_key_arn          = "arn:aws:kms:eu-west-1:111111111111:key/1"
    log_level            = "INFO"
    log_retention_days   = 30
    metric_namespace     = "CallbackChannels/callbacks-dev"
    partition            = "aws"
    permissions_boundary = "arn:aws:iam::111111111111:policy/boundary"
    region               = "eu-west-1"
    role_path            = "/platform/"
    runbook_url          = "https://docs.example.com/runbook"
    package = {
      architecture  = "arm64"
      runtime       = "python3.13"
      s3_bucket     = "packages"
      s3_key        = "lambdas.zip"
      sha256_base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }
}

run "allows_itself_logs_traces_and_its_environment_only" {
  assert {
    condition = {
      for statement in data.aws_iam_policy_document.this.statement : statement.sid => {
        actions    = statement.actions
        resources  = statement.resources
        conditions = { for condition in statement.condition : "${condition.test} ${condition.variable}" => condition.values }
      }
      } == {
      WriteOwnLogs = {
        actions    = toset(["logs:CreateLogStream", "logs:PutLogEvents"])
        resources  = toset(["arn:aws:logs:eu-west-1:111111111111:log-group:own:*"])
        conditions = {}
      }
      WriteTraces = {
        actions    = toset(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])
        resources  = toset(["*"])
        conditions = {}
      }
      DecryptOwnEnvironment = {
        actions    = toset(["kms:Decrypt"])
        resources  = toset(["arn:aws:kms:eu-west-1:111111111111:key/1"])
        conditions = { "StringEquals kms:EncryptionContext:aws:lambda:FunctionArn" = tolist(["arn:aws:lambda:eu-west-1:111111111111:function:callbacks-dev-dispatcher"]) }
      }
    }
    error_message = "A function without permissions may do more or less than it has to: ${jsonencode(data.aws_iam_policy_document.this.statement)}"
  }

  assert {
    condition = (
      aws_iam_role.this.name == "callbacks-dev-dispatcher"
      && aws_iam_role.this.path == "/platform/"
      && aws_iam_role.this.permissions_boundary == "arn:aws:iam::111111111111:policy/boundary"
      && one(one(data.aws_iam_policy_document.trust.statement).principals).identifiers == toset(["lambda.amazonaws.com"])
      && one(one(data.aws_iam_policy_document.trust.statement).condition) == { test = "StringEquals", variable = "aws:SourceAccount", values = tolist(["111111111111"]) }
    )
    error_message = "The role's name, path, boundary or trust is not as asked."
  }
}

run "runs_in_a_network_whose_interfaces_its_code_cannot_touch" {
  variables {
    network = { security_group_ids = ["sg-1"], subnet_ids = ["subnet-1", "subnet-2"] }
  }

  assert {
    condition     = one(aws_lambda_function.this.vpc_config).subnet_ids == toset(["subnet-1", "subnet-2"]) && one(aws_lambda_function.this.vpc_config).security_group_ids == toset(["sg-1"])
    error_message = "The function runs in the subnets that were given."
  }

  assert {
    condition = jsonencode({ for statement in data.aws_iam_policy_document.this.statement : statement.sid => [statement.effect, length(statement.actions), statement.condition] if strcontains(statement.sid, "Interfaces") }) == jsonencode({
      ManageInterfaces     = ["Allow", 6, []]
      DenyInterfacesToCode = ["Deny", 6, [{ test = "ArnEquals", values = ["arn:aws:lambda:eu-west-1:111111111111:function:callbacks-dev-dispatcher"], variable = "lambda:SourceFunctionArn" }]]
    })
    error_message = "Lambda makes the interfaces with the role, and the function's code does not: ${jsonencode(data.aws_iam_policy_document.this.statement)}"
  }
}

run "allows_what_is_asked_for" {
  variables {
    kms_via_services = ["sns", "dynamodb"]
    permissions = {
      PublishToTopic = {
        actions    = ["sns:Publish"]
        resources  = ["arn:aws:sns:eu-west-1:111111111111:topic"]
        conditions = [{ test = "StringEquals", variable = "aws:ResourceAccount", values = ["111111111111"] }]
      }
    }
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.this.statement : [statement.actions, statement.resources, one(statement.condition)] if statement.sid == "PublishToTopic"
      ] == [[
        toset(["sns:Publish"]),
        toset(["arn:aws:sns:eu-west-1:111111111111:topic"]),
        { test = "StringEquals", variable = "aws:ResourceAccount", values = tolist(["111111111111"]) },
    ]]
    error_message = "The statement that was asked for is not in the policy."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.this.statement : [statement.actions, statement.resources, one(statement.condition)] if statement.sid == "UseKeyThroughServices"
      ] == [[
        toset(["kms:Decrypt", "kms:GenerateDataKey"]),
        toset(["arn:aws:kms:eu-west-1:111111111111:key/1"]),
        { test = "StringEquals", variable = "kms:ViaService", values = tolist(["dynamodb.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com"]) },
    ]]
    error_message = "The key may be used otherwise than through the services asked for."
  }
}

run "raises_no_alarm_on_what_the_function_raises_on_purpose" {
  variables {
    expected_errors = { dimensions = { task_type = "ORDER_SHIPPING_SERVICE" }, metrics = ["DispatchesUnavailable", "DispatchesRefused"] }
    retried         = true
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.evaluation_periods == 3
    error_message = "What is started again by itself raises the alarm only if it goes on."
  }

  assert {
    condition = { for query in aws_cloudwatch_metric_alarm.errors.metric_query : query.id => query.expression == null ? join(" ", concat([one(query.metric).namespace, one(query.metric).metric_name], values(one(query.metric).dimensions))) : query.expression } == {
      errors     = "AWS/Lambda Errors callbacks-dev-dispatcher"
      expected_0 = "CallbackChannels/callbacks-dev DispatchesRefused ORDER_SHIPPING_SERVICE"
      expected_1 = "CallbackChannels/callbacks-dev DispatchesUnavailable ORDER_SHIPPING_SERVICE"
      unexpected = "errors - FILL(expected_0, 0) - FILL(expected_1, 0)"
    }
    error_message = "The alarm must count the errors without those that are expected."
  }
}

run "configures_the_function" {
  variables {
    environment_variables = { TASK_TYPE = "ORDER_SHIPPING_SERVICE" }
  }

  assert {
    condition = one(aws_lambda_function.this.environment).variables == tomap({
      ENVIRONMENT                  = "dev"
      POWERTOOLS_LOG_LEVEL         = "INFO"
      POWERTOOLS_METRICS_NAMESPACE = "CallbackChannels/callbacks-dev"
      POWERTOOLS_SERVICE_NAME      = "sns_callback"
      TASK_TYPE                    = "ORDER_SHIPPING_SERVICE"
    })
    error_message = "The environment is not the function's own and the standard one."
  }

  assert {
    condition = (
      aws_lambda_function.this.handler == "functions.sns_callback.handler.handler"
      && aws_lambda_function.this.architectures == tolist(["arm64"])
      && aws_lambda_function.this.runtime == "python3.13"
      && aws_lambda_function.this.s3_bucket == "packages"
      && aws_lambda_function.this.s3_key == "lambdas.zip"
      && aws_lambda_function.this.source_code_hash == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    )
    error_message = "The function does not run the package's code."
  }

  assert {
    condition     = aws_lambda_function.this.code_signing_config_arn == var.platform.code_signing_config
    error_message = "The function takes code that nobody has signed."
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.platform.kms_key_arn && aws_cloudwatch_log_group.this.kms_key_id == var.platform.kms_key_arn
    error_message = "Environment and logs must be encrypted with the platform's key."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/callbacks-dev-dispatcher" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Lambda would write to a log group of its own, kept for ever."
  }

  assert {
    condition     = one(aws_lambda_function.this.tracing_config).mode == "Active" && aws_lambda_function.this.reserved_concurrent_executions == -1
    error_message = "Tracing must be active, and concurrency unreserved unless asked for."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.evaluation_periods == 1
    error_message = "One error raises the alarm, unless the function is started again by itself."
  }

  assert {
    condition = (
      [aws_cloudwatch_metric_alarm.errors.namespace, aws_cloudwatch_metric_alarm.errors.metric_name] == ["AWS/Lambda", "Errors"]
      && aws_cloudwatch_metric_alarm.errors.dimensions == tomap({ FunctionName = "callbacks-dev-dispatcher" })
      && aws_cloudwatch_metric_alarm.errors.alarm_actions == toset(["arn:aws:sns:eu-west-1:111111111111:alarms"])
    )
    error_message = "An alarm watches another function, or tells nobody."
  }
}

run "refuses_more_expected_errors_than_an_alarm_takes" {
  command = plan

  variables {
    expected_errors = { dimensions = {}, metrics = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"] }
  }

  expect_failures = [var.expected_errors]
}

run "refuses_wildcard_actions" {
  command = plan

  variables {
    permissions = { All = { actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:eu-west-1:111111111111:table/x"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_statement_ids_that_iam_refuses" {
  command = plan

  variables {
    permissions = { "read-tasks" = { actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:eu-west-1:111111111111:table/x"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_long_names" {
  command = plan

  variables {
    name = "callbacks-dev-a-task-type-whose-name-goes-on-until-no-role-can-ha"
  }

  expect_failures = [var.name]
}

run "refuses_to_override_standard_variables" {
  command = plan

  variables {
    environment_variables = { ENVIRONMENT = "prod" }
  }

  expect_failures = [var.environment_variables]
}

run "refuses_handlers_outside_functions" {
  command = plan

  variables {
    function = "../sns_callback"
  }

  expect_failures = [var.function]
}

run "refuses_unknown_services" {
  command = plan

  variables {
    kms_via_services = ["ec2"]
  }

  expect_failures = [var.kms_via_services]
}

run "refuses_sizes_that_lambda_refuses" {
  command = plan

  variables {
    memory_mb            = 64
    reserved_concurrency = 0
    timeout_seconds      = 901
  }

  expect_failures = [var.memory_mb, var.reserved_concurrency, var.timeout_seconds]
}

run "refuses_code_that_is_not_the_package" {
  override_data {
    target = data.aws_lambda_function.deployed
    values = { code_sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" }
  }

  expect_failures = [data.aws_lambda_function.deployed]
}
