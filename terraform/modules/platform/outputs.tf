output "close_execution_dead_letter_queue_url" {
  description = "Queue of ended executions whose tasks and orders could not be closed."
  value       = aws_sqs_queue.close_execution_dead_letter.url
}

output "custom_domain" {
  description = "The custom domain's target for DNS: regional domain name and hosted zone; null without a custom domain."
  value = one([for domain in aws_api_gateway_domain_name.this : {
    domain_name             = domain.domain_name
    regional_domain_name    = domain.regional_domain_name
    regional_hosted_zone_id = domain.regional_zone_id
  }])
}

output "functions" {
  description = "The platform's own functions: folder name => ARN and name."
  value       = { for key, function in module.function : key => { arn = function.arn, name = function.name } }
}

output "operator_policy_arn" {
  description = "Policy for the people who operate the platform: they read without tokens, and act through the function operate."
  value       = aws_iam_policy.operator.arn
}

output "platform" {
  description = "What channels, workflows and the release need of the platform."
  value = merge(local.settings, {
    api = {
      base_url             = local.api_base_url
      callback_resource_id = aws_api_gateway_resource.external_callback.id
      domain_name          = one(aws_api_gateway_domain_name.this[*].domain_name)
      execution_arn        = aws_api_gateway_rest_api.this.execution_arn
      # Ids and content of all that the platform itself puts in the API: a deployment that does not depend on them misses them.
      fingerprint = sha256(jsonencode([
        aws_api_gateway_rest_api.this.disable_execute_api_endpoint,
        aws_api_gateway_resource.external_callback.id,
        aws_api_gateway_request_validator.body.id,
        aws_api_gateway_request_validator.body.validate_request_body,
        [aws_api_gateway_authorizer.partners.id, aws_api_gateway_authorizer.partners.provider_arns],
        { for type, response in aws_api_gateway_gateway_response.this : type => [response.status_code, response.response_parameters, response.response_templates] },
      ]))
      id                   = aws_api_gateway_rest_api.this.id
      name                 = aws_api_gateway_rest_api.this.name
      request_validator_id = aws_api_gateway_request_validator.body.id
      stage_name           = var.environment
    }
    callback_table = {
      arn  = aws_dynamodb_table.callback_tasks.arn
      name = aws_dynamodb_table.callback_tasks.name
    }
    execution_arns = local.execution_arns
    external_callback = {
      function_name = module.function["external_callback"].name
      invoke_arn    = module.function["external_callback"].invoke_arn
    }
    oauth2 = {
      authorizer_id = aws_api_gateway_authorizer.partners.id
      scopes = { for task_type in keys(var.oauth2_clients) :
        task_type => "${aws_cognito_resource_server.channels[substr(sha256(task_type), 0, 1)].identifier}/${task_type}"
      }
      token_url    = coalesce(var.oauth2_token_url, "https://${aws_cognito_user_pool_domain.partners.domain}.auth.${local.region}.amazoncognito.com/oauth2/token")
      user_pool_id = aws_cognito_user_pool.partners.id
    }
    operate = {
      role_arn  = module.function["operate"].role_arn
      role_name = module.function["operate"].role_name
    }
    orders_table = {
      arn  = aws_dynamodb_table.orders.arn
      name = aws_dynamodb_table.orders.name
    }
    report_queue = {
      arn = aws_sqs_queue.reports.arn
      url = aws_sqs_queue.reports.url
    }
    state_machine_arns = local.state_machine_arns
    table_access = {
      for name in ["read_registrations", "read_status", "register"] : name => local.table_access[name]
    }
  })
}

output "redelivery_dead_letter_queue_url" {
  description = "Queue of promised outcomes that did not reach their workflow."
  value       = aws_sqs_queue.redelivery_dead_letter.url
}

output "redelivery_queue_url" {
  description = "Queue of recorded outcomes that wait for redelivery."
  value       = aws_sqs_queue.redelivery.url
}
