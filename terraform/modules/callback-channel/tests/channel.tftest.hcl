mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json          = "{}"
      minified_json = "{}"
    }
  }

  mock_data "aws_lambda_function" {
    defaults = { code_sha256 = "x" }
  }

  mock_data "aws_partition" {
    defaults = { dns_suffix = "amazonaws.com" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111111111111:log-group:x" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/x" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:111111111111:function:dispatcher" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:secret" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:111111111111:topic" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:111111111111:queue", url = "https://sqs/queue" }
  }
}

override_resource {
  target = module.dispatcher.aws_iam_role.this
  values = { arn = "arn:aws:iam::111111111111:role/dispatcher" }
}

variables {
  partners = {
    acme-shipping  = { account_id = "222222222222", external_id = "acme-shipping-external-id" }
    acme-returns   = { account_id = "222222222222", external_id = "acme-returns-external-id" }
    other-shipping = { account_id = "333333333333", external_id = "other-shipping-external-id" }
  }
  platform = {
    account_id           = "111111111111"
    alarm_actions        = ["arn:aws:sns:eu-west-1:111111111111:alarms"]
    code_signing_config  = null
    dead_letter_days     = 10
    environment          = "dev"
    kms_key_arn          = "arn:aws:kms:eu-west-1:111111111111:key/1"
    log_level            = "INFO"
    log_retention_days   = 30
    metric_namespace     = "CallbackChannels/callbacks-dev"
    name_prefix          = "callbacks-dev"
    partition            = "aws"
    permissions_boundary = null
    region               = "eu-west-1"
    retention_days       = 30
    role_path            = "/channels/"
    runbook_url          = "https://docs.example.com/runbook"
    secret_readers       = ["arn:aws:iam::111111111111:role/deploy"]
    webhook_network      = null
    package = {
      architecture  = "arm64"
      runtime       = "python3.13"
      s3_bucket     = "packages"
      s3_key        = "lambdas.zip"
      sha256_base64 = "x"
    }
    callback_table     = { arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/tasks", name = "callbacks-dev-CallbackTasks" }
    orders_table       = { arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/orders", name = "callbacks-dev-Orders" }
    execution_arns     = ["arn:aws:states:eu-west-1:111111111111:execution:callbacks-dev-order-processing:*"]
    state_machine_arns = ["arn:aws:states:eu-west-1:111111111111:stateMachine:callbacks-dev-order-processing"]
    api = {
      base_url             = "https://callbacks.example.com"
      callback_resource_id = "root"
      execution_arn        = "arn:aws:execute-api:eu-west-1:111111111111:api"
      fingerprint          = "f"
      id                   = "api"
      request_validator_id = "validator"
      stage_name           = "v1"
    }
    external_callback = {
      function_name = "callbacks-dev-external-callback"
      invoke_arn    = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations"
    }
    oauth2 = {
      authorizer_id = "authorizer"
      scopes        = { ORDER_FRAUD_REVIEW = "callbacks-1/ORDER_FRAUD_REVIEW" }
      token_url     = "https://auth.example.com/oauth2/token"
      user_pool_id  = "pool"
    }
    report_queue = { arn = "arn:aws:sqs:eu-west-1:111111111111:reports", url = "https://sqs/reports" }
    operate      = { role_arn = "arn:aws:iam::111111111111:role/operate", role_name = "operate" }
    table_access = {
      read_registrations = {
        actions    = ["dynamodb:GetItem"]
        resources  = ["arn:aws:dynamodb:eu-west-1:111111111111:table/tasks"]
        conditions = [{ test = "ForAllValues:StringEquals", variable = "dynamodb:LeadingKeys", values = ["#CHANNEL"] }]
      }
      read_status = {
        actions    = ["dynamodb:GetItem"]
        resources  = ["arn:aws:dynamodb:eu-west-1:111111111111:table/tasks"]
        conditions = [{ test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = ["status"] }]
      }
      register = {
        actions    = ["dynamodb:PutItem"]
        resources  = ["arn:aws:dynamodb:eu-west-1:111111111111:table/tasks"]
        conditions = [{ test = "ForAllValues:StringNotLike", variable = "dynamodb:LeadingKeys", values = ["#*"] }]
      }
    }
  }
  schemas = {
    v1 = {
      callback = <<-EOT
        {"type": "object", "properties": {"task_type": {"enum": ["ORDER_SHIPPING_SERVICE"]}}}
      EOT
      request  = "{\"type\": \"object\"}"
    }
  }
  settings  = { payload_event_key = "order_contents", timeout_seconds = 3600 }
  task_type = "ORDER_SHIPPING_SERVICE"
}

run "gives_gateway_and_function_one_model" {
  assert {
    condition     = aws_api_gateway_model.this["v1"].schema == "{\"properties\":{\"task_type\":{\"enum\":[\"ORDER_SHIPPING_SERVICE\"]}},\"type\":\"object\"}"
    error_message = "The model is not the callback schema, in one spelling: ${aws_api_gateway_model.this["v1"].schema}"
  }

  assert {
    condition     = aws_api_gateway_model.this["v1"].name == "OrderShippingServiceV1"
    error_message = "API Gateway takes alphanumeric model names only; the published documents have OrderShippingServiceV1, not ${aws_api_gateway_model.this["v1"].name}."
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.registration.item).versions.M.v1.M.callback.S == aws_api_gateway_model.this["v1"].schema
    error_message = "The function would judge by another document than the gateway."
  }
}

run "registers_the_channel" {
  assert {
    condition = { for name, value in jsondecode(aws_dynamodb_table_item.registration.item) : name => value if name != "versions" } == {
      order_id             = { S = "#CHANNEL" }
      task_type            = { S = "ORDER_SHIPPING_SERVICE" }
      auth                 = { S = "AWS_IAM" }
      callback_id_required = { BOOL = true }
      callback_url         = { S = "https://callbacks.example.com/externalCallback/ORDER_SHIPPING_SERVICE" }
      enabled              = { BOOL = true }
      max_output_bytes     = { N = "65536" }
      message_version      = { S = "v1" }
      partners = { M = {
        acme-returns   = { M = { account_id = { S = "222222222222" } } }
        acme-shipping  = { M = { account_id = { S = "222222222222" } } }
        other-shipping = { M = { account_id = { S = "333333333333" } } }
      } }
      reporters       = { L = [] }
      route           = { S = "/externalCallback/ORDER_SHIPPING_SERVICE" }
      timeout_seconds = { N = "3600" }
      topic_arn       = { S = "arn:aws:sns:eu-west-1:111111111111:topic" }
    }
    error_message = "The registration is not what the functions read: ${aws_dynamodb_table_item.registration.item}"
  }

  assert {
    condition     = !strcontains(aws_dynamodb_table_item.registration.item, "secret")
    error_message = "An external id is in the registration."
  }
}

run "asks_for_heartbeats" {
  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, enabled = false, heartbeat_seconds = 600 }
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.registration.item).heartbeat_seconds == { N = "600" }
    error_message = "The registration does not say that heartbeats are due."
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.registration.item).enabled == { BOOL = false }
    error_message = "The registration does not say that the channel is disabled."
  }

  assert {
    condition     = output.wait_state.HeartbeatSeconds == 600 && output.wait_state.Parameters.Payload.heartbeat_seconds == 600
    error_message = "The wait and the message must agree on the heartbeat."
  }
}

