mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}", minified_json = "{}" }
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
    defaults = { arn = "arn:aws:lambda:eu-west-1:111111111111:function:deliver" }
  }
}

override_resource {
  target = aws_secretsmanager_secret.client
  values = { arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:client" }
}

override_resource {
  target = aws_secretsmanager_secret.signing
  values = { arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:signing" }
}

override_resource {
  target = aws_sqs_queue.dead_letter
  values = { arn = "arn:aws:sqs:eu-west-1:111111111111:dead-letter", url = "https://sqs/dead-letter" }
}

override_resource {
  target = aws_sqs_queue.this
  values = { arn = "arn:aws:sqs:eu-west-1:111111111111:queue", url = "https://sqs/queue" }
}

variables {
  partner  = "sentinel-review"
  partners = 1
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
    role_path            = "/"
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
    callback_table = { arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/tasks", name = "callbacks-dev-CallbackTasks" }
    oauth2 = {
      scopes       = { ORDER_CREDIT_CHECK = "callbacks-7/ORDER_CREDIT_CHECK", ORDER_FRAUD_REVIEW = "callbacks-1/ORDER_FRAUD_REVIEW" }
      token_url    = "https://auth.example.com/oauth2/token"
      user_pool_id = "pool"
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
  task_type   = "ORDER_FRAUD_REVIEW"
  topic_arn   = "arn:aws:sns:eu-west-1:111111111111:topic"
  webhook_url = "https://hooks.sentinel.example/tasks?source=callbacks"
}

run "gets_tokens_for_its_channel_and_nothing_else" {
  assert {
    condition = alltrue([for client in aws_cognito_user_pool_client.this :
      client.allowed_oauth_scopes == toset(["callbacks-1/ORDER_FRAUD_REVIEW"])
      && client.allowed_oauth_flows == toset(["client_credentials"])
      && client.allowed_oauth_flows_user_pool_client
      && client.generate_secret
    ])
    error_message = "The client must be good for its channel's scope by client credentials only."
  }

  assert {
    condition     = alltrue([for client in aws_cognito_user_pool_client.this : client.explicit_auth_flows == toset(["ALLOW_REFRESH_TOKEN_AUTH"])])
    error_message = "No flow may let a user sign in."
  }

  assert {
    condition     = alltrue([for client in aws_cognito_user_pool_client.this : client.access_token_validity <= 15 && one(client.token_validity_units).access_token == "minutes"])
    error_message = "A token outlives its client: it must be short-lived."
  }
}

run "keeps_secrets_out_of_the_state" {
  assert {
    condition = alltrue([for version in [aws_secretsmanager_secret_version.client, aws_secretsmanager_secret_version.signing] :
      version.secret_string == null && version.secret_string_wo == null && version.secret_string_wo_version != null
    ])
    error_message = "Secrets are write-only arguments."
  }

  assert {
    condition     = alltrue([for secret in [aws_secretsmanager_secret.client, aws_secretsmanager_secret.signing] : secret.kms_key_id == var.platform.kms_key_arn])
    error_message = "Secrets are encrypted with the platform's key."
  }
}

run "lets_nobody_read_secrets_but_who_is_named" {
  assert {
    condition = { for name, document in data.aws_iam_policy_document.secret : name => [
      for statement in document.statement : [statement.effect, statement.actions, flatten(statement.principals[*].identifiers), one(statement.condition).test, one(statement.condition).variable, one(statement.condition).values]
      ] } == {
      client  = [["Deny", toset(["secretsmanager:GetSecretValue"]), ["*"], "ArnNotLike", "aws:PrincipalArn", tolist(["arn:aws:iam::111111111111:role/deploy"])]]
      signing = [["Deny", toset(["secretsmanager:GetSecretValue"]), ["*"], "ArnNotLike", "aws:PrincipalArn", tolist(["arn:aws:iam::111111111111:role/x", "arn:aws:sts::111111111111:assumed-role/callbacks-dev-order-fraud-review-sentinel-review/*", "arn:aws:iam::111111111111:role/deploy"])]]
    }
    error_message = "More or others may read the secrets: ${jsonencode({ for name, document in data.aws_iam_policy_document.secret : name => document.statement })}"
  }

  assert {
    condition     = { for name, policy in aws_secretsmanager_secret_policy.this : name => policy.secret_arn } == { client = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:client", signing = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:signing" }
    error_message = "Each secret has its policy."
  }
}

run "refuses_secrets_that_who_applies_could_not_read_back" {
  command = plan

  variables {
    platform = merge(var.platform, { secret_readers = [] })
  }

  expect_failures = [aws_secretsmanager_secret_policy.this]
}

run "takes_messages_of_its_topic_only" {
  assert {
    condition = alltrue([for name, queue in { dead_letter = "callbacks-dev-order-fraud-review-sentinel-review-dead-letter", main = "callbacks-dev-order-fraud-review-sentinel-review" } :
      jsonencode([for statement in data.aws_iam_policy_document.queue[name].statement : {
        actions    = statement.actions
        conditions = { for condition in statement.condition : "${condition.test} ${condition.variable}" => condition.values }
        effect     = coalesce(statement.effect, "Allow")
        principals = flatten(statement.principals[*].identifiers)
        resources  = statement.resources
        }]) == jsonencode([
        {
          actions    = ["sqs:SendMessage"]
          conditions = { "ArnEquals aws:SourceArn" = ["arn:aws:sns:eu-west-1:111111111111:topic"] }
          effect     = "Allow"
          principals = ["sns.amazonaws.com"]
          resources  = ["arn:aws:sqs:eu-west-1:111111111111:${queue}"]
        },
        {
          actions = ["sqs:SendMessage"]
          conditions = {
            "ArnNotEquals aws:SourceArn"  = ["arn:aws:sns:eu-west-1:111111111111:topic"]
            "ArnNotLike aws:PrincipalArn" = ["arn:aws:iam::111111111111:role/x", "arn:aws:sts::111111111111:assumed-role/callbacks-dev-order-fraud-review-sentinel-review/*"]
          }
          effect     = "Deny"
          principals = ["*"]
          resources  = ["arn:aws:sqs:eu-west-1:111111111111:${queue}"]
        },
      ])
    ])
    error_message = "The queues take messages from the channel's topic and from the function, and from nobody else whatever its own policy says."
  }

  assert {
    condition     = aws_sqs_queue.this.policy == data.aws_iam_policy_document.queue["main"].minified_json && aws_sqs_queue.dead_letter.policy == data.aws_iam_policy_document.queue["dead_letter"].minified_json
    error_message = "Each queue has its policy."
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.this, aws_sqs_queue.dead_letter] : jsondecode(queue.redrive_allow_policy).redrivePermission == "denyAll"])
    error_message = "A queue of the account could name one of these as its dead-letter queue, and put messages in by failing on them."
  }

  assert {
    condition     = aws_sns_topic_subscription.this.raw_message_delivery && jsondecode(aws_sns_topic_subscription.this.redrive_policy).deadLetterTargetArn == "arn:aws:sqs:eu-west-1:111111111111:dead-letter"
    error_message = "The queue holds CloudEvents as they are, and what it does not take is kept."
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.this, aws_sqs_queue.dead_letter] : queue.kms_master_key_id == var.platform.kms_key_arn]) && aws_sqs_queue.this.message_retention_seconds == 1209600 && aws_sqs_queue.dead_letter.message_retention_seconds == 864000
    error_message = "Queues are encrypted with the platform's key and keep messages as long as SQS can."
  }

  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 360 && aws_lambda_event_source_mapping.this.batch_size == 1 && aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "A slow call must delay nothing but its own message."
  }
}

