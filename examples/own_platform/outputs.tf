output "order_review" {
  description = "What the partner without AWS needs to know: where to get a token, its scope, and the ARNs of its secrets."
  value       = module.order_review.oauth2
}

output "order_shipping" {
  description = "What the partner with AWS needs to know: the topic to subscribe to, and the role to assume."
  value = {
    callback_roles = module.order_shipping.callback_roles
    topic_arn      = module.order_shipping.topic_arn
  }
}

output "workflow_arn" {
  description = "ARN of the state machine, to start executions of."
  value       = module.ship_order.arn
}
