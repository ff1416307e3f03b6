variable "account_id" {
  description = "The partner's AWS account; Terraform refuses credentials of any other."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Set account_id to the account's 12 digits."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that alarms notify, on ALARM and on OK."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "environment" {
  description = "Environment: local, dev or prod."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["local", "dev", "prod"], var.environment)
    error_message = "Set environment to local, dev or prod."
  }
}

variable "name_prefix" {
  description = "Start of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name_prefix) <= 20 && can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name_prefix))
    error_message = "Set name_prefix to at most 20 lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "region" {
  description = "Region of the partner's queues."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Set region to an AWS region, such as eu-west-1."
  }
}

variable "runbook_url" {
  description = "Where the pages of docs/runbook are published, without a trailing slash: each alarm's description ends with the address of its page."
  type        = string
  default     = "docs/runbook"
  nullable    = false
}

variable "subscriptions" {
  description = "Task type => what the platform's team gave for its channel, and how to take its messages."
  type = map(object({
    callback_role_arn          = string
    filter_policy              = optional(string)
    raw_message_delivery       = optional(bool, true)
    topic_arn                  = string
    visibility_timeout_seconds = optional(number, 300)
  }))
  nullable = false

  validation {
    condition     = alltrue([for task_type in keys(var.subscriptions) : length(task_type) <= 40 && can(regex("^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$", task_type))])
    error_message = "Name each subscription by its task type, such as ORDER_SHIPPING_SERVICE."
  }
}

variable "tags" {
  description = "Tags of every resource, besides the project's own."
  type        = map(string)
  default     = {}
  nullable    = false
}
