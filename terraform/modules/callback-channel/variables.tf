variable "partners" {
  description = <<-EOT
    Who does the work, by name. With auth AWS_IAM a partner has account_id, its AWS account, and external_id, which it presents when
    it assumes its callback role; it guards against a confused deputy and is no secret. With auth OAUTH2 a partner has webhook_url,
    where messages are posted, and may have clients and max_concurrency, as modules/webhook-partner has them. Any partner may have
    source_ranges, the only addresses that its callbacks come from, in CIDR notation.
  EOT
  type = map(object({
    account_id      = optional(string)
    clients         = optional(set(number), [1])
    external_id     = optional(string)
    max_concurrency = optional(number, 5)
    source_ranges   = optional(set(string), [])
    webhook_url     = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.partners) : can(regex("^[a-z][a-z0-9-]{0,19}$", name))])
    error_message = "Name partners with at most 20 lower-case letters, digits and hyphens, a letter first."
  }

  validation {
    condition = alltrue([for partner in values(var.partners) :
      local.settings.auth == "AWS_IAM" ? partner.account_id != null && partner.external_id != null && partner.webhook_url == null : true
    ])
    error_message = "With auth AWS_IAM, give each partner account_id and external_id and no webhook_url. A partner without AWS needs a channel with auth OAUTH2."
  }

  validation {
    condition = alltrue([for partner in values(var.partners) :
      local.settings.auth == "OAUTH2" ? partner.account_id == null && partner.external_id == null && partner.webhook_url != null : true
    ])
    error_message = "With auth OAUTH2, give each partner webhook_url and neither account_id nor external_id. A partner with an AWS account needs a channel with auth AWS_IAM."
  }

  validation {
    condition     = alltrue(flatten([for partner in values(var.partners) : [for range in partner.source_ranges : can(cidrhost(range, 0)) ? "${cidrhost(range, 0)}/${split("/", range)[1]}" == range : false]]))
    error_message = "Give each partner's source_ranges in CIDR notation, each with the first address of its range, such as 198.51.100.0/24 or 2001:db8::/32."
  }

  validation {
    condition     = alltrue([for partner in values(var.partners) : can(regex("^[0-9]{12}$", partner.account_id)) if partner.account_id != null])
    error_message = "Give each partner's account_id as a string of 12 digits."
  }

  validation {
    condition     = alltrue([for partner in values(var.partners) : length(partner.external_id) >= 16 && length(partner.external_id) <= 1224 && can(regex("^[A-Za-z0-9_+=,.@:/-]+$", partner.external_id)) if partner.external_id != null])
    error_message = "Give each partner an external_id of 16 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -, for example a UUID."
  }

  validation {
    condition     = length(distinct(compact(values(var.partners)[*].external_id))) == length(compact(values(var.partners)[*].external_id))
    error_message = "Give each partner an external_id of its own, for example a UUID: ${join(", ", [for name, partner in var.partners : name if partner.external_id != null && length([for other in values(var.partners) : other if other.external_id == partner.external_id]) > 1])} share theirs."
  }
}

variable "platform" {
  description = "The platform that this belongs to: the output `platform` of modules/platform, whole."
  type = object({
    account_id           = string
    alarm_actions        = list(string)
    code_signing_config  = string # null: none
    dead_letter_days     = number
    environment          = string
    kms_key_arn          = string
    log_level            = string
    log_retention_days   = number
    metric_namespace     = string
    name_prefix          = string
    partition            = string
    permissions_boundary = string # null: none
    region               = string
    retention_days       = number
    role_path            = string
    runbook_url          = string
    secret_readers       = list(string)
    webhook_network      = object({ security_group_ids = set(string), subnet_ids = set(string) }) # null: none
    package = object({
      architecture  = string
      runtime       = string
      s3_bucket     = string
      s3_key        = string
      sha256_base64 = string
    })
    callback_table     = object({ arn = string, name = string })
    orders_table       = object({ arn = string, name = string })
    execution_arns     = list(string)
    state_machine_arns = list(string)
    api = object({
      base_url             = string # no trailing slash; external URLs are "${base_url}/externalCallback/TYPE"
      callback_resource_id = string # of /externalCallback
      execution_arn        = string # arn:aws:execute-api:REGION:ACCOUNT:API, no trailing slash
      fingerprint          = string # of all that the platform itself puts in the API; for api-release
      id                   = string
      request_validator_id = string
      stage_name           = string
    })
    external_callback = object({ function_name = string, invoke_arn = string })
    oauth2 = object({
      authorizer_id = string
      scopes        = map(string) # task type => scope
      token_url     = string
      user_pool_id  = string
    })
    operate      = object({ role_arn = string, role_name = string }) # who may send again what a webhook's dead-letter queue has
    report_queue = object({ arn = string, url = string })
    table_access = map(object({ # read_registrations, read_status, register
      actions    = list(string)
      resources  = list(string)
      conditions = list(object({ test = string, values = list(string), variable = string }))
    }))
  })
  nullable = false
}