run "lets_the_function_touch_its_own_things_only" {
  assert {
    condition = jsonencode({
      for id, statement in local.permissions : id => [statement.actions, statement.resources]
      }) == jsonencode({
      GiveUp            = [["sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:111111111111:dead-letter"]]
      ReadSigningSecret = [["secretsmanager:GetSecretValue"], ["arn:aws:secretsmanager:eu-west-1:111111111111:secret:signing"]]
      ReadStatus        = [["dynamodb:GetItem"], ["arn:aws:dynamodb:eu-west-1:111111111111:table/tasks"]]
      Report            = [["sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:111111111111:reports"]]
      WorkOnQueue       = [["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:111111111111:queue"]]
    })
    error_message = "The function may do more or less than bring messages to its partner."
  }
}

run "holds_two_clients_while_credentials_are_rotated" {
  variables {
    clients = [1, 2]
  }

  assert {
    condition     = output.client_ids == [aws_cognito_user_pool_client.this["1"].id, aws_cognito_user_pool_client.this["2"].id] && local.current_client.id == aws_cognito_user_pool_client.this["2"].id
    error_message = "Both clients are good, and the newest is the one to hand over."
  }
}

run "takes_plain_http_to_loopback_in_local" {
  command = plan

  variables {
    platform    = merge(var.platform, { environment = "local" })
    webhook_url = "http://127.0.0.1:8080/tasks"
  }
}