run "gives_the_state_that_waits" {
  assert {
    condition = jsonencode({ for name, value in output.wait_state : name => value if name != "Retry" }) == jsonencode({
      Type     = "Task"
      Resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
      Parameters = {
        FunctionName = output.function_arn
        Payload = {
          "token.$"         = "$$.Task.Token"
          "input.$"         = "$"
          "execution_arn.$" = "$$.Execution.Id"
          callback          = "true"
          timeout_seconds   = 3600
        }
      }
      TimeoutSeconds = 3600
    })
    error_message = "The state does not wait as the channel says: ${jsonencode(output.wait_state)}"
  }

  assert {
    condition = jsonencode(output.wait_state.Retry) == jsonencode([
      jsondecode(file("../../../statemachines/infrastructure_retrier.json")),
      { ErrorEquals = ["CallbackTask.Retryable"], IntervalSeconds = 5, BackoffRate = 2, MaxAttempts = 5, MaxDelaySeconds = 300, JitterStrategy = "FULL" },
    ])
    error_message = "The state must retry the infrastructure as every state does, and the partner as the channel says: ${jsonencode(output.wait_state.Retry)}"
  }
}

run "asks_a_partner_again_as_the_channel_says" {
  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, retry = { max_attempts = 0, interval_seconds = 60 } }
  }

  assert {
    condition     = output.wait_state.Retry[1] == { ErrorEquals = ["CallbackTask.Retryable"], IntervalSeconds = 60, BackoffRate = 2, MaxAttempts = 0, MaxDelaySeconds = 300, JitterStrategy = "FULL" }
    error_message = "What the channel leaves out has its default, and the rest is as it says: ${jsonencode(output.wait_state.Retry[1])}"
  }

  assert {
    condition     = output.wait_state.Retry[0].MaxAttempts > 100
    error_message = "The partner's policy is not the infrastructure's."
  }
}

