output "permissions_boundary" {
  description = "ARN of the policy that bounds every role: permissions_boundary of the platform."
  value       = aws_iam_policy.boundary.arn
}

output "role_arn" {
  description = "ARN of the role that applies the platform: one of its secret_readers."
  value       = aws_iam_role.deploy.arn
}
