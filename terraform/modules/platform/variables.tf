variable "alarm_topic_arns" {
  description = "SNS topics that alarms notify, on ALARM and on OK."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "alarm_topic_arns must be ARNs of standard SNS topics, such as arn:aws:sns:eu-west-1:111111111111:alarms."
  }
}

variable "code_signing_config" {
  description = "ARN of the code-signing configuration of every function; null: none. With one, the package must be signed: give the signed file and its SHA-256."
  type        = string
  default     = null

  validation {
    condition     = var.code_signing_config == null ? true : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}$", var.code_signing_config))
    error_message = "code_signing_config must be the ARN of a code-signing configuration of Lambda in this region, or null."
  }
}

variable "custom_domain" {
  description = "Domain name of the API and the ARN of its ACM certificate in this region; null: API Gateway's own address, which a custom domain switches off."
  type = object({
    certificate_arn = string
    domain_name     = string
  })
  default = null

  validation {
    condition     = var.custom_domain == null ? true : can(regex("^arn:[a-z-]+:acm:", var.custom_domain.certificate_arn)) && can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.custom_domain.domain_name))
    error_message = "custom_domain must have domain_name, such as callbacks.example.com, and certificate_arn, the ARN of an ACM certificate for it in this region."
  }
}

variable "dead_letter_days" {
  description = "Days for which dead letters are kept: outcomes, ended executions, and messages for webhooks. SQS keeps none for more than 14."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.dead_letter_days >= 1 && var.dead_letter_days <= 14 && floor(var.dead_letter_days) == var.dead_letter_days
    error_message = "dead_letter_days must be a whole number of days from 1 to 14: SQS keeps no message for longer."
  }
}

variable "deletion_protection" {
  description = "Whether tables refuse to be deleted; false also lets a destroy empty the packages' bucket."
  type        = bool
  default     = true
  nullable    = false
}

variable "environment" {
  description = "Name of the environment, of the API's stage, and in the messages' source, /callback-channels/ENVIRONMENT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*$", var.environment))
    error_message = "environment must start with a lower-case letter and hold lower-case letters, digits and hyphens, such as dev."
  }
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
    condition     = var.external_callback.memory_mb >= 256 && var.external_callback.memory_mb <= 10240 && floor(var.external_callback.memory_mb) == var.external_callback.memory_mb
    error_message = "external_callback.memory_mb must be a whole number from 256 to 10240: with less, the worst callback of one partner takes seconds."
  }

  validation {
    condition     = (var.external_callback.reserved_concurrency == -1 || var.external_callback.reserved_concurrency >= 1) && floor(var.external_callback.reserved_concurrency) == var.external_callback.reserved_concurrency
    error_message = "external_callback.reserved_concurrency must be a whole number of 1 or more, at least 100 below the account's quota \"Concurrent executions\", or -1 to set nothing aside."
  }
}

variable "held_outcome_minutes" {
  description = "Minutes for which a promised outcome is held, since Step Functions does not take it, before an alarm goes off."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.held_outcome_minutes >= 1 && floor(var.held_outcome_minutes) == var.held_outcome_minutes
    error_message = "held_outcome_minutes must be a whole number of minutes, at least 1."
  }
}

variable "log_level" {
  description = "Log level of the functions."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, or 3 to 10 years as 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "mutual_tls" {
  description = "Certificates that callers must have besides their credentials, on the custom domain: truststore_uri is a PEM file of certificate authorities in S3, truststore_version the object's version; null: none. Price: docs/cost.md."
  type = object({
    truststore_uri     = string
    truststore_version = string
  })
  default = null

  validation {
    condition     = var.mutual_tls == null ? true : can(regex("^s3://[a-z0-9.-]+/.+$", var.mutual_tls.truststore_uri))
    error_message = "mutual_tls.truststore_uri must be the S3 URI of a PEM file, such as s3://truststores/partners.pem."
  }

  validation {
    condition     = var.mutual_tls == null || var.custom_domain != null
    error_message = "mutual_tls needs custom_domain: API Gateway asks for certificates on a domain of one's own only."
  }
}

variable "name_prefix" {
  description = "Start of every resource's name, at most 20 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must have 2 to 20 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen, such as callbacks-dev: names built from it are limited to 64 characters."
  }
}

variable "oauth2_clients" {
  description = "Channels with auth OAUTH2: task type => how many app clients it has. Each channel gets a scope of its own."
  type        = map(number)
  default     = {}
  nullable    = false
}

