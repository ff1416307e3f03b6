output "subscriptions" {
  description = "Task type => what its service needs: queue to poll, role to assume, policy to attach to its own role."
  value = { for task_type, subscription in module.partner_subscription : task_type => {
    callback_role_arn  = subscription.callback_role_arn
    dlq_arn            = subscription.dlq_arn
    dlq_url            = subscription.dlq_url
    queue_arn          = subscription.queue_arn
    queue_url          = subscription.queue_url
    service_policy_arn = subscription.service_policy_arn
  } }
}
