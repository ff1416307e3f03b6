mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/vendedlogs/states/x" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/callbacks-dev-order-processing" }
  }
}

variables {
  name = "order-processing"

  definition = jsonencode({
    StartAt = "Read"
    States = {
      Read = {
        Type           = "Task"
        Resource       = "arn:aws:states:::lambda:invoke"
        Parameters     = { FunctionName = "arn:aws:lambda:eu-west-1:111111111111:function:read" }
        TimeoutSeconds = 30
        Next           = "Wait"
      }
      Wait = {
        Type               = "Task"
        Resource           = "arn:aws:states:::lambda:invoke.waitForTaskToken"
        Parameters         = { FunctionName = "arn:aws:lambda:eu-west-1:111111111111:function:dispatch" }
        TimeoutSecondsPath = "$.timeout"
        Next               = "Done"
      }
      Done = { Type = "Succeed" }
    }
  })

  platform = {
    alarm_actions        = ["arn:aws:sns:eu-west-1:111111111111:alarms"]
    kms_key_arn          = "arn:aws:kms:eu-west-1:111111111111:key/1"
    log_retention_days   = 30
    name_prefix          = "callbacks-dev"
    permissions_boundary = "arn:aws:iam::111111111111:policy/boundary"
    region               = "eu-west-1"
    role_path            = "/platform/"
    runbook_url          = "https://docs.example.com/runbook"
    state_machine_arns = [
      "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-processing",
      "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-review",
    ]
  }
}

run "may_invoke_what_its_definition_invokes" {
  assert {
    condition = {
      for statement in data.aws_iam_policy_document.this.statement : statement.sid => sort(statement.resources)
      } == {
      InvokeFunctions    = tolist(["arn:aws:lambda:eu-west-1:111111111111:function:dispatch", "arn:aws:lambda:eu-west-1:111111111111:function:read"])
      DeliverLogs        = tolist(["*"])
      WriteTraces        = tolist(["*"])
      EncryptHistories   = tolist(["arn:aws:kms:eu-west-1:111111111111:key/1"])
      EncryptLogDelivery = tolist(["arn:aws:kms:eu-west-1:111111111111:key/1"])
    }
    error_message = "The role may do more or less than its workflow: ${jsonencode(data.aws_iam_policy_document.this.statement)}"
  }

  assert {
    condition     = alltrue(flatten([for statement in data.aws_iam_policy_document.this.statement : [for action in statement.actions : !strcontains(action, "*")]]))
    error_message = "The role's policy must name its actions."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.trust.statement : [one(statement.principals).identifiers, one(statement.condition)]
      ] == [[
        toset(["states.amazonaws.com"]),
        { test = "ArnEquals", variable = "aws:SourceArn", values = tolist(["arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-processing"]) },
    ]]
    error_message = "The role must trust Step Functions for this state machine only."
  }

  assert {
    condition     = aws_iam_role.this.path == "/platform/" && aws_iam_role.this.permissions_boundary == "arn:aws:iam::111111111111:policy/boundary"
    error_message = "The role's path or boundary is not the platform's."
  }
}

run "encrypts_histories_with_the_platforms_key" {
  assert {
    condition = one(aws_sfn_state_machine.this.encryption_configuration) == {
      kms_data_key_reuse_period_seconds = 300
      kms_key_id                        = "arn:aws:kms:eu-west-1:111111111111:key/1"
      type                              = "CUSTOMER_MANAGED_KMS_KEY"
    }
    error_message = "Histories hold personal data and tokens: they are encrypted with the platform's key."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.this.statement : [statement.actions, one(statement.condition).variable, one(statement.condition).values] if startswith(statement.sid, "Encrypt")] == [
      [toset(["kms:Decrypt", "kms:GenerateDataKey"]), "kms:EncryptionContext:aws:states:stateMachineArn", tolist(["arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-processing"])],
      [toset(["kms:GenerateDataKey"]), "kms:EncryptionContext:SourceArn", tolist(["arn:aws:logs:eu-west-1:111111111111:*"])],
    ]
    error_message = "The role uses the key for its own histories and their log, and for nothing else."
  }
}

