data "aws_partition" "current" {}

locals {
  repository = "${path.root}/../../.."

  # One file a workflow: statemachines/order_processing.asl.json is the workflow order-processing.
  workflows = { for file in fileset("${local.repository}/statemachines", "*.asl.json") : trimsuffix(file, ".asl.json") => "${local.repository}/statemachines/${file}" }

  workflow_placeholders = merge(
    {
      orders_table = module.platform.platform.orders_table.name
      partition    = data.aws_partition.current.partition
    },
    { for name in ["get_order_metadata", "process_shipping_result"] : "${name}_function_arn" => module.platform.functions[name].arn },
    { for task_type, channel in module.channel : "${lower(task_type)}_function_arn" => channel.function_arn },
    { for task_type, channel in module.channel : "${lower(task_type)}_timeout_seconds" => channel.timeout_seconds },
    { for task_type, channel in module.channel : "${lower(task_type)}_heartbeat_seconds" => channel.heartbeat_seconds if try(local.task_types[task_type].heartbeat_seconds, null) != null },
  )

  # Functions and roles are named after these, and API models after task types without their underscores: no two may agree.
  resource_names = concat(
    [for name in concat(keys(module.platform.functions), keys(local.workflows), keys(local.task_types)) : replace(lower(name), "_", "-")],
    flatten([for task_type, settings in local.task_types : [for partner in settings.partners : "${replace(lower(task_type), "_", "-")}-${partner}"]]),
  )
  shared_names = concat(
    [for name, owners in { for name in local.resource_names : name => name... } : name if length(owners) > 1],
    [for name, owners in { for task_type in keys(local.task_types) : replace(task_type, "_", "") => task_type... } : join(" and ", owners) if length(owners) > 1],
  )

  # In the environment local a webhook may be given as a path: its partner listens on another port each time.
  partners = { for name, partner in var.partners : name => merge(partner, {
    webhook_url = startswith(coalesce(partner.webhook_url, "-"), "/") ? "${coalesce(var.webhook_base_url, "-")}${partner.webhook_url}" : partner.webhook_url
  }) }
}

module "platform" {
  source = "../../modules/platform"

  alarm_topic_arns     = var.alarm_topic_arns
  custom_domain        = var.custom_domain
  deletion_protection  = var.deletion_protection
  environment          = var.environment
  log_level            = var.log_level
  log_retention_days   = var.log_retention_days
  name_prefix          = var.name_prefix
  oauth2_token_url     = var.oauth2_token_url
  package              = merge(var.package, { path = "${local.repository}/${var.package.path}" })
  permissions_boundary = var.permissions_boundary
  public_base_url      = var.public_base_url
  retention_days       = var.retention_days
  role_path            = var.role_path
  scope_send_task      = var.scope_send_task
  workflow_names       = [for name in keys(local.workflows) : replace(name, "_", "-")]

  oauth2_clients = { for task_type, settings in local.task_types :
    task_type => length(flatten([for name in settings.partners : tolist(var.partners[name].clients)])) if settings.auth == "OAUTH2"
  }
}

module "channel" {
  source   = "../../modules/callback-channel"
  for_each = local.task_types

  platform             = module.platform.platform
  task_type            = each.key
  auth                 = each.value.auth
  enabled              = try(each.value.enabled, null)
  envelope             = file("${local.repository}/schemas/callback.schema.json")
  heartbeat_seconds    = try(each.value.heartbeat_seconds, null)
  max_output_bytes     = try(each.value.max_output_bytes, null)
  message_version      = try(each.value.message_version, null)
  partners             = { for name in each.value.partners : name => local.partners[name] }
  payload_event_key    = each.value.payload_event_key
  require_callback_id  = try(each.value.require_callback_id, null)
  reserved_concurrency = try(each.value.reserved_concurrency, null)
  throttle             = try(each.value.throttle, null)
  timeout_seconds      = each.value.timeout_seconds

  schemas = {
    for version in try(each.value.versions, ["v1"]) : version => {
      output  = file("${local.repository}/schemas/${each.key}/${version}/output.schema.json")
      request = file("${local.repository}/schemas/${each.key}/${version}/request.schema.json")
    }
  }
}

module "workflow" {
  source   = "../../modules/workflow"
  for_each = local.workflows

  platform         = module.platform.platform
  name             = replace(each.key, "_", "-")
  definition       = templatefile(each.value, local.workflow_placeholders)
  kms_via_services = ["dynamodb"]

  permissions = {
    MarkOrder = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [module.platform.platform.orders_table.arn]
    }
  }
}

module "release" {
  source = "../../modules/api-release"

  platform           = module.platform.platform
  api_resource_quota = var.api_resource_quota
  channels           = { for task_type, channel in module.channel : task_type => channel.release }
  throttling         = var.throttling
}
