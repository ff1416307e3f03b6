variable "account_id" {
  description = "The platform's account."
  type        = string
  nullable    = false
}

variable "name_prefix" {
  description = "The platform's name_prefix: what the role may change has names that start with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be the platform's: 2 to 20 lower-case letters, digits and hyphens, such as callbacks-dev."
  }
}

variable "region" {
  description = "The platform's region."
  type        = string
  nullable    = false
}

variable "role_path" {
  description = "The platform's role_path, which its roles have, and this one too."
  type        = string
  default     = "/"
  nullable    = false
}

variable "state_bucket" {
  description = "Bucket of the Terraform states."
  type        = string
  nullable    = false
}

variable "trusted_arns" {
  description = "ARNs of the roles that may assume this one, such as the pipeline's."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.trusted_arns) > 0 && alltrue([for arn in var.trusted_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", arn))])
    error_message = "trusted_arns must be ARNs of roles, at least one, without wildcards, such as arn:aws:iam::111111111111:role/pipeline."
  }
}
