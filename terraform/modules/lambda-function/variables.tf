variable "description" {
  description = "What the function does, in a sentence."
  type        = string
  default     = null
}

variable "environment_variables" {
  description = "The function's own environment variables. ENVIRONMENT and the POWERTOOLS_* ones are added."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.environment_variables), ["ENVIRONMENT", "POWERTOOLS_LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"])) == 0
    error_message = "ENVIRONMENT, POWERTOOLS_LOG_LEVEL, POWERTOOLS_METRICS_NAMESPACE and POWERTOOLS_SERVICE_NAME are set by the module: leave them out of environment_variables."
  }
}

variable "expected_errors" {
  description = "Metrics in which the function counts what it raises on purpose, and their dimensions: these errors raise no alarm. null: all errors do."
  type = object({
    dimensions = map(string)
    metrics    = set(string)
  })
  default = null

  validation {
    condition     = try(length(var.expected_errors.metrics), 1) >= 1 && try(length(var.expected_errors.metrics), 1) <= 9
    error_message = "Give expected_errors 1 to 9 metrics, or leave it out: an alarm takes 10 metrics."
  }
}

variable "function" {
  description = "The function's folder below lambdas/functions."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]*$", var.function))
    error_message = "function must be the name of a folder below lambdas/functions, such as sns_callback: use lower-case letters, digits and underscores."
  }
}

variable "kms_via_services" {
  description = "Services whose data the function reads or writes under the platform's key, such as dynamodb or sns."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.kms_via_services : contains(["dynamodb", "secretsmanager", "sns", "sqs", "states"], service)])
    error_message = "kms_via_services may hold dynamodb, secretsmanager, sns, sqs and states: remove the others."
  }
}

variable "memory_mb" {
  description = "Memory in MB; Lambda gives CPU in proportion."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 10240."
  }
}

variable "name" {
  description = "Name of the function, of its role and of its log group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name must have 1 to 64 letters, digits, hyphens and underscores, as functions and roles do: shorten name_prefix or the task type."
  }
}

variable "network" {
  description = "Subnets of a VPC, and security groups, in which the function runs; null: none."
  type = object({
    security_group_ids = set(string)
    subnet_ids         = set(string)
  })
  default = null
}

variable "permissions" {
  description = "What the function may do: statement ID => actions on exact resources, with optional conditions."
  type = map(object({
    actions   = list(string)
    resources = list(string)
    conditions = optional(list(object({
      test     = string
      values   = list(string)
      variable = string
    })), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue(flatten([for statement in var.permissions : [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))]]))
    error_message = "Each action must be named in full, such as dynamodb:GetItem: replace wildcards by the actions that the function calls."
  }

  validation {
    condition     = alltrue([for id in keys(var.permissions) : can(regex("^[A-Za-z0-9]+$", id))])
    error_message = "Statement IDs in permissions must be alphanumeric: remove other characters from the keys."
  }
}

variable "platform" {
  description = "The platform that the function belongs to: the output `platform` of modules/platform, or these attributes of it."
  type = object({
    account_id           = string
    alarm_actions        = list(string)
    code_signing_config  = string # null: none
    environment          = string
    kms_key_arn          = string
    log_level            = string
    log_retention_days   = number
    metric_namespace     = string
    partition            = string
    permissions_boundary = string
    region               = string
    role_path            = string
    runbook_url          = string
    package = object({
      architecture  = string
      runtime       = string
      s3_bucket     = string
      s3_key        = string
      sha256_base64 = string
    })
  })
  nullable = false
}

variable "reserved_concurrency" {
  description = "Concurrent executions kept for the function, which are also its limit; null: the account's shared pool."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 1
    error_message = "reserved_concurrency must be at least 1, or null to use the account's shared pool."
  }
}

variable "retried" {
  description = "True where what starts the function does so again within minutes: an error raises an alarm only if there are others in each of three five minutes running."
  type        = bool
  default     = false
  nullable    = false
}

variable "timeout_seconds" {
  description = "Time after which Lambda stops an invocation."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be from 1 to 900."
  }
}
