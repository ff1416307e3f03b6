# What the channel is at run time: the functions read it, and nothing else, to know the channel. What they ignore is for operators.
resource "aws_dynamodb_table_item" "registration" {
  table_name = var.platform.callback_table.name
  hash_key   = "order_id"
  range_key  = "task_type"
  item       = local.registration

  lifecycle {
    precondition {
      condition     = length(local.refused_settings) == 0
      error_message = "Correct ${join(", ", local.refused_settings)} in the settings of ${var.task_type}: schemas/channel.schema.json says which values each of them takes."
    }

    precondition {
      condition     = local.retry.max_delay_seconds > local.retry.interval_seconds
      error_message = "Set retry.max_delay_seconds of ${var.task_type} above its retry.interval_seconds: Step Functions refuses the state otherwise."
    }

    precondition {
      condition     = length(local.registration) <= 390 * 1024
      error_message = "Shorten the schemas of ${var.task_type} or retire a contract version: its registration has ${length(local.registration)} characters, and DynamoDB takes an item of 400 KB."
    }
  }
}

locals {
  registration = jsonencode(merge(
    {
      order_id             = { S = "#CHANNEL" }
      task_type            = { S = var.task_type }
      auth                 = { S = local.settings.auth }
      callback_id_required = { BOOL = local.settings.require_callback_id }
      callback_url         = { S = local.callback_url }
      enabled              = { BOOL = local.settings.enabled }
      max_output_bytes     = { N = tostring(local.settings.max_output_bytes) }
      message_version      = { S = local.settings.message_version }
      partners = { M = { for name, partner in var.partners : name => { M = merge(
        { for key in ["account_id", "external_id", "webhook_url"] : key => { S = partner[key] } if partner[key] != null },
        partner.account_id == null ? {} : { callback_role_arn = { S = aws_iam_role.callback[name].arn } },
        partner.webhook_url == null ? {} : {
          client_secret_arn  = { S = module.webhook_partner[name].client_secret_arn }
          signing_secret_arn = { S = module.webhook_partner[name].signing_secret_arn }
        },
        # A callback role's own policy has the ranges of a partner with AWS.
        partner.webhook_url == null || length(partner.source_ranges) == 0 ? {} : {
          client_ids    = { L = [for id in module.webhook_partner[name].client_ids : { S = id }] }
          source_ranges = { L = [for range in sort(partner.source_ranges) : { S = range }] }
        },
      ) } } }
      reporters       = { L = [for partner in module.webhook_partner : { S = partner.reporter } if length(local.webhook_partners) == 1] }
      route           = { S = local.routes.v1 }
      timeout_seconds = { N = tostring(local.settings.timeout_seconds) }
      topic_arn       = { S = aws_sns_topic.this.arn }
      versions = { M = { for version, schema in var.schemas : version => { M = {
        callback = { S = local.models[version] }
        request  = { S = jsonencode(jsondecode(schema.request)) }
      } } } }
    },
    local.settings.auth != "OAUTH2" ? {} : { oauth2 = { M = { scope = { S = local.scope }, token_url = { S = var.platform.oauth2.token_url } } } },
    local.settings.heartbeat_seconds == null ? {} : { heartbeat_seconds = { N = tostring(local.settings.heartbeat_seconds) } },
  ))
}
