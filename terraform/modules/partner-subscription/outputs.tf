output "callback_role_arn" {
  description = "ARN of the role that the service assumes, with its external id, to call back."
  value       = var.callback_role_arn
}

output "dlq_arn" {
  description = "ARN of the dead-letter queue."
  value       = aws_sqs_queue.dead_letter.arn
}

output "dlq_url" {
  description = "URL of the dead-letter queue."
  value       = aws_sqs_queue.dead_letter.url
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts both queues."
  value       = aws_kms_key.this.arn
}

output "queue_arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.this.arn
}

output "queue_url" {
  description = "URL of the queue that the service polls."
  value       = aws_sqs_queue.this.url
}

output "service_policy_arn" {
  description = "ARN of the policy to attach to the service's role: take messages, decrypt them, assume the callback role."
  value       = aws_iam_policy.service.arn
}

output "subscription_arn" {
  description = "ARN of the subscription."
  value       = aws_sns_topic_subscription.this.arn
}