variable "oauth2_token_url" {
  description = "Where partners without AWS fetch tokens; null: Cognito's own address. Another is for a local engine."
  type        = string
  default     = null

  validation {
    condition     = var.oauth2_token_url == null ? true : can(regex("^https?://[^/]+/oauth2/token$", var.oauth2_token_url))
    error_message = "oauth2_token_url must be a URL that ends in /oauth2/token, or null."
  }
}

variable "order_retention_days" {
  description = "Days for which an order is kept, counted from when a workflow last took it up; one that has not ended is kept all the same. null: for ever."
  type        = number
  default     = null

  validation {
    condition     = var.order_retention_days == null ? true : var.order_retention_days >= 1 && floor(var.order_retention_days) == var.order_retention_days
    error_message = "order_retention_days must be a whole number of days, at least 1, or null."
  }
}

variable "package" {
  description = "The functions' package, as `make package` describes it: path as seen from the root module, SHA-256 in base64, runtime and architecture."
  type = object({
    architecture  = string
    path          = string
    runtime       = string
    sha256_base64 = string
  })
  nullable = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.package.architecture)
    error_message = "package.architecture must be arm64 or x86_64: build the package with make package ARCH=arm64."
  }

  validation {
    condition     = can(regex("^python3\\.[0-9]+$", var.package.runtime))
    error_message = "package.runtime must be a Python runtime of Lambda, such as python3.13."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.sha256_base64))
    error_message = "package.sha256_base64 must be a SHA-256 in base64: take it from the package's manifest."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of an IAM policy, or null."
  }
}

variable "problems" {
  description = "The kinds of errors that the API responds with: the content of lambdas/callbacks/runtime/problems.json, which the functions read."
  type = object({
    kinds = map(object({
      retry_after_seconds = optional(number)
      status              = number
      title               = string
    }))
    type_prefix = string
  })
  nullable = false

  validation {
    condition     = length(setsubtract(values(local.gateway_responses)[*].problem, keys(var.problems.kinds))) == 0
    error_message = "problems lacks ${join(", ", setsubtract(values(local.gateway_responses)[*].problem, keys(var.problems.kinds)))}: give it the whole of lambdas/callbacks/runtime/problems.json."
  }
}

variable "public_base_url" {
  description = "Start of the URLs given to partners, without a trailing slash; {api_id} stands for the API's id. null: the custom domain, or else API Gateway's own address."
  type        = string
  default     = null

  validation {
    condition     = var.public_base_url == null ? true : can(regex("^https?://[^/].*[^/]$", var.public_base_url))
    error_message = "public_base_url must start with https:// (http:// for a local engine) and have no trailing slash."
  }
}

variable "retention_days" {
  description = "Days for which the record of a closed callback task is kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of days, at least 1."
  }
}

variable "role_path" {
  description = "Path of every role."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([A-Za-z0-9+=,.@_-]+/)*$", var.role_path))
    error_message = "role_path must start and end with a slash, such as /platform/."
  }
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

variable "scope_send_task" {
  description = "Whether the functions may send task results to the platform's state machines only. false is for a local engine that cannot evaluate it."
  type        = bool
  default     = true
  nullable    = false
}

variable "secret_readers" {
  description = "ARNs, with wildcards if need be, of the roles that read the secrets of partners without AWS, besides each signing secret's function: who applies this, since Terraform reads a secret back, and who hands them over."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_readers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(root|(role|user)/.*[^*/].*)$", arn))])
    error_message = "secret_readers must be ARNs of IAM roles or users, such as arn:aws:iam::111111111111:role/deploy, or with wildcards but not for all of them."
  }
}

variable "webhook_network" {
  description = "Subnets of a VPC, and security groups, in which deliver_webhook runs, so that webhooks are called from the fixed addresses of the subnets' NAT gateways; null: from Lambda's own. The subnets need a way to DynamoDB, SQS, Secrets Manager, X-Ray and the Internet. Price: docs/cost.md."
  type = object({
    security_group_ids = set(string)
    subnet_ids         = set(string)
  })
  default = null

  validation {
    condition     = var.webhook_network == null ? true : length(var.webhook_network.subnet_ids) > 0 && length(var.webhook_network.security_group_ids) > 0 && alltrue([for id in var.webhook_network.subnet_ids : startswith(id, "subnet-")]) && alltrue([for id in var.webhook_network.security_group_ids : startswith(id, "sg-")])
    error_message = "webhook_network must have at least one of subnet_ids (subnet-...), in several availability zones if it can be, and one of security_group_ids (sg-...)."
  }
}

variable "workflow_names" {
  description = "Names of the platform's workflows, without the prefix: their executions alone may be resumed by callbacks."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.workflow_names) > 0 && alltrue([for name in var.workflow_names : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "workflow_names must hold at least one name of lower-case letters, digits and hyphens, such as order-processing."
  }
}
