data "aws_partition" "current" {}

locals {
  repository = "${path.root}/../../.."
  schemas    = "${local.repository}/schemas"

  # One file a channel: schemas/TYPE/channel.json. What it omits has the default that channel.schema.json gives.
  known_settings = jsondecode(file("${local.schemas}/channel.schema.json")).properties
  channels = { for file in fileset(local.schemas, "*/channel.json") : dirname(file) => merge(
    { for name, setting in local.known_settings : name => setting.default if can(setting.default) },
    jsondecode(file("${local.schemas}/${file}")),
  ) }

  # One file a workflow: statemachines/order_processing.asl.json is the workflow order-processing.
  workflows = { for file in fileset("${local.repository}/statemachines", "*.asl.json") : trimsuffix(file, ".asl.json") => "${local.repository}/statemachines/${file}" }

  infrastructure_retrier = jsondecode(file("${local.repository}/statemachines/infrastructure_retrier.json"))

  workflow_placeholders = merge(
    {
      orders_table = module.platform.platform.orders_table.name
      partition    = data.aws_partition.current.partition

      # A time-out is the infrastructure's where nobody is waited for.
      function_retrier = jsonencode(merge(local.infrastructure_retrier, { ErrorEquals = concat(local.infrastructure_retrier.ErrorEquals, ["States.Timeout"]) }))
      service_retrier  = jsonencode(merge(local.infrastructure_retrier, { ErrorEquals = ["States.ALL"] }))
    },
    { for name, function in module.platform.functions : "${name}_function_arn" => function.arn },
    { for task_type, channel in module.channel : "${lower(task_type)}_function_arn" => channel.function_arn },
    { for task_type, channel in module.channel : "${lower(task_type)}_retry" => jsonencode(channel.wait_state.Retry) },
    { for task_type, channel in module.channel : "${lower(task_type)}_timeout_seconds" => channel.timeout_seconds },
    { for task_type, channel in module.channel : "${lower(task_type)}_heartbeat_seconds" => channel.heartbeat_seconds if can(local.channels[task_type].heartbeat_seconds) },
  )

  # Functions and roles are named after these, and API models after task types without their underscores: no two may agree.
  resource_names = concat(
    [for name in concat(keys(module.platform.functions), keys(local.workflows), keys(local.channels)) : replace(lower(name), "_", "-")],
    flatten([for task_type, settings in local.channels : [for partner in settings.partners : "${replace(lower(task_type), "_", "-")}-${partner}"]]),
  )
  shared_names = concat(
    [for name, owners in { for name in local.resource_names : name => name... } : name if length(owners) > 1],
    [for name, owners in { for task_type in keys(local.channels) : replace(task_type, "_", "") => task_type... } : join(" and ", owners) if length(owners) > 1],
  )

  # Terraform drops what an object's type does not have.
  unknown_settings = flatten([for task_type, settings in local.channels :
    [for name in setsubtract(keys(settings), keys(local.known_settings)) : "${name} in schemas/${task_type}/channel.json"]
  ])

  # In the environment local a webhook may be given as a path: its partner listens on another port each time.
  partners = { for name, partner in var.partners : name => merge(partner, {
    webhook_url = startswith(coalesce(partner.webhook_url, "-"), "/") ? "${coalesce(var.webhook_base_url, "-")}${partner.webhook_url}" : partner.webhook_url
  }) }
}

module "platform" {
  source = "../../modules/platform"

  alarm_topic_arns     = var.alarm_topic_arns
  code_signing_config  = var.code_signing_config
  custom_domain        = var.custom_domain
  dead_letter_days     = var.dead_letter_days
  deletion_protection  = var.deletion_protection
  environment          = var.environment
  external_callback    = var.external_callback
  held_outcome_minutes = var.held_outcome_minutes
  log_level            = var.log_level
  log_retention_days   = var.log_retention_days
  mutual_tls           = var.mutual_tls
  name_prefix          = var.name_prefix
  oauth2_token_url     = var.oauth2_token_url
  order_retention_days = var.order_retention_days
  package              = merge(var.package, { path = "${local.repository}/${var.package.path}" })
  permissions_boundary = var.permissions_boundary
  problems             = jsondecode(file("${local.repository}/lambdas/callbacks/runtime/problems.json"))
  public_base_url      = var.public_base_url
  retention_days       = var.retention_days
  role_path            = var.role_path
  runbook_url          = var.runbook_url
  scope_send_task      = var.scope_send_task
  secret_readers       = var.secret_readers
  webhook_network      = var.webhook_network
  workflow_names       = [for name in keys(local.workflows) : replace(name, "_", "-")]

  oauth2_clients = { for task_type, settings in local.channels :
    task_type => length(flatten([for name in settings.partners : tolist(var.partners[name].clients)])) if settings.auth == "OAUTH2"
  }
}

module "channel" {
  source   = "../../modules/callback-channel"
  for_each = local.channels

  platform  = module.platform.platform
  task_type = each.key
  partners  = { for name in each.value.partners : name => local.partners[name] }
  settings  = each.value

  schemas = { for version in each.value.versions : version => {
    callback = file("${local.schemas}/${each.key}/${version}/callback.schema.json")
    request  = file("${local.schemas}/${each.key}/${version}/request.schema.json")
  } }
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
  refusal_thresholds = var.refusal_thresholds
  throttling         = var.throttling
  web_acl_arn        = var.web_acl_arn
}

module "dashboard" {
  source = "../../modules/dashboard"

  platform   = module.platform.platform
  task_types = keys(local.channels)
}
