mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}", minified_json = "{}" }
  }

  mock_data "aws_lambda_function" {
    defaults = { code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com", partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_resource "aws_api_gateway_resource" {
    defaults = { id = "resource", path = "/externalCallback" }
  }

  mock_resource "aws_api_gateway_rest_api" {
    defaults = {
      id               = "api"
      execution_arn    = "arn:aws:execute-api:eu-west-1:111111111111:api"
      root_resource_id = "root"
    }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:111111111111:rule/rule" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111111111111:log-group:group" }
  }

  mock_resource "aws_cognito_user_pool" {
    defaults = { arn = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/pool", id = "pool" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/role" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:111111111111:key/1", key_id = "1" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111111111111:function:function" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::packages" }
  }
}

override_resource {
  target = aws_dynamodb_table.callback_tasks
  values = { arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/tasks" }
}

override_resource {
  target = aws_dynamodb_table.orders
  values = { arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/orders" }
}

override_resource {
  target = aws_sqs_queue.redelivery
  values = { arn = "arn:aws:sqs:eu-west-1:111111111111:redelivery", url = "https://sqs/redelivery" }
}

override_resource {
  target = aws_sqs_queue.redelivery_dead_letter
  values = { arn = "arn:aws:sqs:eu-west-1:111111111111:redelivery-dead-letter", url = "https://sqs/redelivery-dead-letter" }
}

override_resource {
  target = aws_sqs_queue.reports
  values = { arn = "arn:aws:sqs:eu-west-1:111111111111:reports", url = "https://sqs/reports" }
}

override_resource {
  target = aws_sqs_queue.close_execution_dead_letter
  values = { arn = "arn:aws:sqs:eu-west-1:111111111111:close-execution-dead-letter", url = "https://sqs/close-execution-dead-letter" }
}

variables {
  environment    = "dev"
  name_prefix    = "callbacks-dev"
  workflow_names = ["order-review", "order-processing"]

  package = {
    architecture  = "arm64"
    path          = "lambdas.zip"
    runtime       = "python3.13"
    sha256_base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }

  problems = jsondecode(file("../../../lambdas/callbacks/runtime/problems.json"))
}

run "resumes_its_own_workflows_only" {
  assert {
    condition = alltrue([for name in ["external_callback", "operate", "redeliver_callback"] :
      local.functions[name].permissions.SendTaskResults.actions == ["states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"]
      && local.functions[name].permissions.SendTaskResults.resources == tolist([
        "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-processing",
        "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-review",
      ])
    ])
    error_message = "Callbacks must resume the platform's workflows, and no others."
  }

  assert {
    condition = sort([
      for name, function in local.functions : name if anytrue(flatten([for statement in function.permissions : [for action in statement.actions : startswith(action, "states:SendTask")]]))
    ]) == tolist(["external_callback", "operate", "redeliver_callback"])
    error_message = "Only external_callback, operate and redeliver_callback may send task results."
  }
}

run "names_what_functions_may_touch" {
  assert {
    condition = alltrue(flatten([
      for function in local.functions : [for statement in function.permissions : [for resource in statement.resources : can(regex("^arn:aws:[a-z0-9]+:eu-west-1:111111111111:([^*]+(:\\*)?|callbacks-dev-\\*-dead-letter)$", resource))] if length(setsubtract(statement.actions, ["sns:ListSubscriptionsByTopic", "sns:Unsubscribe"])) > 0]
    ]))
    error_message = "A function's permission is not limited to a named resource."
  }

  assert {
    condition = {
      for name, function in local.functions : name => sort(distinct(flatten([
        for statement in function.permissions : [for resource in statement.resources : reverse(split(":", trimsuffix(resource, ":*")))[0] if !strcontains(resource, ":states:")]
      ])))
      } == {
      close_execution         = tolist(["close-execution-dead-letter", "table/orders", "table/tasks"])
      end_subscriptions       = tolist(["*", "callbacks-dev-*", "table/tasks"])
      erase_order             = tolist(["table/orders", "table/tasks"])
      external_callback       = tolist(["redelivery", "reports", "table/tasks"])
      get_order_metadata      = tolist(["table/orders"])
      operate                 = tolist(["callbacks-dev-*-dead-letter", "callbacks-dev-close-execution", "redelivery", "table/tasks"])
      process_shipping_result = tolist(["table/orders"])
      rebuild_tasks           = tolist(["table/tasks"])
      reconcile_tasks         = tolist(["table/orders", "table/tasks", "table/tasks/index/due"])
      redeliver_callback      = tolist(["redelivery", "redelivery-dead-letter", "table/tasks"])
      sweep_due_callbacks     = tolist(["redelivery", "table/tasks", "table/tasks/index/due"])
    }
    error_message = "A function may touch more or less than its own tables and queues."
  }

  assert {
    condition = sort(flatten([
      for name, function in local.functions : [
        for id, statement in function.permissions : "${name}.${id}"
        if length(setintersection(statement.actions, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"])) > 0
        && contains(statement.resources, "arn:aws:dynamodb:eu-west-1:111111111111:table/tasks")
        && !anytrue([for condition in try(statement.conditions, []) : condition.variable == "dynamodb:Attributes" && !contains(condition.values, "task_token")])
        && !anytrue([for condition in try(statement.conditions, []) : condition.variable == "dynamodb:LeadingKeys" && join(",", condition.values) == "#CHANNEL"])
      ]
    ])) == tolist(["external_callback.ReadTasks", "operate.ReadTasks", "redeliver_callback.ReadTasks"])
    error_message = "Only the functions that send tokens may read them."
  }

  assert {
    condition = sort(flatten([
      for name, function in local.functions : [
        for id, statement in function.permissions : "${name}.${id}"
        if contains(statement.resources, "arn:aws:dynamodb:eu-west-1:111111111111:table/tasks") && anytrue([for action in statement.actions : !contains(["dynamodb:GetItem", "dynamodb:Query"], action)])
        && !anytrue([for condition in try(statement.conditions, []) : "${condition.test} ${condition.variable} ${join(" ", condition.values)}" == "ForAllValues:StringNotLike dynamodb:LeadingKeys #*"])
      ]
    ])) == tolist(["operate.SwitchChannels"])
    error_message = "Only operate may write a registration."
  }

  assert {
    condition = { for condition in local.functions.operate.permissions.SwitchChannels.conditions : "${condition.test} ${condition.variable}" => condition.values } == {
      "ForAllValues:StringEquals dynamodb:Attributes"  = ["enabled", "order_id", "task_type"]
      "ForAllValues:StringEquals dynamodb:LeadingKeys" = ["#CHANNEL"]
      "StringEqualsIfExists dynamodb:ReturnValues"     = ["NONE"]
    }
    error_message = "Of a registration operate may change whether the channel is enabled, and no more."
  }

  assert {
    condition = sort(flatten([
      for name, function in local.functions : [
        for id, statement in function.permissions : "${name}.${id}"
        if contains(statement.resources, "arn:aws:dynamodb:eu-west-1:111111111111:table/tasks")
        && anytrue([for action in statement.actions : contains(["dynamodb:PutItem", "dynamodb:UpdateItem"], action)])
        && !anytrue([
          for condition in try(statement.conditions, []) :
          condition.test == "ForAllValues:StringEquals" && condition.variable == "dynamodb:Attributes" && length(setintersection(condition.values, ["outcome", "outcome_digest", "outcome_is_final", "principal"])) == 0
        ])
      ]
    ])) == tolist(["external_callback.CloseTasks", "operate.CloseTasks", "redeliver_callback.CloseTasks"])
    error_message = "Only the functions that send outcomes may write one."
  }
}

run "lets_operators_invoke_one_function_and_read_no_token" {
  assert {
    condition = { for statement in data.aws_iam_policy_document.operator.statement : statement.sid => statement.resources if !startswith(statement.sid, "Find") } == {
      Act                   = toset([module.function["operate"].arn])
      ReadAlarmsAndMetrics  = toset(["*"])
      ReadDeadLetters       = toset(["arn:aws:sqs:eu-west-1:111111111111:callbacks-dev-*-dead-letter"])
      ReadExecutions        = toset(["arn:aws:states:eu-west-1:111111111111:execution:callbacks-dev-*", "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-*"])
      ReadLogs              = toset(["arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/callbacks-dev-*"])
      ReadRegistrations     = toset(["arn:aws:dynamodb:eu-west-1:111111111111:table/tasks"])
      ReadTasks             = toset(["arn:aws:dynamodb:eu-west-1:111111111111:table/tasks"])
      UseKeyThroughServices = toset(["arn:aws:kms:eu-west-1:111111111111:key/1"])
    }
    error_message = "An operator may read what is another's, or act on it."
  }

  assert {
    condition = sort(flatten(data.aws_iam_policy_document.operator.statement[*].actions)) == tolist([
      "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Query", "dynamodb:Query", "kms:Decrypt",
      "lambda:InvokeFunction", "logs:FilterLogEvents", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
      "states:DescribeExecution", "states:ListExecutions", "states:ListStateMachines",
    ])
    error_message = "An operator must change nothing but through the function, and read no history: those have tokens."
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.operator.statement : statement.sid => { for condition in statement.condition : "${condition.test} ${condition.variable}" => condition.values }
      if length(statement.condition) > 0
      } == {
      ReadRegistrations = {
        "ForAllValues:StringEquals dynamodb:LeadingKeys" = tolist(["#CHANNEL"])
        "Null dynamodb:LeadingKeys"                      = tolist(["false"])
      }
      ReadTasks = {
        "ForAllValues:StringEquals dynamodb:Attributes" = tolist(local.read_attributes)
        "Null dynamodb:Attributes"                      = tolist(["false"])
        "StringEquals dynamodb:Select"                  = tolist(["SPECIFIC_ATTRIBUTES"])
      }
      UseKeyThroughServices = {
        "StringEquals kms:ViaService" = tolist(["dynamodb.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com", "states.eu-west-1.amazonaws.com"])
      }
    } && !contains(local.read_attributes, "task_token")
    error_message = "An operator must name what it reads of a task, and may not name its token."
  }

  assert {
    condition     = aws_iam_policy.operator.name == "callbacks-dev-operator" && output.operator_policy_arn == aws_iam_policy.operator.arn
    error_message = "The policy must have the name that the deploy role may make."
  }
}

run "leaves_send_task_open_for_a_local_engine" {
  variables {
    scope_send_task = false
  }

  assert {
    condition     = local.functions.external_callback.permissions.SendTaskResults.resources == tolist(["*"])
    error_message = "scope_send_task = false must lift the limit that the local engine cannot evaluate."
  }
}

run "limits_the_key_to_services_of_the_account" {
  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:111111111111:alarms"]
  }

  assert {
    condition = {
      for statement in data.aws_iam_policy_document.key.statement : statement.sid => {
        principals = flatten(statement.principals[*].identifiers)
        conditions = { for condition in statement.condition : condition.variable => condition.values }
      }
      } == {
      Administer = {
        principals = ["arn:aws:iam::111111111111:root"]
        conditions = {}
      }
      UseThroughServices = {
        principals = ["arn:aws:iam::111111111111:root"]
        conditions = { "kms:ViaService" = tolist([for service in ["dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "states"] : "${service}.eu-west-1.amazonaws.com"]) }
      }
      GrantToServices = {
        principals = ["arn:aws:iam::111111111111:root"]
        conditions = {
          "kms:GrantIsForAWSResource" = tolist(["true"])
          "kms:ViaService"            = tolist([for service in ["dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "states"] : "${service}.eu-west-1.amazonaws.com"])
        }
      }
      UseInExecutions = {
        principals = ["arn:aws:iam::111111111111:root"]
        conditions = {
          "aws:PrincipalArn"                                 = tolist([for name in sort(var.workflow_names) : "arn:aws:iam::111111111111:role${var.role_path}callbacks-dev-${name}"])
          "kms:EncryptionContext:aws:states:stateMachineArn" = tolist(local.state_machine_arns)
        }
      }
      LogFromExecution = {
        principals = ["arn:aws:iam::111111111111:root"]
        conditions = {
          "aws:PrincipalArn"                = tolist([for name in sort(var.workflow_names) : "arn:aws:iam::111111111111:role${var.role_path}callbacks-dev-${name}"])
          "kms:EncryptionContext:SourceArn" = tolist(["arn:aws:logs:eu-west-1:111111111111:*"])
        }
      }
      DeliverExecutionLogs = {
        principals = ["delivery.logs.amazonaws.com"]
        conditions = { "kms:EncryptionContext:SourceArn" = tolist(["arn:aws:logs:eu-west-1:111111111111:*"]) }
      }
      DescribeForDynamoDB = {
        principals = ["dynamodb.amazonaws.com"]
        conditions = {}
      }
      EncryptLogs = {
        principals = ["logs.eu-west-1.amazonaws.com"]
        conditions = {
          "kms:EncryptionContext:aws:logs:arn" = tolist([
            "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/apigateway/callbacks-dev-*",
            "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/callbacks-dev-*",
            "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/vendedlogs/states/callbacks-dev-*",
          ])
        }
      }
      DeadLettersFromRules = {
        principals = ["events.amazonaws.com"]
        conditions = {}
      }
      DeliveriesFromTopics = {
        principals = ["sns.amazonaws.com"]
        conditions = { "aws:SourceArn" = tolist(["arn:aws:sns:eu-west-1:111111111111:callbacks-dev-*"]) }
      }
      NotificationsFromAlarms = {
        principals = ["cloudwatch.amazonaws.com"]
        conditions = { "kms:EncryptionContext:aws:sns:topicArn" = tolist(["arn:aws:sns:eu-west-1:111111111111:alarms"]) }
      }
    }
    error_message = "The key's policy lets in too much or too little: ${jsonencode(data.aws_iam_policy_document.key.statement)}"
  }

  assert {
    condition     = alltrue(flatten([for statement in data.aws_iam_policy_document.key.statement : [for action in statement.actions : !strcontains(action, "*")]]))
    error_message = "The key's policy must name its actions."
  }

  assert {
    condition     = length(setintersection(one([for statement in data.aws_iam_policy_document.key.statement : statement.actions if statement.sid == "Administer"]), ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"])) == 0
    error_message = "Those who administer the key must not use it directly."
  }
}

run "encrypts_and_keeps_what_it_stores" {
  assert {
    condition = alltrue([for table in [aws_dynamodb_table.callback_tasks, aws_dynamodb_table.orders] :
      table.deletion_protection_enabled
      && one(table.point_in_time_recovery).enabled
      && one(table.server_side_encryption).kms_key_arn == "arn:aws:kms:eu-west-1:111111111111:key/1"
    ])
    error_message = "Tables must be protected from deletion, recoverable, and encrypted with the platform's key."
  }

  assert {
    condition = alltrue([for queue in [aws_sqs_queue.close_execution_dead_letter, aws_sqs_queue.redelivery, aws_sqs_queue.redelivery_dead_letter, aws_sqs_queue.reports, aws_sqs_queue.reports_dead_letter] :
      queue.kms_master_key_id == "arn:aws:kms:eu-west-1:111111111111:key/1"
    ])
    error_message = "Queues must be encrypted with the platform's key."
  }

  assert {
    condition     = one(aws_dynamodb_table.callback_tasks.ttl).attribute_name == "ttl" && one(aws_dynamodb_table.callback_tasks.global_secondary_index).projection_type == "KEYS_ONLY"
    error_message = "The table's TTL attribute is ttl, and its index holds keys only."
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && !aws_s3_bucket.packages.force_destroy && one(aws_s3_bucket_versioning.packages.versioning_configuration).status == "Enabled"
    error_message = "The key must rotate, and the packages' bucket must keep versions and not be emptied by a destroy."
  }
}

run "gives_up_redelivery_into_a_dead_letter_queue" {
  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_policy.redelivery.redrive_policy) == { deadLetterTargetArn = "arn:aws:sqs:eu-west-1:111111111111:redelivery-dead-letter", maxReceiveCount = 1000 }
    error_message = "What cannot be redelivered must end in the dead-letter queue."
  }

  assert {
    condition     = aws_sqs_queue.redelivery.message_retention_seconds == 21600
    error_message = "The redelivery queue keeps a message for as long as the sweep relies on it."
  }

  assert {
    condition     = aws_sqs_queue.redelivery.visibility_timeout_seconds >= 6 * local.functions.redeliver_callback.timeout_seconds
    error_message = "A message must stay hidden for six times the function's time-out, or it is worked on twice."
  }

  assert {
    condition     = aws_sqs_queue.redelivery_dead_letter.message_retention_seconds > aws_sqs_queue.redelivery.message_retention_seconds
    error_message = "A message keeps its age in the dead-letter queue: it must be kept longer there."
  }

  assert {
    condition     = contains(aws_lambda_event_source_mapping.redelivery.function_response_types, "ReportBatchItemFailures")
    error_message = "One failed message must not bring back a whole batch."
  }
}

run "closes_executions_of_its_own_workflows" {
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.close_execution.event_pattern) == {
      source      = ["aws.states"]
      detail-type = ["Step Functions Execution Status Change"]
      detail = {
        stateMachineArn = [
          "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-processing",
          "arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-review",
        ]
        status = ["ABORTED", "FAILED", "TIMED_OUT"]
      }
    }
    error_message = "The rule must see the ends without success of the platform's workflows."
  }

  assert {
    condition = (
      one(aws_cloudwatch_event_target.close_execution.dead_letter_config).arn == "arn:aws:sqs:eu-west-1:111111111111:close-execution-dead-letter"
      && one(one(aws_lambda_function_event_invoke_config.close_execution.destination_config).on_failure).destination == "arn:aws:sqs:eu-west-1:111111111111:close-execution-dead-letter"
    )
    error_message = "Events that are not delivered, or not handled, must be kept."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.close_execution_dead_letter.statement : [statement.actions, one(statement.principals).identifiers, one(statement.condition).variable, one(statement.condition).values]
    ] == [[toset(["sqs:SendMessage"]), toset(["events.amazonaws.com"]), "aws:SourceArn", tolist(["arn:aws:events:eu-west-1:111111111111:rule/rule"])]]
    error_message = "Only the rule may put events on the dead-letter queue."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.close_execution_lost : key => [alarm.namespace, alarm.metric_name, alarm.dimensions, alarm.threshold] } == {
      function = ["AWS/Lambda", "DestinationDeliveryFailures", tomap({ FunctionName = "callbacks-dev-close-execution" }), 0]
      rule     = ["AWS/Events", "InvocationsFailedToBeSentToDlq", tomap({ RuleName = "callbacks-dev-close-execution" }), 0]
    }
    error_message = "An event that reaches neither the function nor the dead-letter queue must raise an alarm."
  }
}

run "refuses_more_workflows_than_a_rule_can_name" {
  command = plan

  variables {
    workflow_names = [for number in range(30) : "order-processing-${number}"]
  }

  expect_failures = [aws_cloudwatch_event_rule.close_execution]
}

run "responds_to_every_refusal_with_problem_json" {
  assert {
    condition = toset(keys(aws_api_gateway_gateway_response.this)) == toset([
      "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX",
      "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED",
      "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
    ])
    error_message = "A response type of API Gateway is left to its default, which is not problem+json."
  }

  assert {
    condition = alltrue([for response in aws_api_gateway_gateway_response.this :
      response.response_parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
      && toset(keys(jsondecode(response.response_templates["application/json"]))) == toset(["detail", "request_id", "status", "title", "type"])
      && jsondecode(response.response_templates["application/json"]).request_id == "$context.requestId"
      && tostring(jsondecode(response.response_templates["application/json"]).status) == response.status_code
      && var.problems.kinds[trimprefix(jsondecode(response.response_templates["application/json"]).type, var.problems.type_prefix)].status == tonumber(response.status_code)
    ])
    error_message = "A gateway response is not a problem with the request's id and its own status."
  }

  assert {
    condition     = jsondecode(aws_api_gateway_gateway_response.this["BAD_REQUEST_BODY"].response_templates["application/json"]).detail == "the callback breaks the contract of this channel: $context.error.validationErrorString"
    error_message = "The response to a refused body must say so as the function does, and what is wrong with it."
  }

  assert {
    condition = [for type, response in aws_api_gateway_gateway_response.this : type if try(response.response_parameters["gatewayresponse.header.Retry-After"] == "'5'", false)] == [
      "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "QUOTA_EXCEEDED", "THROTTLED",
    ]
    error_message = "What is to be sent again must say when."
  }
}

run "invokes_the_broker_from_callback_routes_only" {
  assert {
    condition     = aws_lambda_permission.external_callback.source_arn == "arn:aws:execute-api:eu-west-1:111111111111:api/dev/POST/externalCallback/*"
    error_message = "One permission must cover all callback routes of the stage, and nothing else."
  }

  assert {
    condition     = one(aws_api_gateway_rest_api.this.endpoint_configuration).types == tolist(["REGIONAL"])
    error_message = "The API must be regional: the default is EDGE."
  }
}

run "sets_concurrency_aside_for_callbacks" {
  assert {
    condition     = local.functions.external_callback.memory_mb == 512 && local.functions.external_callback.reserved_concurrency == 250
    error_message = "The function that all partners share must have memory for the worst callback, and concurrency of its own."
  }
}

run "sets_no_concurrency_aside_where_the_account_has_none_to_spare" {
  variables {
    external_callback = { reserved_concurrency = -1 }
  }

  assert {
    condition     = local.functions.external_callback.reserved_concurrency == null && local.functions.external_callback.memory_mb == 512
    error_message = "-1 must leave the function in the account's shared pool."
  }
}

run "has_the_api_gateway_address_by_default" {
  assert {
    condition     = output.platform.api.base_url == "https://api.execute-api.eu-west-1.amazonaws.com/dev" && !aws_api_gateway_rest_api.this.disable_execute_api_endpoint
    error_message = "Without a domain, callbacks go to API Gateway's own address: ${output.platform.api.base_url}"
  }
}

run "serves_a_custom_domain_with_current_tls_only" {
  variables {
    custom_domain = {
      certificate_arn = "arn:aws:acm:eu-west-1:111111111111:certificate/1"
      domain_name     = "callbacks.example.com"
    }
  }

  assert {
    condition     = output.platform.api.base_url == "https://callbacks.example.com" && output.platform.api.domain_name == "callbacks.example.com"
    error_message = "Callbacks must go to the custom domain: ${output.platform.api.base_url}"
  }

  assert {
    condition     = one(aws_api_gateway_domain_name.this).security_policy == "TLS_1_2" && aws_api_gateway_rest_api.this.disable_execute_api_endpoint
    error_message = "A custom domain must ask for TLS 1.2, and be the only way in."
  }
}

run "gives_partners_the_public_base_url" {
  variables {
    public_base_url = "http://127.0.0.1:4566/_aws/execute-api/{api_id}/dev"
  }

  assert {
    condition     = output.platform.api.base_url == "http://127.0.0.1:4566/_aws/execute-api/api/dev"
    error_message = "public_base_url must win, with the API's id filled in: ${output.platform.api.base_url}"
  }
}

run "gives_each_oauth2_channel_a_scope" {
  variables {
    oauth2_clients = { ORDER_FRAUD_REVIEW = 1, ORDER_CREDIT_CHECK = 2 }
  }

  assert {
    condition = jsonencode(output.platform.oauth2) == jsonencode({
      authorizer_id = aws_api_gateway_authorizer.partners.id
      scopes = {
        ORDER_CREDIT_CHECK = "callbacks-${substr(sha256("ORDER_CREDIT_CHECK"), 0, 1)}/ORDER_CREDIT_CHECK"
        ORDER_FRAUD_REVIEW = "callbacks-${substr(sha256("ORDER_FRAUD_REVIEW"), 0, 1)}/ORDER_FRAUD_REVIEW"
      }
      token_url    = "https://callbacks-dev-111111111111.auth.eu-west-1.amazoncognito.com/oauth2/token"
      user_pool_id = "pool"
    })
    error_message = "Channels need the pool, the authorizer and a scope of their own: ${jsonencode(output.platform.oauth2)}"
  }

  assert {
    condition     = sort(flatten([for server in aws_cognito_resource_server.channels : [for scope in server.scope : "${server.identifier}/${scope.scope_name}"]])) == sort(values(output.platform.oauth2.scopes))
    error_message = "The scopes that channels are given are not those of the pool."
  }

  assert {
    condition     = one(aws_cognito_user_pool.partners.admin_create_user_config).allow_admin_create_user_only && aws_cognito_user_pool.partners.deletion_protection == "ACTIVE"
    error_message = "Nobody signs up to the partners' pool, and nobody deletes it by mistake."
  }

  assert {
    condition     = aws_api_gateway_authorizer.partners.type == "COGNITO_USER_POOLS" && aws_api_gateway_authorizer.partners.authorizer_result_ttl_in_seconds == 0
    error_message = "The pool must validate each call's token, and no result may be cached."
  }
}

run "holds_200_oauth2_channels" {
  variables {
    oauth2_clients = { for number in range(200) : "ORDER_CHECK_${number}" => 1 }
  }

  assert {
    condition     = length(output.platform.oauth2.scopes) == 200 && length(aws_cognito_resource_server.channels) <= 25
    error_message = "A pool takes 25 resource servers: ${length(aws_cognito_resource_server.channels)}."
  }

  assert {
    condition     = max([for server in aws_cognito_resource_server.channels : length(server.scope)]...) <= 30
    error_message = "Scopes pile up in one resource server: ${jsonencode({ for key, server in aws_cognito_resource_server.channels : key => length(server.scope) })}"
  }
}

run "refuses_scopes_beyond_what_a_resource_server_holds" {
  command = plan

  variables {
    oauth2_clients = { for pair in setproduct(range(50), range(50)) : "ORDER_${pair[0]}_CHECK_${pair[1]}" => 0 }
  }

  expect_failures = [aws_cognito_resource_server.channels]
}

run "refuses_clients_beyond_what_a_pool_holds" {
  command = plan

  variables {
    oauth2_clients = { ORDER_CREDIT_CHECK = 500, ORDER_FRAUD_REVIEW = 501 }
  }

  expect_failures = [aws_cognito_user_pool.partners]
}

run "refuses_prefixes_that_cognito_refuses" {
  command = plan

  variables {
    name_prefix = "my-aws-callbacks"
  }

  expect_failures = [aws_cognito_user_pool_domain.partners]
}

run "releases_anew_when_a_gateway_response_changes" {
  variables {
    custom_domain = {
      certificate_arn = "arn:aws:acm:eu-west-1:111111111111:certificate/1"
      domain_name     = "callbacks.example.com"
    }
  }

  assert {
    condition     = output.platform.api.fingerprint != run.has_the_api_gateway_address_by_default.platform.api.fingerprint
    error_message = "The fingerprint must change with what the platform puts in the API."
  }

  assert {
    condition = output.platform.api.fingerprint == sha256(jsonencode([
      true, "resource", aws_api_gateway_request_validator.body.id, true,
      [aws_api_gateway_authorizer.partners.id, toset(["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/pool"])],
      { for type, response in aws_api_gateway_gateway_response.this : type => [response.status_code, response.response_parameters, response.response_templates] },
    ]))
    error_message = "The fingerprint must hold the gateway responses' content, the validator and the resource."
  }
}

run "refuses_problems_that_lack_a_kind" {
  command = plan

  variables {
    problems = {
      kinds       = { forbidden = { status = 403, title = "Forbidden" } }
      type_prefix = "urn:example:"
    }
  }

  expect_failures = [var.problems]
}

run "refuses_prefixes_that_do_not_fit_in_names" {
  command = plan

  variables {
    name_prefix = "callbacks-development"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_prefixes_that_s3_or_iam_refuse" {
  command = plan

  variables {
    name_prefix = "Callbacks_dev"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_settings_that_aws_refuses" {
  command = plan

  variables {
    alarm_topic_arns     = ["alarms"]
    code_signing_config  = "signed"
    dead_letter_days     = 15
    environment          = "Dev"
    external_callback    = { memory_mb = 128, reserved_concurrency = 0 }
    held_outcome_minutes = 0.5
    log_level            = "TRACE"
    log_retention_days   = 10
    order_retention_days = 0
    permissions_boundary = "boundary"
    public_base_url      = "https://callbacks.example.com/"
    retention_days       = 0
    role_path            = "platform"
    runbook_url          = "docs/runbook/"
    workflow_names       = []
  }

  expect_failures = [
    var.alarm_topic_arns, var.code_signing_config, var.dead_letter_days, var.environment, var.external_callback, var.held_outcome_minutes, var.log_level, var.log_retention_days, var.order_retention_days, var.permissions_boundary, var.public_base_url, var.retention_days, var.role_path, var.runbook_url, var.workflow_names,
  ]
}

run "notifies_of_what_nobody_should_do" {
  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:111111111111:alarms", "arn:aws:sns:eu-west-1:111111111111:security"]
    secret_readers   = ["arn:aws:iam::111111111111:role/deployment"]
  }

  assert {
    condition = { for name, rule in aws_cloudwatch_event_rule.detection : name => rule.state } == {
      key-changed = "ENABLED"
      secret-read = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    }
    error_message = "A rule that is merely ENABLED sees no reads."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.detection["key-changed"].event_pattern).detail.requestParameters.keyId == [aws_kms_key.this.key_id, "arn:aws:kms:eu-west-1:111111111111:key/1"]
    error_message = "It is the platform's key that matters."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.detection["secret-read"].event_pattern).detail["$or"] == [
      { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ exists = false }] } } } },
      { userIdentity = {
        arn            = [{ "anything-but" = { prefix = "arn:aws:sts::111111111111:assumed-role/callbacks-dev-" } }]
        sessionContext = { sessionIssuer = { arn = [{ "anything-but" = ["arn:aws:iam::111111111111:role/deployment"] }] } }
      } },
    ]
    error_message = "Everybody's reads must be noticed but those of the functions and of the roles that are named."
  }

  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.detection : length(rule.event_pattern) <= 2048])
    error_message = "EventBridge takes an event pattern of 2,048 characters."
  }

  assert {
    condition     = toset([for target in aws_cloudwatch_event_target.detection : target.arn]) == toset(var.alarm_topic_arns) && length(aws_cloudwatch_event_target.detection) == 4
    error_message = "Each detection must reach each topic."
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.detection_failed : name => alarm.dimensions.RuleName } == { for name, rule in aws_cloudwatch_event_rule.detection : name => rule.name }
    error_message = "A notice that reaches nobody must raise an alarm."
  }
}

