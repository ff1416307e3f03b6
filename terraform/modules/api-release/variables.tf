variable "api_resource_quota" {
  description = "The account's quota \"Resources per API\" of API Gateway: a plan that needs more says so."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.api_resource_quota >= 300
    error_message = "Set api_resource_quota to what Service Quotas shows as \"Resources per API\", 300 or more, or leave it out."
  }
}

variable "channels" {
  description = "What is released: task type => the output `release` of modules/callback-channel. routes are its paths, throttles their methods' own limits, by method path."
  type = map(object({
    fingerprint = string
    routes      = list(string)
    throttles = map(object({
      burst_limit = number
      rate_limit  = number
    }))
  }))
  nullable = false

  validation {
    condition     = length(var.channels) > 0
    error_message = "channels must hold at least one channel: API Gateway deploys no API without methods."
  }

  validation {
    condition     = alltrue(flatten([for channel in var.channels : [for path in keys(channel.throttles) : can(regex("^[^/].*/[A-Z]+$", path))]]))
    error_message = "The keys of throttles must be method paths without a leading slash, such as externalCallback/ORDER_SHIPPING_SERVICE/POST."
  }
}

variable "platform" {
  description = "The platform whose API is released: the output `platform` of modules/platform, or these attributes of it."
  type = object({
    alarm_actions      = list(string)
    kms_key_arn        = string
    log_retention_days = number
    metric_namespace   = string
    name_prefix        = string
    runbook_url        = string
    api = object({
      domain_name = string
      fingerprint = string
      id          = string
      name        = string
      stage_name  = string
    })
  })
  nullable = false
}

variable "refusal_thresholds" {
  description = "How many refusals within five minutes raise an alarm: of bad tokens (401), of other credentials and routes (403), of callbacks over the limits (429), of others (any other 4xx)."
  type = object({
    forbidden    = optional(number, 20)
    invalid      = optional(number, 20)
    throttled    = optional(number, 100)
    unauthorized = optional(number, 20)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for threshold in values(var.refusal_thresholds) : threshold >= 1 && floor(threshold) == threshold])
    error_message = "refusal_thresholds must be whole numbers, at least 1."
  }
}

variable "throttling" {
  description = "Limits of each method that has none of its own: requests a second, and the burst above it."
  type = object({
    burst_limit = optional(number, 200)
    rate_limit  = optional(number, 100)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttling.burst_limit >= 1 && var.throttling.rate_limit >= 1
    error_message = "throttling's burst_limit and rate_limit must be at least 1."
  }
}

variable "web_acl_arn" {
  description = "ARN of a regional WAF web ACL that requests have to pass before anything else looks at them; null: none. Price: docs/cost.md."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null ? true : can(regex("^arn:[a-z-]+:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[^/]+/[^/]+$", var.web_acl_arn))
    error_message = "web_acl_arn must be the ARN of a regional web ACL of WAF (wafv2), such as arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/NAME/ID: those for CloudFront are none."
  }
}
