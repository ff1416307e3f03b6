terraform {
  required_version = ">= 1.11"

  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

variable "name" {
  description = "Name of the environment whose tfvars are read."
  type        = string
}

output "settings" {
  description = "Content of envs/NAME.tfvars."
  value       = provider::terraform::decode_tfvars(file("${path.module}/../../envs/${var.name}.tfvars"))
}
