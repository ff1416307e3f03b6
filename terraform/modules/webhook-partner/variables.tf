variable "clients" {
  description = "Generations of the partner's OAuth2 client that are valid: one, and a second while its credentials are rotated."
  type        = set(number)
  default     = [1]
  nullable    = false

  validation {
    condition     = contains([1, 2], length(var.clients)) && alltrue([for generation in var.clients : generation >= 1 && floor(generation) == generation])
    error_message = "Give clients one whole number from 1, such as [1], or two while credentials are rotated, such as [1, 2]."
  }
}

variable "max_concurrency" {
  description = "Messages that are brought to the partner at the same time, at most. All partners share the account's concurrent executions: 5 each, for 200 partners, is the 1,000 that an account starts with."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.max_concurrency >= 2 && var.max_concurrency <= 1000 && floor(var.max_concurrency) == var.max_concurrency
    error_message = "Set max_concurrency to a whole number from 2 to 1000, as Lambda's event sources have it."
  }
}

variable "partner" {
  description = "Name of the partner, at most 20 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.partner))
    error_message = "Name the partner with at most 20 lower-case letters, digits and hyphens, a letter first."
  }

  validation {
    condition     = length("${var.platform.name_prefix}-${var.task_type}-${var.partner}") <= 64
    error_message = "Shorten the partner's name \"${var.partner}\", the task type or the name prefix by ${length("${var.platform.name_prefix}-${var.task_type}-${var.partner}") - 64} characters in all: the three, joined by two hyphens, are a function's and a role's name, and AWS takes 64."
  }
}

variable "partners" {
  description = "How many partners the channel has: only where there is one does an endpoint that takes no work fail the task."
  type        = number
  nullable    = false

  validation {
    condition     = var.partners >= 1 && floor(var.partners) == var.partners
    error_message = "Set partners to the number of the channel's partners, this one included."
  }
}

variable "platform" {
  description = "The platform that this belongs to: the output `platform` of modules/platform, or these attributes of it."
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
    callback_table = object({ arn = string, name = string })
    oauth2 = object({
      scopes       = map(string) # task type => scope
      token_url    = string
      user_pool_id = string
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

variable "task_type" {
  description = "Task type of the channel, in UPPER_SNAKE_CASE."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "ARN of the channel's topic."
  type        = string
  nullable    = false
}

variable "webhook_url" {
  description = "Where messages are posted: https:// with the name of a public host, on port 443 or 8443, or http:// to a loopback address in the environment local."
  type        = string
  nullable    = false

  validation {
    condition = length(var.webhook_url) <= 2048 && can(regex(join("|", concat(
      ["^https://([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9](:(443|8443))?([/?][!-\"$-~]*)?$"],
      var.platform.environment == "local" ? ["^http://127\\.[0-9]+\\.[0-9]+\\.[0-9]+(:[0-9]{1,5})?([/?][!-\"$-~]*)?$"] : [],
    )), var.webhook_url))
    error_message = "Give ${var.partner} a webhook_url that starts with https:// and the full name of a host, not an address, with no port but 443 or 8443, and without user name, password, fragment or spaces. Only the environment local takes http://, to a loopback address such as http://127.0.0.1:8080/tasks."
  }

  # Names that are resolved within a network; the function checks what a name resolves to.
  validation {
    condition     = !can(regex("^https://[^/?:]*\\.(home\\.arpa|corp|home|internal|intranet|lan|local|localdomain|localhost|private)([:/?]|$)", lower(var.webhook_url)))
    error_message = "Give ${var.partner} a webhook_url with the name of a public host: names such as .internal, .local and .localhost are of a private network."
  }
}
