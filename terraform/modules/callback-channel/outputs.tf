output "callback_roles" {
  description = "Partner => ARN of the role that it assumes to call back."
  value       = { for name, role in aws_iam_role.callback : name => role.arn }
}

output "callback_url" {
  description = "Where partners post their callbacks."
  value       = local.callback_url
}

output "function_arn" {
  description = "ARN of the dispatcher, which a workflow that waits on the channel invokes."
  value       = module.dispatcher.arn
}

output "heartbeat_seconds" {
  description = "Longest silence of a partner at work, in seconds, or null."
  value       = local.settings.heartbeat_seconds
}

output "oauth2" {
  description = "What partners without AWS need to get a token, with the ids of their clients and the ARNs of their secrets; null for AWS_IAM."
  value = local.settings.auth != "OAUTH2" ? null : {
    client_ids          = { for name, partner in module.webhook_partner : name => partner.client_ids }
    client_secret_arns  = { for name, partner in module.webhook_partner : name => partner.client_secret_arn }
    scope               = local.scope
    signing_secret_arns = { for name, partner in module.webhook_partner : name => partner.signing_secret_arn }
    token_url           = var.platform.oauth2.token_url
  }
}

output "release" {
  description = "What modules/api-release needs: a fingerprint of the channel's part of the API, its routes, and the limits of their methods."
  value = {
    fingerprint = sha256(jsonencode(local.api_content))
    routes      = [for version in sort(keys(local.routes)) : local.routes[version]]
    throttles = { for version, route in local.routes :
      "${trimprefix(route, "/")}/POST" => local.settings.throttle if local.settings.throttle != null
    }
  }
}

output "task_type" {
  description = "Task type of the channel."
  value       = var.task_type
}

output "timeout_seconds" {
  description = "Longest wait for an outcome, in seconds."
  value       = local.settings.timeout_seconds
}

output "topic_arn" {
  description = "ARN of the topic that partners subscribe to."
  value       = aws_sns_topic.this.arn
}

output "webhook_queues" {
  description = "Partner without AWS => URL of the queue of messages for its webhook, and of its dead-letter queue."
  value       = { for name, partner in module.webhook_partner : name => { queue_url = partner.queue_url, dead_letter_queue_url = partner.dead_letter_queue_url } }
}

output "wait_state" {
  description = "The Amazon States Language state that waits on the channel; merge Next, Catch and ResultPath into it."
  value = merge(
    {
      Type     = "Task"
      Resource = "arn:${var.platform.partition}:states:::lambda:invoke.waitForTaskToken"
      Parameters = {
        FunctionName = module.dispatcher.arn
        Payload = merge(
          {
            "token.$"         = "$$.Task.Token"
            "input.$"         = "$"
            "execution_arn.$" = "$$.Execution.Id"
            callback          = "true"
            timeout_seconds   = local.settings.timeout_seconds
          },
          local.settings.heartbeat_seconds == null ? {} : { heartbeat_seconds = local.settings.heartbeat_seconds },
        )
      }
      TimeoutSeconds = local.settings.timeout_seconds
      Retry          = local.retriers
    },
    local.settings.heartbeat_seconds == null ? {} : { HeartbeatSeconds = local.settings.heartbeat_seconds },
  )
}
