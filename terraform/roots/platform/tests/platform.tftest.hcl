mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "333333333333" }
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

  mock_resource "aws_api_gateway_rest_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:333333333333:api", id = "api" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:333333333333:rule/rule" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:333333333333:log-group:group" }
  }

  mock_resource "aws_cognito_user_pool" {
    defaults = { arn = "arn:aws:cognito-idp:eu-west-1:333333333333:userpool/pool" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-1:333333333333:table/table" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::333333333333:role/role" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:333333333333:key/1" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:333333333333:function:function" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::packages" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:333333333333:secret:secret" }
  }

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:333333333333:stateMachine:workflow" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:333333333333:topic" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:333333333333:queue", url = "https://sqs/queue" }
  }
}

variables {
  package = {
    architecture  = "arm64"
    path          = "dist/arm64/lambdas.zip"
    runtime       = "python3.13"
    sha256_base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  secret_readers = ["arn:aws:iam::333333333333:role/deploy"]
}

run "dev" {
  module {
    source = "./tests/environment"
  }

  variables {
    name = "dev"
  }
}

run "local" {
  module {
    source = "./tests/environment"
  }

  variables {
    name = "local"
  }
}

run "prod" {
  module {
    source = "./tests/environment"
  }

  variables {
    name = "prod"
  }
}

run "tells_what_other_tools_read" {
  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    partners    = run.dev.settings.partners
    region      = run.dev.settings.region
  }

  assert {
    condition     = output.api_url == "https://api.execute-api.eu-west-1.amazonaws.com/dev" && output.orders_table == "callbacks-dev-Orders" && output.callback_tasks_table == "callbacks-dev-CallbackTasks"
    error_message = "api_url, orders_table and callback_tasks_table are a contract."
  }

  assert {
    condition     = contains(keys(output.state_machines), "order_processing")
    error_message = "state_machines names each workflow as its file is named."
  }

  assert {
    condition     = alltrue([for task_type, channel in output.channels : toset(keys(channel)) == toset(["callback_roles", "callback_url", "oauth2", "topic_arn"])])
    error_message = "channels has topic_arn, callback_url, callback_roles and oauth2 for each task type."
  }

  assert {
    condition     = toset(keys(output.channels)) == toset(keys(local.channels))
    error_message = "Each task type has a channel."
  }

  assert {
    condition     = strcontains(output.channels["ORDER_SHIPPING_SERVICE"].callback_url, "https://api.execute-api.eu-west-1.amazonaws.com/dev/externalCallback/ORDER_SHIPPING_SERVICE")
    error_message = "Partners must be given the API's URL: ${output.channels["ORDER_SHIPPING_SERVICE"].callback_url}"
  }
}

run "tells_partners_without_aws_how_to_get_a_token" {
  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    partners    = run.dev.settings.partners
    region      = run.dev.settings.region
  }

  assert {
    condition     = alltrue([for task_type, channel in output.channels : (channel.oauth2 != null) == (local.channels[task_type].auth == "OAUTH2")])
    error_message = "Channels with auth OAUTH2, and no others, have oauth2."
  }

  assert {
    condition     = alltrue([for channel in output.channels : endswith(channel.oauth2.scope, "/${reverse(split("/", channel.callback_url))[0]}") if channel.oauth2 != null])
    error_message = "Each channel has a scope of its own, which ends in its task type."
  }

  assert {
    condition = alltrue([for task_type, channel in output.channels :
      alltrue([for key in ["client_ids", "client_secret_arns", "signing_secret_arns"] : toset(keys(channel.oauth2[key])) == toset(local.channels[task_type].partners)]) if channel.oauth2 != null
    ])
    error_message = "Each partner has clients, and a secret with the newest client and one with its signing secrets."
  }

  assert {
    condition     = output.oauth2_token_url == "https://callbacks-dev-333333333333.auth.eu-west-1.amazoncognito.com/oauth2/token"
    error_message = "oauth2_token_url is a contract: ${output.oauth2_token_url}"
  }
}

run "refuses_partners_of_both_kinds_and_of_none" {
  command = plan

  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    region      = run.dev.settings.region
    partners    = merge(run.dev.settings.partners, { other = { account_id = "222222222222", external_id = "other-external-id", webhook_url = "https://other.example" } })
  }

  expect_failures = [var.partners]
}

run "refuses_an_external_id_that_can_be_guessed" {
  command = plan

  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    region      = run.dev.settings.region
    partners    = merge(run.dev.settings.partners, { other = { account_id = "222222222222", external_id = "fifteen-letters" } })
  }

  expect_failures = [var.partners]
}

