variable "package" {
  description = "The functions' package, as `make package` describes it in dist/ARCH/package.tfvars.json, with path from the repository's top."
  type = object({
    architecture  = string
    path          = string
    runtime       = string
    sha256_base64 = string
  })
  nullable = false
}

variable "region" {
  description = "The platform's region."
  type        = string
  default     = "eu-west-1"
  nullable    = false
}
