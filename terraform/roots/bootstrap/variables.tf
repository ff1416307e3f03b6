variable "account_id" {
  description = "The account that is prepared: credentials of any other are refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be an AWS account id of 12 digits, in quotes."
  }
}

variable "api_gateway_account" {
  description = "Whether to set the role by which API Gateway logs. There is one for an account and region: false where another stack has set it."
  type        = bool
  default     = true
  nullable    = false
}

variable "deploy_role" {
  description = "A role that applies the platform with this name_prefix and nothing else, for the roles in trusted_arns to assume, and a boundary for all roles that it makes; null: none. role_path must be the platform's."
  type = object({
    name_prefix  = string
    trusted_arns = set(string)
  })
  default = null
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

variable "region" {
  description = "Region of the state bucket and of the API Gateway account settings."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region, such as eu-west-1."
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

variable "tags" {
  description = "Tags of every resource, besides the project's own."
  type        = map(string)
  default     = {}
  nullable    = false
}
