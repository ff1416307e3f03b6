output "api_url" {
  description = "Start of the callback URLs."
  value       = module.platform.platform.api.base_url
}

output "callback_tasks_table" {
  description = "Name of the table of callback tasks and registrations."
  value       = module.platform.platform.callback_table.name
}

output "channels" {
  description = "Task type => topic_arn, callback_url, callback_roles (partner => role ARN) and oauth2 (null, or token_url, scope, and by partner the ids of its clients and the ARNs of its secrets): what its partners need to know."
  value = {
    for task_type, channel in module.channel : task_type => {
      callback_roles = channel.callback_roles
      callback_url   = channel.callback_url
      oauth2         = channel.oauth2
      topic_arn      = channel.topic_arn
    }
  }

  precondition {
    condition     = length(local.shared_names) == 0
    error_message = "Rename a task type in schemas: ${join(", ", local.shared_names)} would be shared. Its function, its partners' roles (TYPE-PARTNER) and its API model (TYPE without underscores) need names that no other task type, function or workflow has."
  }

  precondition {
    condition     = length(local.unknown_settings) == 0
    error_message = "Correct ${join(", ", local.unknown_settings)}: there is no such setting. schemas/channel.schema.json has all of them."
  }
}

output "close_execution_dead_letter_queue_url" {
  description = "Queue of ended executions whose tasks and orders could not be closed."
  value       = module.platform.close_execution_dead_letter_queue_url
}

output "custom_domain" {
  description = "The custom domain's target for DNS, or null."
  value       = module.platform.custom_domain
}

output "dashboards" {
  description = "Names of the CloudWatch dashboards."
  value       = module.dashboard.names
}

output "deployment" {
  description = "The deployment that the API's stage serves: api_id, id and stage_name."
  value = {
    api_id     = module.platform.platform.api.id
    id         = module.release.deployment_id
    stage_name = module.platform.platform.api.stage_name
  }
}

output "functions" {
  description = "The platform's own functions: folder name => ARN and name."
  value       = module.platform.functions
}

output "oauth2_token_url" {
  description = "Where partners without AWS fetch tokens."
  value       = module.platform.platform.oauth2.token_url
}

output "operator_policy_arn" {
  description = "Policy for the people who operate the platform: attach it to their role or permission set."
  value       = module.platform.operator_policy_arn
}

output "orders_table" {
  description = "Name of the orders table."
  value       = module.platform.platform.orders_table.name
}

output "redelivery_dead_letter_queue_url" {
  description = "Queue of promised outcomes that did not reach their workflow."
  value       = module.platform.redelivery_dead_letter_queue_url
}

output "redelivery_queue_url" {
  description = "Queue of recorded outcomes that wait for redelivery."
  value       = module.platform.redelivery_queue_url
}

output "state_machines" {
  description = "Workflow, as its file is named => ARN of its state machine."
  value       = { for name, workflow in module.workflow : name => workflow.arn }
}

output "wait_states" {
  description = "Task type => the Amazon States Language state that waits on its channel; merge Next, Catch and ResultPath into it."
  value       = { for task_type, channel in module.channel : task_type => channel.wait_state }
}

output "webhook_queues" {
  description = "Task type => partner without AWS => queue_url of the messages for its webhook, and dead_letter_queue_url of those that could not be brought to it."
  value       = { for task_type, channel in module.channel : task_type => channel.webhook_queues if length(channel.webhook_queues) > 0 }
}
