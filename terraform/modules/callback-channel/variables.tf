variable "auth" {
  description = "How partners authenticate: AWS_IAM is a callback role that they assume and SigV4, OAUTH2 a client-credentials token with the channel's scope."
  type        = string
  default     = "AWS_IAM"
  nullable    = false

  validation {
    condition     = contains(["AWS_IAM", "OAUTH2"], var.auth)
    error_message = "Set auth to AWS_IAM for partners with an AWS account, or to OAUTH2 for partners without."
  }
}

variable "enabled" {
  description = "False refuses new tasks and answers within a minute, and leaves everything in place."
  type        = bool
  default     = true
  nullable    = false
}

variable "envelope" {
  description = "JSON Schema (draft-04) of a callback, the same for all channels: the content of schemas/callback.schema.json."
  type        = string
  nullable    = false

  validation {
    condition = (
      try(length(setsubtract(
        ["order_id", "task_type", "task_status", "task_output", "task_error"],
        keys(jsondecode(var.envelope).properties)
      )), 1) == 0
    )
    error_message = "Pass the content of schemas/callback.schema.json: an object schema with the properties order_id, task_type, task_status, task_output and task_error."
  }
}

variable "heartbeat_seconds" {
  description = "Longest silence of a partner at work, in seconds, after which the wait fails; null asks for no heartbeats."
  type        = number
  default     = null

  validation {
    condition     = var.heartbeat_seconds == null || try(var.heartbeat_seconds >= 1 && var.heartbeat_seconds < var.timeout_seconds && floor(var.heartbeat_seconds) == var.heartbeat_seconds, false)
    error_message = "Set heartbeat_seconds to a whole number from 1 up to, not including, timeout_seconds, or to null."
  }
}

variable "max_output_bytes" {
  description = "Largest task_output, in bytes of JSON. A workflow carries 262,144 bytes in all, and an overrun there cannot be caught."
  type        = number
  default     = 65536
  nullable    = false

  validation {
    condition     = var.max_output_bytes >= 1 && var.max_output_bytes <= 131072 && floor(var.max_output_bytes) == var.max_output_bytes
    error_message = "Set max_output_bytes to a whole number from 1 to 131072; let partners pass a reference to anything larger."
  }
}

variable "message_version" {
  description = "Contract version of the messages that partners receive, one of schemas; answers to every live version are taken."
  type        = string
  default     = "v1"
  nullable    = false

  validation {
    condition     = contains(keys(var.schemas), var.message_version)
    error_message = "Set message_version to a live contract version, one of ${join(", ", keys(var.schemas))}."
  }
}

variable "partners" {
  description = <<-EOT
    Who does the work, by name. With auth AWS_IAM a partner has account_id, its AWS account, and external_id, which it presents when
    it assumes its callback role; it guards against a confused deputy and is no secret. With auth OAUTH2 a partner has webhook_url,
    where messages are posted, and may have clients and max_concurrency, as modules/webhook-partner has them.
  EOT
  type = map(object({
    account_id      = optional(string)
    clients         = optional(set(number), [1])
    external_id     = optional(string)
    max_concurrency = optional(number, 5)
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
      var.auth == "AWS_IAM" ? partner.account_id != null && partner.external_id != null && partner.webhook_url == null : true
    ])
    error_message = "With auth AWS_IAM, give each partner account_id and external_id and no webhook_url. A partner without AWS needs a channel with auth OAUTH2."
  }

  validation {
    condition = alltrue([for partner in values(var.partners) :
      var.auth == "OAUTH2" ? partner.account_id == null && partner.external_id == null && partner.webhook_url != null : true
    ])
    error_message = "With auth OAUTH2, give each partner webhook_url and neither account_id nor external_id. A partner with an AWS account needs a channel with auth AWS_IAM."
  }

  validation {
    condition     = alltrue([for partner in values(var.partners) : can(regex("^[0-9]{12}$", partner.account_id)) if partner.account_id != null])
    error_message = "Give each partner's account_id as a string of 12 digits."
  }

  validation {
    condition     = alltrue([for partner in values(var.partners) : length(partner.external_id) >= 2 && length(partner.external_id) <= 1224 && can(regex("^[A-Za-z0-9_+=,.@:/-]+$", partner.external_id)) if partner.external_id != null])
    error_message = "Give each partner an external_id of 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -, for example a UUID."
  }
}