run "refuses_a_longest_pause_that_is_not_the_longest" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, retry = { interval_seconds = 300 } }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "refuses_a_retry_out_of_range" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, retry = { max_attempts = 101 } }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "lets_partner_accounts_subscribe_their_own_queues" {
  assert {
    condition = {
      for statement in data.aws_iam_policy_document.topic.statement : statement.sid => {
        actions    = statement.actions
        effect     = coalesce(statement.effect, "Allow")
        principals = flatten(statement.principals[*].identifiers)
        resources  = statement.resources
        conditions = { for condition in statement.condition : "${condition.test} ${condition.variable}" => condition.values }
      }
      } == {
      Subscribe222222222222 = {
        actions    = toset(["sns:Subscribe"])
        effect     = "Allow"
        principals = ["arn:aws:iam::222222222222:root"]
        resources  = toset(["arn:aws:sns:eu-west-1:111111111111:topic"])
        conditions = {
          "StringEqualsIfExists sns:Protocol" = tolist(["sqs"])
          "StringLikeIfExists sns:Endpoint"   = tolist(["arn:aws:sqs:*:222222222222:*"])
        }
      }
      Subscribe333333333333 = {
        actions    = toset(["sns:Subscribe"])
        effect     = "Allow"
        principals = ["arn:aws:iam::333333333333:root"]
        resources  = toset(["arn:aws:sns:eu-west-1:111111111111:topic"])
        conditions = {
          "StringEqualsIfExists sns:Protocol" = tolist(["sqs"])
          "StringLikeIfExists sns:Endpoint"   = tolist(["arn:aws:sqs:*:333333333333:*"])
        }
      }
      DenyOtherProtocols = {
        actions    = toset(["sns:Subscribe"])
        effect     = "Deny"
        principals = ["*"]
        resources  = toset(["arn:aws:sns:eu-west-1:111111111111:topic"])
        conditions = {
          "Null sns:Protocol"            = tolist(["false"])
          "StringNotEquals sns:Protocol" = tolist(["sqs"])
        }
      }
      DenyOtherQueues = {
        actions    = toset(["sns:Subscribe"])
        effect     = "Deny"
        principals = ["*"]
        resources  = toset(["arn:aws:sns:eu-west-1:111111111111:topic"])
        conditions = {
          "Null sns:Endpoint"          = tolist(["false"])
          "StringNotLike sns:Endpoint" = tolist(["arn:aws:sqs:*:222222222222:*", "arn:aws:sqs:*:333333333333:*"])
        }
      }
      DenyPublishByOthers = {
        actions    = toset(["sns:Publish"])
        effect     = "Deny"
        principals = ["*"]
        resources  = toset(["arn:aws:sns:eu-west-1:111111111111:topic"])
        conditions = {
          "ArnNotEquals aws:PrincipalArn" = tolist([
            "arn:aws:iam::111111111111:role/dispatcher",
            "arn:aws:sts::111111111111:assumed-role/callbacks-dev-order-shipping-service/*",
          ])
        }
      }
    }
    error_message = "The topic's policy lets in too much or too little: ${jsonencode(data.aws_iam_policy_document.topic.statement)}"
  }

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.platform.kms_key_arn
    error_message = "The topic is not encrypted with the platform's key."
  }
}