run "refuses_an_external_id_that_another_partner_has" {
  command = plan

  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    region      = run.dev.settings.region
    partners    = merge(run.dev.settings.partners, { other = { account_id = "222222222222", external_id = run.dev.settings.partners["acme-shipping"].external_id } })
  }

  expect_failures = [var.partners]
}

run "refuses_to_leave_partners_out" {
  command = plan

  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    region      = run.dev.settings.region
    partners    = {}
  }

  expect_failures = [var.partners]
}

run "leaves_callbacks_of_others_room_beside_a_burst" {
  command = plan

  variables {
    account_id        = run.dev.settings.account_id
    environment       = run.dev.settings.environment
    external_callback = { reserved_concurrency = 11 }
    name_prefix       = run.dev.settings.name_prefix
    partners          = run.dev.settings.partners
    region            = run.dev.settings.region
    throttling        = { burst_limit = 10 }
  }
}

run "accepts_an_account_without_concurrency_to_spare" {
  command = plan

  variables {
    account_id        = run.dev.settings.account_id
    environment       = run.dev.settings.environment
    external_callback = { reserved_concurrency = -1 }
    name_prefix       = run.dev.settings.name_prefix
    partners          = run.dev.settings.partners
    region            = run.dev.settings.region
  }
}

run "refuses_a_burst_that_leaves_callbacks_of_others_no_room" {
  command = plan

  variables {
    account_id        = run.dev.settings.account_id
    environment       = run.dev.settings.environment
    external_callback = { reserved_concurrency = 10 }
    name_prefix       = run.dev.settings.name_prefix
    partners          = run.dev.settings.partners
    region            = run.dev.settings.region
    throttling        = { burst_limit = 10 }
  }

  expect_failures = [var.external_callback]
}

run "refuses_what_is_for_a_local_engine" {
  command = plan

  variables {
    account_id          = run.dev.settings.account_id
    environment         = run.dev.settings.environment
    name_prefix         = run.dev.settings.name_prefix
    partners            = run.dev.settings.partners
    region              = run.dev.settings.region
    deletion_protection = false
    oauth2_token_url    = "http://127.0.0.1:4566/oauth2/token"
    scope_send_task     = false
    webhook_base_url    = "http://127.0.0.1:8080"
  }

  expect_failures = [var.deletion_protection, var.oauth2_token_url, var.scope_send_task, var.webhook_base_url]
}

run "refuses_to_delete_orders_as_they_end" {
  command = plan

  variables {
    account_id           = run.dev.settings.account_id
    environment          = run.dev.settings.environment
    name_prefix          = run.dev.settings.name_prefix
    partners             = run.dev.settings.partners
    region               = run.dev.settings.region
    order_retention_days = 1 # As long as a wait on ORDER_SHIPPING_SERVICE.
  }

  expect_failures = [var.order_retention_days]
}

run "refuses_other_accounts_and_regions" {
  command = plan

  variables {
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    partners    = run.dev.settings.partners
    account_id  = "dev"
    region      = "Ireland"
  }

  expect_failures = [var.account_id, var.region]
}

run "refuses_packages_of_one_machine" {
  command = plan

  variables {
    account_id  = run.dev.settings.account_id
    environment = run.dev.settings.environment
    name_prefix = run.dev.settings.name_prefix
    partners    = run.dev.settings.partners
    region      = run.dev.settings.region
    package = {
      architecture  = "arm64"
      path          = "/tmp/lambdas.zip"
      runtime       = "python3.13"
      sha256_base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    }
  }

  expect_failures = [var.package]
}

run "accepts_the_settings_of_local" {
  command = plan

  variables {
    account_id           = run.local.settings.account_id
    environment          = run.local.settings.environment
    name_prefix          = run.local.settings.name_prefix
    partners             = run.local.settings.partners
    region               = run.local.settings.region
    alarm_topic_arns     = lookup(run.local.settings, "alarm_topic_arns", null)
    code_signing_config  = lookup(run.local.settings, "code_signing_config", null)
    custom_domain        = lookup(run.local.settings, "custom_domain", null)
    dead_letter_days     = lookup(run.local.settings, "dead_letter_days", null)
    deletion_protection  = lookup(run.local.settings, "deletion_protection", null)
    held_outcome_minutes = lookup(run.local.settings, "held_outcome_minutes", null)
    log_level            = lookup(run.local.settings, "log_level", null)
    log_retention_days   = lookup(run.local.settings, "log_retention_days", null)
    order_retention_days = lookup(run.local.settings, "order_retention_days", null)
    permissions_boundary = lookup(run.local.settings, "permissions_boundary", null)
    retention_days       = lookup(run.local.settings, "retention_days", null)
    refusal_thresholds   = lookup(run.local.settings, "refusal_thresholds", null)
    role_path            = lookup(run.local.settings, "role_path", null)
    runbook_url          = lookup(run.local.settings, "runbook_url", null)
    scope_send_task      = lookup(run.local.settings, "scope_send_task", null)
    external_callback    = lookup(run.local.settings, "external_callback", null)
    secret_readers       = lookup(run.local.settings, "secret_readers", null)
    throttling           = lookup(run.local.settings, "throttling", null)
    webhook_base_url     = "http://127.0.0.1:8080"
  }

  assert {
    condition     = var.environment == "local" && var.name_prefix == "callbacks-local"
    error_message = "envs/local.tfvars is not about local."
  }
}

