output "access_log_group_name" {
  description = "Log group of the stage's access log."
  value       = aws_cloudwatch_log_group.access.name
}

output "deployment_id" {
  description = "The deployment that the stage serves."
  value       = aws_api_gateway_deployment.this.id
}

output "fingerprint" {
  description = "Digest of all that is released: the deployment is made anew when it changes."
  value       = aws_api_gateway_deployment.this.triggers.fingerprint
}

output "stage_arn" {
  description = "ARN of the stage."
  value       = aws_api_gateway_stage.this.arn
}