run "lets_each_partner_call_its_own_route_only" {
  assert {
    condition = alltrue([for name, partner in var.partners :
      one(data.aws_iam_policy_document.callback_role_trust[name].statement).actions == toset(["sts:AssumeRole"])
      && one(one(data.aws_iam_policy_document.callback_role_trust[name].statement).principals).identifiers == toset(["arn:aws:iam::${partner.account_id}:root"])
      && one(one(data.aws_iam_policy_document.callback_role_trust[name].statement).condition) == {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = tolist([partner.external_id])
      }
    ])
    error_message = "A callback role trusts more than its partner's account with its external id."
  }

  assert {
    condition = alltrue([for document in data.aws_iam_policy_document.callback :
      one(document.statement).actions == toset(["execute-api:Invoke"])
      && one(document.statement).resources == toset(["arn:aws:execute-api:eu-west-1:111111111111:api/v1/POST/externalCallback/ORDER_SHIPPING_SERVICE"])
      && length(one(document.statement).condition) == 0
    ])
    error_message = "A callback role may invoke more or less than its own route: ${jsonencode(data.aws_iam_policy_document.callback)}"
  }

  assert {
    condition = {
      for name, role in aws_iam_role.callback : name => [role.name, role.path]
      } == {
      acme-returns   = ["callbacks-dev-order-shipping-service-acme-returns", "/channels/"]
      acme-shipping  = ["callbacks-dev-order-shipping-service-acme-shipping", "/channels/"]
      other-shipping = ["callbacks-dev-order-shipping-service-other-shipping", "/channels/"]
    }
    error_message = "Callback roles are not named after prefix, task type and partner."
  }

  assert {
    condition     = alltrue([for method in aws_api_gateway_method.this : method.authorization == "AWS_IAM" && method.http_method == "POST" && method.request_validator_id == "validator"])
    error_message = "The route takes requests that are not signed or not validated."
  }
}

run "serves_versions_side_by_side" {
  variables {
    schemas = {
      v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE"] } } }) }
      v2 = { request = jsonencode({ type = "object" }), callback = jsonencode({ minProperties = 1, properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE"] } } }) }
    }
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, message_version = "v2", throttle = { burst_limit = 10, rate_limit = 5 } }
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.registration.item).message_version.S == "v2" && jsondecode(aws_dynamodb_table_item.registration.item).callback_url.S == output.callback_url
    error_message = "The dispatcher must know the version of its messages, and the route of v1."
  }

  assert {
    condition = one(data.aws_iam_policy_document.callback["acme-shipping"].statement).resources == toset([
      "arn:aws:execute-api:eu-west-1:111111111111:api/v1/POST/externalCallback/ORDER_SHIPPING_SERVICE",
      "arn:aws:execute-api:eu-west-1:111111111111:api/v1/POST/externalCallback/ORDER_SHIPPING_SERVICE/v2",
    ])
    error_message = "A callback role must be able to invoke the route of each live version."
  }

  assert {
    condition     = aws_api_gateway_resource.version["v2"].path_part == "v2"
    error_message = "v2 needs a route of its own."
  }

  assert {
    condition = alltrue([for version in ["v1", "v2"] : aws_api_gateway_method.this[version].request_models == tomap({
      "$default"         = aws_api_gateway_model.this[version].name
      "application/json" = aws_api_gateway_model.this[version].name
    })])
    error_message = "Each version's model must hold for every content type: API Gateway skips validation for one without a model."
  }

  assert {
    condition = output.release.throttles == {
      "externalCallback/ORDER_SHIPPING_SERVICE/POST"    = { burst_limit = 10, rate_limit = 5 }
      "externalCallback/ORDER_SHIPPING_SERVICE/v2/POST" = { burst_limit = 10, rate_limit = 5 }
    }
    error_message = "The channel's throttle must limit each of its routes: ${jsonencode(output.release.throttles)}"
  }

  assert {
    condition     = output.release.routes == ["/externalCallback/ORDER_SHIPPING_SERVICE", "/externalCallback/ORDER_SHIPPING_SERVICE/v2"]
    error_message = "The release must know each route, since each is a resource of the API."
  }
}

run "baseline_release" {
  assert {
    condition     = output.release.throttles == {}
    error_message = "Without a throttle of its own the channel must leave its routes to the stage."
  }
}

run "keeps_its_release_when_the_api_does_not_change" {
  variables {
    partners = {}
    settings = { payload_event_key = "order_contents", timeout_seconds = 60, enabled = false }
  }

  assert {
    condition     = output.release.fingerprint == run.baseline_release.release.fingerprint
    error_message = "A deployment is due only when the channel's part of the API changes."
  }
}

run "releases_when_the_model_changes" {
  variables {
    schemas = {
      v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE"] } } }) }
    }
  }

  assert {
    condition     = output.release.fingerprint != run.baseline_release.release.fingerprint
    error_message = "A changed model must bring a new deployment."
  }
}

run "takes_tokens_with_its_own_scope_only" {
  variables {
    settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
    partners  = { sentinel-review = { webhook_url = "https://hooks.sentinel.example/tasks" }, second-opinion = { webhook_url = "https://second.example", clients = [1, 2] } }
    task_type = "ORDER_FRAUD_REVIEW"
  }

  assert {
    condition = alltrue([for method in aws_api_gateway_method.this :
      method.authorization == "COGNITO_USER_POOLS" && method.authorizer_id == "authorizer" && method.authorization_scopes == toset(["callbacks-1/ORDER_FRAUD_REVIEW"]) && method.request_validator_id == "validator"
    ])
    error_message = "The route takes requests without a token, or with a token for another channel."
  }

  assert {
    condition     = length(aws_iam_role.callback) == 0 && output.callback_roles == {}
    error_message = "A partner without AWS has no role."
  }

  assert {
    condition = (
      alltrue([for statement in data.aws_iam_policy_document.topic.statement : statement.effect == "Deny"])
      && local.subscriber_queues == [
        "arn:aws:sqs:eu-west-1:111111111111:callbacks-dev-order-fraud-review-second-opinion",
        "arn:aws:sqs:eu-west-1:111111111111:callbacks-dev-order-fraud-review-sentinel-review",
      ]
    )
    error_message = "Nothing but their queues subscribes to the topic of partners without AWS: ${jsonencode(local.subscriber_queues)}"
  }

  assert {
    condition     = output.oauth2.scope == "callbacks-1/ORDER_FRAUD_REVIEW" && output.oauth2.token_url == "https://auth.example.com/oauth2/token" && { for name, ids in output.oauth2.client_ids : name => length(ids) } == { second-opinion = 2, sentinel-review = 1 }
    error_message = "Partners are told neither scope nor clients: ${jsonencode(output.oauth2)}"
  }

  assert {
    condition = (
      jsondecode(aws_dynamodb_table_item.registration.item).auth.S == "OAUTH2"
      && jsondecode(aws_dynamodb_table_item.registration.item).partners.M.sentinel-review == { M = { webhook_url = { S = "https://hooks.sentinel.example/tasks" } } }
    )
    error_message = "The registration does not say how partners are reached: ${aws_dynamodb_table_item.registration.item}"
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.registration.item).reporters == { L = [] }
    error_message = "Where a channel has several partners, none ends the task for the others."
  }
}

