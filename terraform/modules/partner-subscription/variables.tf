variable "alarm_topic_arns" {
  description = "SNS topics that alarms notify, on ALARM and on OK."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "Give alarm_topic_arns as ARNs of standard SNS topics, such as arn:aws:sns:eu-west-1:222222222222:alarms."
  }
}

variable "callback_role_arn" {
  description = "ARN of the callback role in the platform's account, as the platform's team gave it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.callback_role_arn))
    error_message = "Set callback_role_arn to the role ARN that the platform's team gave you: arn:aws:iam::ACCOUNT:role/NAME."
  }
}

variable "filter_policy" {
  description = "JSON of an SNS filter policy over the message attributes task_type and order_id; null takes every message."
  type        = string
  default     = null

  validation {
    condition     = var.filter_policy == null || can(keys(jsondecode(var.filter_policy)))
    error_message = "Set filter_policy to the JSON of an object, such as jsonencode({ order_id = [{ prefix = \"EU-\" }] }), or to null."
  }
}

variable "max_receive_count" {
  description = "How often the service may receive a message without deleting it, before the message goes to the dead-letter queue."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 1 && var.max_receive_count <= 1000
    error_message = "Set max_receive_count from 1 to 1000."
  }
}

variable "name" {
  description = "Name of the queue, and the start of every other name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,76}$", var.name))
    error_message = "Set name to at most 76 letters, digits, hyphens and underscores."
  }
}


variable "raw_message_delivery" {
  description = "True: a queue message's body is the CloudEvent. False: it is SNS's envelope, with the CloudEvent as text in Message."
  type        = bool
  default     = true
  nullable    = false
}

variable "runbook_url" {
  description = "Where the pages of docs/runbook are published, without a trailing slash: each alarm's description ends with the address of its page."
  type        = string
  default     = "docs/runbook"
  nullable    = false

  validation {
    condition     = can(regex("^[!-~]{0,199}[!-.0-~]$", var.runbook_url))
    error_message = "runbook_url must be the address of docs/runbook, at most 200 characters without spaces, and without a slash at its end."
  }
}

variable "topic_arn" {
  description = "ARN of the channel's topic, as the platform's team gave it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.topic_arn))
    error_message = "Set topic_arn to the topic ARN that the platform's team gave you: arn:aws:sns:REGION:ACCOUNT:NAME."
  }
}

variable "visibility_timeout_seconds" {
  description = "How long a received message is hidden from other receivers, in seconds: longer than the work on it takes."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.visibility_timeout_seconds >= 1 && var.visibility_timeout_seconds <= 43200
    error_message = "Set visibility_timeout_seconds from 1 to 43200 (12 hours); for longer work, delete the message once the work is on record."
  }
}
