variable "definition" {
  description = "The workflow in Amazon States Language, placeholders filled in. Each Task state has TimeoutSeconds. The role may invoke the functions that it names by ARN."
  type        = string
  nullable    = false

  validation {
    condition = alltrue([
      for state in values(try(jsondecode(var.definition).States, { none = { Type = "Task" } })) :
      state.Type != "Task" || can(state.TimeoutSeconds) || can(state.TimeoutSecondsPath)
    ])
    error_message = "definition must be JSON whose States of type Task have TimeoutSeconds: without it a task waits for up to a year."
  }
}

variable "failure_alarm" {
  description = "When the workflow's executions raise an alarm: at least `minimum` of those that ended within `hours` did so without success, and at least `percent` of them."
  type = object({
    hours   = optional(number, 1)
    minimum = optional(number, 5)
    percent = optional(number, 50)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.failure_alarm) : value >= 1 && floor(value) == value]) && var.failure_alarm.hours <= 24 && var.failure_alarm.percent <= 100
    error_message = "failure_alarm takes whole numbers from 1: hours up to 24, as CloudWatch's alarms do, and percent up to 100."
  }
}

variable "kms_via_services" {
  description = "Services whose data the workflow itself reads or writes under the platform's key."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.kms_via_services : contains(["dynamodb", "sns", "sqs"], service)])
    error_message = "kms_via_services may hold dynamodb, sns and sqs: remove the others."
  }
}

variable "name" {
  description = "Name of the workflow, without the platform's prefix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.name)) && length("${var.platform.name_prefix}-${var.name}") <= 64
    error_message = "name must hold lower-case letters, digits and hyphens, start with a letter, and with the prefix have at most 64 characters, as roles do: shorten it."
  }

  validation {
    condition     = length([for arn in var.platform.state_machine_arns : arn if endswith(arn, ":stateMachine:${var.platform.name_prefix}-${var.name}")]) == 1
    error_message = "name must be one of the platform's workflow_names: add it there, or no callback could resume this workflow."
  }
}

variable "permissions" {
  description = "What the workflow may do besides invoking its functions: statement ID => actions on exact resources."
  type = map(object({
    actions   = list(string)
    resources = list(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue(flatten([for statement in var.permissions : [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))]]))
    error_message = "Each action must be named in full, such as dynamodb:UpdateItem: replace wildcards by the actions that the workflow calls."
  }

  validation {
    condition     = alltrue([for id in keys(var.permissions) : can(regex("^[A-Za-z0-9]+$", id))])
    error_message = "Statement IDs in permissions must be alphanumeric: remove other characters from the keys."
  }
}

variable "platform" {
  description = "The platform that the workflow belongs to: the output `platform` of modules/platform, or these attributes of it."
  type = object({
    alarm_actions        = list(string)
    kms_key_arn          = string
    log_retention_days   = number
    name_prefix          = string
    permissions_boundary = string
    region               = string
    role_path            = string
    runbook_url          = string
    state_machine_arns   = list(string)
  })
  nullable = false
}