run "lets_the_function_of_its_only_webhook_report" {
  variables {
    settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
    partners  = { sentinel-review = { webhook_url = "https://hooks.sentinel.example/tasks" } }
    task_type = "ORDER_FRAUD_REVIEW"
  }

  assert {
    condition     = jsondecode(aws_dynamodb_table_item.registration.item).reporters == { L = [{ S = module.webhook_partner["sentinel-review"].reporter }] }
    error_message = "What the only endpoint does not take could not be reported: ${aws_dynamodb_table_item.registration.item}"
  }
}

run "refuses_more_subscribers_than_a_topic_policy_holds" {
  command = plan

  variables {
    partners = { for number in range(61) : "partner-${number}" => { account_id = tostring(200000000000 + number), external_id = "external-id-of-partner-${number}" } }
  }

  expect_failures = [aws_sns_topic_policy.this]
}

run "takes_callbacks_of_a_partner_from_its_own_addresses" {
  variables {
    partners = {
      acme-shipping  = { account_id = "222222222222", external_id = "acme-secret-of-sixteen", source_ranges = ["198.51.100.0/24", "2001:db8::/32"] }
      other-shipping = { account_id = "333333333333", external_id = "other-secret-of-sixteen" }
    }
  }

  assert {
    condition = jsonencode({ for name, document in data.aws_iam_policy_document.callback : name => one(document.statement).condition }) == jsonencode({
      acme-shipping  = [{ test = "IpAddress", values = ["198.51.100.0/24", "2001:db8::/32"], variable = "aws:SourceIp" }]
      other-shipping = []
    })
    error_message = "A partner's role is good from its own addresses, and another's is not limited by them."
  }

  assert {
    condition     = !strcontains(aws_dynamodb_table_item.registration.item, "source_ranges")
    error_message = "The role's policy has the ranges: the function need not know them."
  }
}