run "may_do_what_is_asked_for" {
  variables {
    kms_via_services = ["dynamodb"]
    permissions = {
      MarkOrder = { actions = ["dynamodb:UpdateItem"], resources = ["arn:aws:dynamodb:eu-west-1:111111111111:table/orders"] }
    }
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.this.statement : [statement.actions, statement.resources, length(statement.condition)] if contains(["MarkOrder", "UseKeyThroughServices"], statement.sid)
      ] == [
      [toset(["kms:Decrypt", "kms:GenerateDataKey"]), toset(["arn:aws:kms:eu-west-1:111111111111:key/1"]), 1],
      [toset(["dynamodb:UpdateItem"]), toset(["arn:aws:dynamodb:eu-west-1:111111111111:table/orders"]), 0],
    ]
    error_message = "The statements that were asked for are not in the policy."
  }
}

run "logs_without_execution_data" {
  assert {
    condition     = !one(aws_sfn_state_machine.this.logging_configuration).include_execution_data && one(aws_sfn_state_machine.this.logging_configuration).level == "ALL"
    error_message = "Executions are logged, without their data: it holds task tokens."
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/vendedlogs/states/callbacks-dev-order-processing"
      && aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-west-1:111111111111:key/1"
      && aws_cloudwatch_log_group.this.retention_in_days == 30
      && one(aws_sfn_state_machine.this.logging_configuration).log_destination == "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/vendedlogs/states/x:*"
    )
    error_message = "The log group must be below /aws/vendedlogs/, encrypted, kept as asked, and the one that is written to."
  }

  assert {
    condition     = one(aws_sfn_state_machine.this.tracing_configuration).enabled
    error_message = "Tracing must be on."
  }
}

run "raises_one_alarm_on_the_share_of_ends_without_success" {
  variables {
    failure_alarm = { hours = 2, minimum = 3 }
  }

  assert {
    condition = { for query in aws_cloudwatch_metric_alarm.failures.metric_query : query.id => query.expression == null ? one(query.metric).metric_name : query.expression } == {
      aborted      = "ExecutionsAborted"
      failed       = "ExecutionsFailed"
      percent      = "IF(unsuccessful >= 3, 100 * unsuccessful / (unsuccessful + FILL(succeeded, 0)), 0)"
      succeeded    = "ExecutionsSucceeded"
      timed_out    = "ExecutionsTimedOut"
      unsuccessful = "FILL(aborted, 0) + FILL(failed, 0) + FILL(timed_out, 0)"
    } && aws_cloudwatch_metric_alarm.failures.threshold == 50
    error_message = "Every end without success counts, and one alone raises no alarm."
  }

  assert {
    condition     = alltrue(flatten([for query in aws_cloudwatch_metric_alarm.failures.metric_query : [for metric in query.metric : metric.period == 7200 && metric.dimensions.StateMachineArn == aws_sfn_state_machine.this.arn]]))
    error_message = "The executions are this workflow's, over the period asked for."
  }
}

run "refuses_an_alarm_over_more_than_a_day" {
  command = plan

  variables {
    failure_alarm = { hours = 25 }
  }

  expect_failures = [var.failure_alarm]
}

run "refuses_tasks_that_can_wait_for_ever" {
  command = plan

  variables {
    definition = jsonencode({ StartAt = "Wait", States = { Wait = { Type = "Task", Resource = "arn:aws:states:::lambda:invoke.waitForTaskToken", End = true } } })
  }

  expect_failures = [var.definition]
}

run "refuses_definitions_that_are_not_json" {
  command = plan

  variables {
    definition = "{"
  }

  expect_failures = [var.definition]
}

run "refuses_workflows_that_callbacks_cannot_resume" {
  command = plan

  variables {
    name = "order-returns"
  }

  expect_failures = [var.name]
}

run "refuses_wildcard_actions" {
  command = plan

  variables {
    permissions = { All = { actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:eu-west-1:111111111111:table/orders"] } }
  }

  expect_failures = [var.permissions]
}

run "refuses_unknown_services" {
  command = plan

  variables {
    kms_via_services = ["ec2"]
  }

  expect_failures = [var.kms_via_services]
}