run "detects_nothing_without_somebody_to_notify" {
  assert {
    condition     = length(aws_cloudwatch_event_rule.detection) == 0 && length(aws_cloudwatch_event_target.detection) == 0
    error_message = "Rules without targets cost their keep and tell nobody."
  }
}

run "keeps_things_for_as_long_as_it_is_told" {
  variables {
    dead_letter_days     = 10
    log_retention_days   = 30
    order_retention_days = 2555
    retention_days       = 365
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.close_execution_dead_letter, aws_sqs_queue.redelivery_dead_letter] : queue.message_retention_seconds == 864000]) && output.platform.dead_letter_days == 10
    error_message = "Dead letters must be kept for dead_letter_days."
  }

  assert {
    condition     = one(aws_dynamodb_table.orders.ttl).attribute_name == "expires_at" && one(aws_dynamodb_table.orders.ttl).enabled && local.functions.get_order_metadata.environment_variables.ORDER_RETENTION_DAYS == "2555"
    error_message = "Orders must leave by the attribute that ends write, order_retention_days after they were taken up."
  }

  assert {
    condition     = output.platform.log_retention_days == 30 && output.platform.retention_days == 365
    error_message = "Logs and records must be kept for log_retention_days and retention_days."
  }
}

run "keeps_orders_for_ever_unless_it_is_told" {
  assert {
    condition     = local.functions.get_order_metadata.environment_variables.ORDER_RETENTION_DAYS == "0"
    error_message = "No order may be deleted without order_retention_days."
  }
}

