variable "account_id" {
  description = "The platform's account: credentials of any other are refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be an AWS account id of 12 digits, in quotes."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that alarms notify, on ALARM and on OK."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "api_resource_quota" {
  description = "The account's quota \"Resources per API\" of API Gateway: a channel is one, and so is each further contract version."
  type        = number
  default     = 300
  nullable    = false
}

variable "code_signing_config" {
  description = "ARN of the code-signing configuration of every function; null: none. With one, the package must be signed: give the signed file and its SHA-256."
  type        = string
  default     = null
}

variable "custom_domain" {
  description = "Domain name of the API and the ARN of its ACM certificate in this region; null: API Gateway's own address."
  type = object({
    certificate_arn = string
    domain_name     = string
  })
  default = null
}

variable "dead_letter_days" {
  description = "Days for which dead letters are kept: outcomes, ended executions, and messages for webhooks. SQS keeps none for more than 14."
  type        = number
  default     = 14
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether tables refuse to be deleted."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.deletion_protection || var.environment == "local"
    error_message = "deletion_protection may be false in the environment local only: leave it out."
  }
}

variable "environment" {
  description = "Name of the environment, of the API's stage, and in the messages' source, /callback-channels/ENVIRONMENT."
  type        = string
  nullable    = false
}

variable "external_callback" {
  description = <<-EOT
    The one function that takes every partner's callbacks: memory_mb, and reserved_concurrency, how many callbacks it works on at once,
    set aside from the account's concurrency, of which 100 must stay unreserved. Leave room above throttling.burst_limit, which is what
    one route may bring at once. -1 sets nothing aside, for an account with a quota too small for that: there, one partner may take what
    the others need. docs/benchmarks.md has what the defaults come from.
  EOT
  type = object({
    memory_mb            = optional(number, 512)
    reserved_concurrency = optional(number, 250)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.external_callback.reserved_concurrency == -1 || var.external_callback.reserved_concurrency > max(var.throttling.burst_limit, [for channel in local.channels : try(channel.throttle.burst_limit, 0)]...)
    error_message = "Set external_callback.reserved_concurrency above the burst_limit of throttling and of every channel's throttle, or lower those: one partner's burst would leave no callback of the others room."
  }
}

variable "held_outcome_minutes" {
  description = "Minutes for which a promised outcome is held, since Step Functions does not take it, before an alarm goes off."
  type        = number
  default     = 60
  nullable    = false
}

variable "log_level" {
  description = "Log level of the functions."
  type        = string
  default     = "INFO"
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 90
  nullable    = false
}

variable "mutual_tls" {
  description = "Certificates that callers must have besides their credentials, on the custom domain: truststore_uri is a PEM file of certificate authorities in S3, truststore_version the object's version; null: none. Price: docs/cost.md."
  type = object({
    truststore_uri     = string
    truststore_version = string
  })
  default = null
}

variable "name_prefix" {
  description = "Start of every resource's name, at most 20 characters."
  type        = string
  nullable    = false
}

variable "oauth2_token_url" {
  description = "Where partners without AWS fetch tokens; null: Cognito's own address. Another is for a local engine."
  type        = string
  default     = null

  validation {
    condition     = var.oauth2_token_url == null || var.environment == "local"
    error_message = "oauth2_token_url may be set in the environment local only: leave it out."
  }
}

variable "order_retention_days" {
  description = "Days for which an order is kept, counted from when a workflow last took it up; one that has not ended is kept all the same. null: for ever."
  type        = number
  default     = null

  validation {
    condition     = var.order_retention_days == null ? true : var.order_retention_days * 24 * 3600 > max(values(local.channels)[*].timeout_seconds...)
    error_message = "order_retention_days must be longer than the longest wait, timeout_seconds in the schemas/TYPE/channel.json: an order would be deleted as it ends."
  }
}

variable "package" {
  description = "The functions' package, as `make package` describes it in dist/ARCH/package.tfvars.json: path from the repository's top, SHA-256 in base64, runtime and architecture."
  type = object({
    architecture  = string
    path          = string
    runtime       = string
    sha256_base64 = string
  })
  nullable = false

  validation {
    condition     = !startswith(var.package.path, "/")
    error_message = "package.path must be relative to the repository's top, such as dist/arm64/lambdas.zip: run make package and pass its manifest with -var-file."
  }
}

variable "partners" {
  description = <<-EOT
    Who does the work, by name: a partner with an AWS account has account_id and external_id, which it assumes its callback roles with;
    a partner without has webhook_url, where messages are posted, and may have clients, the generations of its OAuth2 client that are
    valid (two while its credentials are rotated), and max_concurrency, how many messages are posted at the same time. Any partner may
    have source_ranges, the only addresses that its callbacks come from, in CIDR notation.
  EOT
  type = map(object({
    account_id      = optional(string)
    clients         = optional(set(number), [1])
    external_id     = optional(string)
    max_concurrency = optional(number, 5)
    source_ranges   = optional(set(string), [])
    webhook_url     = optional(string)
  }))
  nullable = false

  validation {
    condition     = alltrue(flatten([for channel in local.channels : [for name in channel.partners : contains(keys(var.partners), name)]]))
    error_message = "Each partner that a schemas/TYPE/channel.json names must be in partners: add it to the environment's tfvars."
  }

  validation {
    condition     = alltrue([for partner in values(var.partners) : (partner.account_id == null) == (partner.external_id == null) && (partner.account_id == null) != (partner.webhook_url == null)])
    error_message = "Give each partner in partners either account_id and external_id, for one with an AWS account, or webhook_url, for one without."
  }

  validation {
    condition     = alltrue([for partner in values(var.partners) : length(partner.external_id) >= 16 && length(partner.external_id) <= 1224 && can(regex("^[A-Za-z0-9_+=,.@:/-]+$", partner.external_id)) if partner.external_id != null])
    error_message = "Give each partner in partners an external_id of 16 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -, for example a UUID."
  }

  validation {
    condition     = length(distinct(compact(values(var.partners)[*].external_id))) == length(compact(values(var.partners)[*].external_id))
    error_message = "Give each partner in partners an external_id of its own, for example a UUID: ${join(", ", [for name, partner in var.partners : name if partner.external_id != null && length([for other in values(var.partners) : other if other.external_id == partner.external_id]) > 1])} share theirs."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role; null: none."
  type        = string
  default     = null
}

variable "public_base_url" {
  description = "Start of the URLs given to partners, without a trailing slash; {api_id} stands for the API's id. null: the custom domain, or else API Gateway's own address."
  type        = string
  default     = null
}

variable "refusal_thresholds" {
  description = "How many refusals by the API within five minutes raise an alarm: of bad tokens (401), of other credentials and routes (403), of callbacks over the limits (429), of others (any other 4xx)."
  type = object({
    forbidden    = optional(number, 20)
    invalid      = optional(number, 20)
    throttled    = optional(number, 100)
    unauthorized = optional(number, 20)
  })
  default  = {}
  nullable = false
}

variable "region" {
  description = "The platform's region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region, such as eu-west-1."
  }
}

variable "retention_days" {
  description = "Days for which the record of a closed callback task is kept."
  type        = number
  default     = 90
  nullable    = false
}

variable "role_path" {
  description = "Path of every role."
  type        = string
  default     = "/"
  nullable    = false
}

variable "runbook_url" {
  description = "Where the pages of docs/runbook are published, without a trailing slash: each alarm's description ends with the address of its page."
  type        = string
  default     = "docs/runbook"
  nullable    = false
}

variable "scope_send_task" {
  description = "Whether the functions may send task results to the platform's state machines only."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.scope_send_task || var.environment == "local"
    error_message = "scope_send_task may be false in the environment local only, whose engine cannot evaluate it: leave it out."
  }
}