run "registers_the_addresses_of_a_partner_without_aws" {
  variables {
    settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
    partners  = { sentinel-review = { webhook_url = "https://hooks.sentinel.example/tasks", source_ranges = ["198.51.100.0/24"] } }
    task_type = "ORDER_FRAUD_REVIEW"
  }

  assert {
    condition = jsondecode(aws_dynamodb_table_item.registration.item).partners.M.sentinel-review.M == {
      client_ids    = { L = [for id in module.webhook_partner["sentinel-review"].client_ids : { S = id }] }
      source_ranges = { L = [{ S = "198.51.100.0/24" }] }
      webhook_url   = { S = "https://hooks.sentinel.example/tasks" }
    }
    error_message = "The function could not tell the partner's addresses: ${aws_dynamodb_table_item.registration.item}"
  }
}

run "refuses_ranges_that_are_none" {
  command = plan

  variables {
    partners = { acme-shipping = { account_id = "222222222222", external_id = "acme-secret-of-sixteen", source_ranges = ["198.51.100.7/24"] } }
  }

  expect_failures = [var.partners]
}

run "releases_when_the_scope_changes" {
  command = plan

  variables {
    settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
    partners  = {}
    task_type = "ORDER_FRAUD_REVIEW"
  }

  assert {
    condition     = local.api_content[0].method.authorization.scopes == ["callbacks-1/ORDER_FRAUD_REVIEW"] && local.api_content[0].method.authorization.authorizer_id == "authorizer"
    error_message = "A deployment that does not depend on scope and authorizer misses them."
  }
}

run "refuses_a_partner_without_aws_on_a_signed_channel" {
  command = plan

  variables {
    partners = { sentinel-review = { webhook_url = "https://hooks.sentinel.example/tasks" } }
  }

  expect_failures = [var.partners]
}

run "refuses_a_partner_account_on_a_token_channel" {
  command = plan

  variables {
    settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
    task_type = "ORDER_FRAUD_REVIEW"
  }

  expect_failures = [var.partners]
}

run "refuses_a_partner_that_is_nobody" {
  command = plan

  variables {
    settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
    partners  = { sentinel-review = {} }
    task_type = "ORDER_FRAUD_REVIEW"
  }

  expect_failures = [var.partners]
}

run "refuses_a_partner_name_in_upper_case" {
  command = plan

  variables {
    partners = { Acme = { account_id = "222222222222", external_id = "acme-external-id" } }
  }

  expect_failures = [var.partners]
}

run "refuses_an_account_id_that_is_too_short" {
  command = plan

  variables {
    partners = { acme = { account_id = "2222", external_id = "acme-external-id" } }
  }

  expect_failures = [var.partners]
}

run "refuses_an_external_id_that_can_be_guessed" {
  command = plan

  variables {
    partners = { acme = { account_id = "222222222222", external_id = "fifteen-letters" } }
  }

  expect_failures = [var.partners]
}

run "refuses_an_external_id_that_iam_refuses" {
  command = plan

  variables {
    partners = { acme = { account_id = "222222222222", external_id = "sixteen letters!" } }
  }

  expect_failures = [var.partners]
}

run "takes_an_external_id_of_sixteen_characters" {
  command = plan

  variables {
    partners = { acme = { account_id = "222222222222", external_id = "sixteen-letters_" } }
  }

  assert {
    condition     = keys(aws_iam_role.callback) == ["acme"]
    error_message = "Sixteen characters are enough."
  }
}

run "refuses_an_external_id_that_two_partners_share" {
  command = plan

  variables {
    partners = {
      acme  = { account_id = "222222222222", external_id = "the-same-external-id" }
      other = { account_id = "333333333333", external_id = "the-same-external-id" }
    }
  }

  expect_failures = [var.partners]
}

run "refuses_role_name_over_64_characters" {
  command = plan

  variables {
    partners  = { acme-shipping-europe = { account_id = "222222222222", external_id = "acme-external-id" } }
    task_type = "ORDER_SHIPPING_SERVICE_NORTHERN"
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE_NORTHERN"] } } }) } }
  }

  expect_failures = [aws_iam_role.callback]
}

