output "arn" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "log_group_name" {
  description = "Log group of the executions, without their data."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Name of the state machine."
  value       = aws_sfn_state_machine.this.name
}

output "role_arn" {
  description = "ARN of the workflow's role."
  value       = aws_iam_role.this.arn
}