variable "secret_readers" {
  description = "ARNs, with wildcards if need be, of the roles that read the secrets of partners without AWS: who applies this, since Terraform reads a secret back, and who hands them over."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource, besides the project's own."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "throttling" {
  description = "Limits of each callback route that has none of its own: requests a second, and the burst above it."
  type = object({
    burst_limit = optional(number, 200)
    rate_limit  = optional(number, 100)
  })
  default  = {}
  nullable = false
}

variable "web_acl_arn" {
  description = "ARN of a regional WAF web ACL that requests have to pass before anything else looks at them; null: none. Price: docs/cost.md."
  type        = string
  default     = null
}

variable "webhook_base_url" {
  description = "Start of the webhook URLs that partners give as a path, such as /sentinel-review; null: partners give whole URLs."
  type        = string
  default     = null

  validation {
    condition     = var.webhook_base_url == null || var.environment == "local"
    error_message = "webhook_base_url may be set in the environment local only: leave it out, and give whole URLs in partners."
  }
}

variable "webhook_network" {
  description = "Subnets of a VPC, and security groups, in which deliver_webhook runs, so that webhooks are called from the fixed addresses of the subnets' NAT gateways; null: from Lambda's own. The subnets need a way to DynamoDB, SQS, Secrets Manager, X-Ray and the Internet. Price: docs/cost.md."
  type = object({
    security_group_ids = set(string)
    subnet_ids         = set(string)
  })
  default = null
}