run "accepts_the_settings_of_dev" {
  command = plan

  variables {
    account_id           = run.dev.settings.account_id
    environment          = run.dev.settings.environment
    name_prefix          = run.dev.settings.name_prefix
    partners             = run.dev.settings.partners
    region               = run.dev.settings.region
    alarm_topic_arns     = lookup(run.dev.settings, "alarm_topic_arns", null)
    code_signing_config  = lookup(run.dev.settings, "code_signing_config", null)
    custom_domain        = lookup(run.dev.settings, "custom_domain", null)
    dead_letter_days     = lookup(run.dev.settings, "dead_letter_days", null)
    deletion_protection  = lookup(run.dev.settings, "deletion_protection", null)
    held_outcome_minutes = lookup(run.dev.settings, "held_outcome_minutes", null)
    log_level            = lookup(run.dev.settings, "log_level", null)
    log_retention_days   = lookup(run.dev.settings, "log_retention_days", null)
    order_retention_days = lookup(run.dev.settings, "order_retention_days", null)
    permissions_boundary = lookup(run.dev.settings, "permissions_boundary", null)
    retention_days       = lookup(run.dev.settings, "retention_days", null)
    refusal_thresholds   = lookup(run.dev.settings, "refusal_thresholds", null)
    role_path            = lookup(run.dev.settings, "role_path", null)
    runbook_url          = lookup(run.dev.settings, "runbook_url", null)
    scope_send_task      = lookup(run.dev.settings, "scope_send_task", null)
    external_callback    = lookup(run.dev.settings, "external_callback", null)
    secret_readers       = lookup(run.dev.settings, "secret_readers", null)
    throttling           = lookup(run.dev.settings, "throttling", null)
  }

  assert {
    condition     = var.environment == "dev" && var.name_prefix == "callbacks-dev"
    error_message = "envs/dev.tfvars is not about dev."
  }
}

run "accepts_the_settings_of_prod" {
  command = plan

  variables {
    account_id           = run.prod.settings.account_id
    environment          = run.prod.settings.environment
    name_prefix          = run.prod.settings.name_prefix
    partners             = run.prod.settings.partners
    region               = run.prod.settings.region
    alarm_topic_arns     = lookup(run.prod.settings, "alarm_topic_arns", null)
    code_signing_config  = lookup(run.prod.settings, "code_signing_config", null)
    custom_domain        = lookup(run.prod.settings, "custom_domain", null)
    dead_letter_days     = lookup(run.prod.settings, "dead_letter_days", null)
    deletion_protection  = lookup(run.prod.settings, "deletion_protection", null)
    held_outcome_minutes = lookup(run.prod.settings, "held_outcome_minutes", null)
    log_level            = lookup(run.prod.settings, "log_level", null)
    log_retention_days   = lookup(run.prod.settings, "log_retention_days", null)
    order_retention_days = lookup(run.prod.settings, "order_retention_days", null)
    permissions_boundary = lookup(run.prod.settings, "permissions_boundary", null)
    retention_days       = lookup(run.prod.settings, "retention_days", null)
    refusal_thresholds   = lookup(run.prod.settings, "refusal_thresholds", null)
    role_path            = lookup(run.prod.settings, "role_path", null)
    runbook_url          = lookup(run.prod.settings, "runbook_url", null)
    scope_send_task      = lookup(run.prod.settings, "scope_send_task", null)
    external_callback    = lookup(run.prod.settings, "external_callback", null)
    secret_readers       = lookup(run.prod.settings, "secret_readers", null)
    throttling           = lookup(run.prod.settings, "throttling", null)
  }

  assert {
    condition     = var.environment == "prod" && var.name_prefix == "callbacks-prod"
    error_message = "envs/prod.tfvars is not about prod."
  }
}