run "refuses_plain_http_to_loopback_elsewhere" {
  command = plan

  variables {
    webhook_url = "http://127.0.0.1:8080/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_plain_http_to_others_in_local" {
  command = plan

  variables {
    platform    = merge(var.platform, { environment = "local" })
    webhook_url = "http://127.0.0.1.example.com/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_an_address" {
  command = plan

  variables {
    webhook_url = "https://93.184.216.34/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_an_ipv6_address" {
  command = plan

  variables {
    webhook_url = "https://[2606:2800:220:1::1]/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_an_address_in_one_number" {
  command = plan

  variables {
    webhook_url = "https://2130706433/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_an_address_in_hexadecimal" {
  command = plan

  variables {
    webhook_url = "https://0x7f.0.0.0x1/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_a_host_of_one_label" {
  command = plan

  variables {
    webhook_url = "https://hooks/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_localhost" {
  command = plan

  variables {
    webhook_url = "https://localhost/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_a_host_below_localhost" {
  command = plan

  variables {
    webhook_url = "https://hooks.localhost/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_a_host_of_a_private_network" {
  command = plan

  variables {
    webhook_url = "https://hooks.corp.internal:8443/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_other_ports" {
  command = plan

  variables {
    webhook_url = "https://hooks.sentinel.example:22/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "takes_the_other_port_for_https" {
  command = plan

  variables {
    webhook_url = "https://hooks.sentinel.example:8443/tasks"
  }
}

run "refuses_user_names_and_passwords" {
  command = plan

  variables {
    webhook_url = "https://user:123@hooks.sentinel.example/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_user_names" {
  command = plan

  variables {
    webhook_url = "https://user@hooks.sentinel.example/tasks"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_fragments" {
  command = plan

  variables {
    webhook_url = "https://hooks.sentinel.example/tasks#here"
  }

  expect_failures = [var.webhook_url]
}

run "refuses_three_clients" {
  command = plan

  variables {
    clients = [1, 2, 3]
  }

  expect_failures = [var.clients]
}

run "refuses_concurrency_that_lambda_refuses" {
  command = plan

  variables {
    max_concurrency = 1
  }

  expect_failures = [var.max_concurrency]
}

run "refuses_names_over_64_characters" {
  command = plan

  variables {
    platform  = merge(var.platform, { oauth2 = merge(var.platform.oauth2, { scopes = { ORDER_FRAUD_REVIEW_OF_LARGE_ORDERS_ONLY = "s/t" } }) })
    task_type = "ORDER_FRAUD_REVIEW_OF_LARGE_ORDERS_ONLY"
  }

  expect_failures = [var.partner]
}

run "refuses_a_channel_without_partners" {
  command = plan

  variables {
    partners = 0
  }

  expect_failures = [var.partners]
}

run "raises_an_alarm_where_the_webhook_takes_nothing" {
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.failing.evaluation_periods == 2
      && alltrue(flatten([for query in aws_cloudwatch_metric_alarm.failing.metric_query : [for metric in query.metric :
        metric.namespace == "CallbackChannels/callbacks-dev" && metric.period == 900 && metric.dimensions == tomap({ partner = "sentinel-review", task_type = "ORDER_FRAUD_REVIEW" })
      ]]))
    )
    error_message = "The tries are this partner's, in two quarters of an hour."
  }
}