variable "payload_event_key" {
  description = "Key in the wait state's input that is published to partners."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_-]{0,127}$", var.payload_event_key))
    error_message = "Set payload_event_key to one top-level key of the wait state's input, such as order_contents: letters, digits, _ and - only."
  }
}

variable "platform" {
  description = "The platform that this belongs to: the output `platform` of modules/platform, whole."
  type = object({
    account_id           = string
    alarm_actions        = list(string)
    environment          = string
    kms_key_arn          = string
    log_level            = string
    log_retention_days   = number
    name_prefix          = string
    partition            = string
    permissions_boundary = string # null: none
    region               = string
    retention_days       = number
    role_path            = string
    package = object({
      architecture  = string
      runtime       = string
      s3_bucket     = string
      s3_key        = string
      sha256_base64 = string
    })
    change_tasks = object({
      actions    = list(string)
      resources  = list(string)
      conditions = list(object({ test = string, values = list(string), variable = string }))
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
    read_without_token = object({
      actions    = list(string)
      resources  = list(string)
      conditions = list(object({ test = string, values = list(string), variable = string }))
    })
    redelivery_queue = object({ arn = string, url = string })
  })
  nullable = false
}

variable "require_callback_id" {
  description = "True refuses an answer that does not carry the callback_id of the message that it answers."
  type        = bool
  default     = true
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Concurrent executions set aside for the dispatcher, which also limits it; null shares the account's."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1, false)
    error_message = "Set reserved_concurrency to 1 or more, or to null; to stop a channel, set enabled to false."
  }
}

variable "schemas" {
  description = "Live contract versions: v1, v2, ... => JSON Schemas (draft-04, self-contained) of the data that partners receive and of the task_output that they send."
  type = map(object({
    output  = string
    request = string
  }))
  nullable = false

  validation {
    condition     = contains(keys(var.schemas), "v1") && alltrue([for version in keys(var.schemas) : can(regex("^v[1-9][0-9]?$", version))])
    error_message = "Name contract versions v1, v2 and so on up to v99, v1 among them."
  }

  validation {
    condition = alltrue(flatten([for schema in values(var.schemas) : [
      for json in [schema.output, schema.request] : try(jsondecode(json).type == "object", false)
    ]]))
    error_message = "Pass each schema as JSON text with \"type\": \"object\" at its top."
  }

  validation {
    condition = alltrue(flatten([for schema in values(var.schemas) : [
      for reference in try(regexall("\"\\$ref\":\"([^\"]*)\"", jsonencode(jsondecode(schema.output))), []) :
      startswith(reference[0], "#/definitions/")
    ]]))
    error_message = "In an output schema, let each $ref point below \"#/definitions/\": nothing else resolves once the schema is part of the API's model."
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

variable "throttle" {
  description = "Limit of the channel's own routes, in requests (burst) and requests a second (rate); null leaves them to the stage's."
  type = object({
    burst_limit = number
    rate_limit  = number
  })
  default = null

  validation {
    condition     = var.throttle == null || try(var.throttle.burst_limit >= 1 && var.throttle.rate_limit > 0, false)
    error_message = "Set throttle.burst_limit to 1 or more and throttle.rate_limit above 0, or throttle to null."
  }
}

variable "timeout_seconds" {
  description = "Longest wait for an outcome, in seconds."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 31536000 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "Set timeout_seconds to a whole number from 1 to 31536000 (a year, the longest that an execution lasts)."
  }
}