run "refuses_task_type_in_lower_case" {
  command = plan

  variables {
    task_type = "order_shipping"
    schemas   = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["order_shipping"] } } }) } }
  }

  expect_failures = [var.task_type]
}

run "refuses_an_unknown_auth" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, auth = "NONE" }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "refuses_output_beyond_what_a_workflow_carries" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, max_output_bytes = 262144 }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "refuses_payload_event_key_as_a_path" {
  command = plan

  variables {
    settings = { payload_event_key = "$.order_contents", timeout_seconds = 3600 }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "refuses_timeout_of_more_than_a_year" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 31536001 }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "refuses_a_fraction_of_a_second" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 0.5 }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}

run "refuses_heartbeat_not_before_the_timeout" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, heartbeat_seconds = 3600 }
  }

  expect_failures = [var.settings]
}

run "refuses_messages_of_a_version_that_is_not_live" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, message_version = "v2" }
  }

  expect_failures = [var.settings]
}

run "refuses_throttle_of_nothing" {
  command = plan

  variables {
    settings = { payload_event_key = "order_contents", timeout_seconds = 3600, throttle = { burst_limit = 0, rate_limit = 1 } }
  }

  expect_failures = [var.settings]
}

run "refuses_schemas_without_v1" {
  command = plan

  variables {
    schemas = { v2 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE"] } } }) } }
  }

  expect_failures = [var.schemas]
}

run "refuses_request_schema_that_is_no_object" {
  command = plan

  variables {
    schemas = { v1 = { request = jsonencode({ type = "array" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE"] } } }) } }
  }

  expect_failures = [var.schemas]
}

run "refuses_schema_that_is_no_json" {
  command = plan

  variables {
    schemas = { v1 = { request = "{", callback = jsonencode({ properties = { task_type = { enum = ["ORDER_SHIPPING_SERVICE"] } } }) } }
  }

  expect_failures = [var.schemas]
}

run "refuses_the_callback_schema_of_another_task_type" {
  command = plan

  variables {
    schemas = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ properties = { task_type = { enum = ["ORDER_FRAUD_REVIEW"] } } }) } }
  }

  expect_failures = [var.schemas]
}

run "refuses_an_output_schema_as_callback_schema" {
  command = plan

  variables {
    schemas = { v1 = { request = jsonencode({ type = "object" }), callback = jsonencode({ type = "object" }) } }
  }

  expect_failures = [var.schemas]
}

run "raises_alarms_at_the_defaults_of_channel_json" {
  assert {
    condition = (
      [aws_cloudwatch_metric_alarm.oldest_wait.threshold, aws_cloudwatch_metric_alarm.callback_failures.threshold] == [80, 50]
      && aws_cloudwatch_metric_alarm.oldest_wait.dimensions == tomap({ task_type = "ORDER_SHIPPING_SERVICE" })
      && alltrue(flatten([for query in aws_cloudwatch_metric_alarm.callback_failures.metric_query : [for metric in query.metric : metric.period == 3600 && metric.dimensions == tomap({ task_type = "ORDER_SHIPPING_SERVICE" })]]))
    )
    error_message = "The channel's own alarms watch its own metrics, at the thresholds that schemas/channel.schema.json has."
  }
}

run "raises_alarms_where_channel_json_says" {
  variables {
    settings = {
      alarms            = { failure_hours = 6, failure_minimum = 2, failure_percent = 10, oldest_wait_percent = 95 }
      payload_event_key = "order_contents"
      timeout_seconds   = 3600
    }
  }

  assert {
    condition = (
      [aws_cloudwatch_metric_alarm.oldest_wait.threshold, aws_cloudwatch_metric_alarm.callback_failures.threshold] == [95, 10]
      && alltrue(flatten([for query in aws_cloudwatch_metric_alarm.callback_failures.metric_query : [for metric in query.metric : metric.period == 21600]]))
      && contains([for query in aws_cloudwatch_metric_alarm.callback_failures.metric_query : startswith(coalesce(query.expression, "-"), "IF(FILL(failed, 0) >= 2, ")], true)
    )
    error_message = "A channel's settings decide when its alarms go off."
  }
}

run "refuses_an_alarm_that_aws_refuses" {
  command = plan

  variables {
    settings = { alarms = { failure_hours = 25 }, payload_event_key = "order_contents", timeout_seconds = 3600 }
  }

  expect_failures = [aws_dynamodb_table_item.registration]
}
