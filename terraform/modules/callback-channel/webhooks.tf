module "webhook_partner" {
  source   = "../webhook-partner"
  for_each = local.webhook_partners

  platform        = var.platform
  task_type       = var.task_type
  partner         = each.key
  partners        = length(local.webhook_partners)
  clients         = each.value.clients
  max_concurrency = each.value.max_concurrency
  topic_arn       = aws_sns_topic.this.arn
  webhook_url     = each.value.webhook_url
}