variable "schemas" {
  description = "Live contract versions: v1, v2, ... => JSON texts of schemas/TYPE/vN/callback.schema.json, which a callback has to meet, and of request.schema.json, of the data that partners receive."
  type = map(object({
    callback = string
    request  = string
  }))
  nullable = false

  validation {
    condition     = contains(keys(var.schemas), "v1") && alltrue([for version in keys(var.schemas) : can(regex("^v[1-9][0-9]?$", version))])
    error_message = "Name contract versions v1, v2 and so on up to v99, v1 among them."
  }

  validation {
    condition     = alltrue([for schema in values(var.schemas) : try(jsondecode(schema.request).type == "object", false)])
    error_message = "Pass each request schema as JSON text with \"type\": \"object\" at its top."
  }

  validation {
    condition     = alltrue([for schema in values(var.schemas) : try(jsondecode(schema.callback).properties.task_type.enum == [var.task_type], false)])
    error_message = "Pass each callback schema as `make docs` composes it: schemas/TYPE/vN/callback.schema.json, of this task type."
  }
}

variable "settings" {
  description = "What the channel's channel.json says: schemas/channel.schema.json describes each setting, and has the default of what is omitted."
  type = object({
    alarms = optional(object({
      failure_hours       = optional(number)
      failure_minimum     = optional(number)
      failure_percent     = optional(number)
      oldest_wait_percent = optional(number)
    }))
    auth                 = optional(string)
    enabled              = optional(bool)
    heartbeat_seconds    = optional(number)
    max_output_bytes     = optional(number)
    message_version      = optional(string)
    payload_event_key    = string
    require_callback_id  = optional(bool)
    reserved_concurrency = optional(number)
    retry = optional(object({
      backoff_rate      = optional(number)
      interval_seconds  = optional(number)
      max_attempts      = optional(number)
      max_delay_seconds = optional(number)
    }))
    throttle        = optional(object({ burst_limit = number, rate_limit = number }))
    timeout_seconds = number
  })
  nullable = false

  validation {
    condition     = var.settings.heartbeat_seconds == null || try(var.settings.heartbeat_seconds < var.settings.timeout_seconds, false)
    error_message = "Set heartbeat_seconds below timeout_seconds, or omit it."
  }

  validation {
    condition     = var.settings.message_version == null || try(contains(keys(var.schemas), var.settings.message_version), false)
    error_message = "Set message_version to a live contract version, one of ${join(", ", keys(var.schemas))}."
  }

  validation {
    condition     = var.settings.throttle == null || try(var.settings.throttle.burst_limit >= 1 && var.settings.throttle.rate_limit > 0, false)
    error_message = "Set throttle.burst_limit to 1 or more and throttle.rate_limit above 0, or omit throttle."
  }
}

variable "task_type" {
  description = "Task type of the channel, in UPPER_SNAKE_CASE."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.task_type) <= 40 && can(regex("^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$", var.task_type))
    error_message = "Name the task type in UPPER_SNAKE_CASE with at most 40 characters, such as ORDER_SHIPPING_SERVICE."
  }
}
