output "client_ids" {
  description = "Ids of the partner's OAuth2 clients, the oldest first."
  value       = [for generation in sort([for generation in var.clients : format("%09d", generation)]) : aws_cognito_user_pool_client.this[tostring(tonumber(generation))].id]
}

output "client_secret_arn" {
  description = "ARN of the secret with the newest client: client_id, client_secret, scope and token_url."
  value       = aws_secretsmanager_secret.client.arn
}

output "dead_letter_queue_url" {
  description = "Queue of messages that could not be brought to the partner."
  value       = aws_sqs_queue.dead_letter.url
}

output "reporter" {
  description = "Id of the role of the partner's function: reports from it are for this channel."
  value       = module.deliver_webhook.role_id
}

output "queue_url" {
  description = "Queue of messages that wait to be brought to the partner."
  value       = aws_sqs_queue.this.url
}

output "signing_secret_arn" {
  description = "ARN of the secret with the webhook's signing secrets: current, and previous while one is rotated."
  value       = aws_secretsmanager_secret.signing.arn
}
