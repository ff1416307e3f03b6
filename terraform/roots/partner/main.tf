module "partner_subscription" {
  source   = "../../modules/partner-subscription"
  for_each = var.subscriptions

  name                       = "${var.name_prefix}-${replace(lower(each.key), "_", "-")}"
  topic_arn                  = each.value.topic_arn
  callback_role_arn          = each.value.callback_role_arn
  filter_policy              = each.value.filter_policy
  raw_message_delivery       = each.value.raw_message_delivery
  visibility_timeout_seconds = each.value.visibility_timeout_seconds
  alarm_topic_arns           = var.alarm_topic_arns
  runbook_url                = var.runbook_url
}