run "refuses_packages_that_are_none" {
  command = plan

  variables {
    package = {
      architecture  = "arm"
      path          = "lambdas.zip"
      runtime       = "nodejs22.x"
      sha256_base64 = "x"
    }
  }

  expect_failures = [var.package]
}

run "refuses_domains_without_a_certificate" {
  command = plan

  variables {
    custom_domain = {
      certificate_arn = "certificate"
      domain_name     = "callbacks.example.com"
    }
  }

  expect_failures = [var.custom_domain]
}

run "asks_callers_for_certificates" {
  command = plan

  variables {
    custom_domain = { certificate_arn = "arn:aws:acm:eu-west-1:111111111111:certificate/1", domain_name = "callbacks.example.com" }
    mutual_tls    = { truststore_uri = "s3://truststores/partners.pem", truststore_version = "v1" }
  }

  assert {
    condition     = one(one(aws_api_gateway_domain_name.this).mutual_tls_authentication).truststore_uri == "s3://truststores/partners.pem" && aws_api_gateway_rest_api.this.disable_execute_api_endpoint
    error_message = "The domain must ask for certificates, and the API have no other address."
  }
}

run "refuses_certificates_without_a_domain" {
  command = plan

  variables {
    mutual_tls = { truststore_uri = "s3://truststores/partners.pem", truststore_version = "v1" }
  }

  expect_failures = [var.mutual_tls]
}

run "refuses_a_network_without_subnets" {
  command = plan

  variables {
    webhook_network = { security_group_ids = ["sg-1"], subnet_ids = [] }
  }

  expect_failures = [var.webhook_network]
}
