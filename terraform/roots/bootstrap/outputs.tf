output "deploy_role" {
  description = "role_arn and permissions_boundary of the role that applies the platform, or null."
  value       = one(module.deploy_role)
}

output "state_bucket" {
  description = "Bucket that the roots' envs/ENV.s3.tfbackend name."
  value       = aws_s3_bucket.state.bucket
}

output "state_key_arn" {
  description = "ARN of the key that encrypts the states: whoever applies needs kms:Decrypt and kms:GenerateDataKey on it."
  value       = aws_kms_key.state.arn
}
