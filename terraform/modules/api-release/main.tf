locals {
  # The root, /externalCallback, and one a route.
  api_resources = 2 + length(flatten(values(var.channels)[*].routes))
}

# The fingerprints are made from ids as well as content, which makes the deployment wait for all that it is to hold.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = var.platform.api.id

  triggers = {
    fingerprint = sha256(jsonencode([
      var.platform.api.fingerprint,
      { for task_type, channel in var.channels : task_type => channel.fingerprint },
    ]))
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = local.api_resources <= var.api_resource_quota
      error_message = "These channels need an API of ${local.api_resources} resources, and API Gateway's quota \"Resources per API\" is ${var.api_resource_quota}: have it raised and set api_resource_quota, retire contract versions, or give some channels a platform of their own."
    }
  }
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is the platform's to choose: log_retention_days.

  name              = "/aws/apigateway/${var.platform.name_prefix}-access"
  retention_in_days = var.platform.log_retention_days
  kms_key_id        = var.platform.kms_key_arn
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120:Callbacks are POST requests, each with an effect: no response may come from a cache.
  #checkov:skip=CKV2_AWS_4:Execution logs quote what partners send: docs/decisions/execution-logs-off.md.
  #checkov:skip=CKV2_AWS_51:API Gateway invokes Lambda by IAM: there is no HTTP backend to show a certificate to.
  #checkov:skip=CKV2_AWS_77:The web ACL is the account's, by web_acl_arn, and its rules are too; no function runs Java.

  rest_api_id          = var.platform.api.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.platform.api.stage_name
  xray_tracing_enabled = true

  # Who called what, and how it went: no header, no query string, no body.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      client_id           = "$context.authorizer.claims.client_id"
      error_type          = "$context.error.responseType"
      extended_request_id = "$context.extendedRequestId" # A caller may choose the other one.
      http_method         = "$context.httpMethod"
      integration_latency = "$context.integration.latency"
      integration_status  = "$context.integration.status"
      principal           = "$context.identity.userArn"
      request_id          = "$context.requestId"
      request_time        = "$context.requestTime"
      resource_path       = "$context.resourcePath"
      response_latency    = "$context.responseLatency"
      response_length     = "$context.responseLength"
      source_ip           = "$context.identity.sourceIp"
      status              = "$context.status"
      xray_trace_id       = "$context.xrayTraceId"
    })
  }
}

resource "aws_api_gateway_method_settings" "all" {
  #checkov:skip=CKV_AWS_225:Callbacks are POST requests, each with an effect: no response may come from a cache.

  rest_api_id = var.platform.api.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    data_trace_enabled     = false
    logging_level          = "OFF" # Execution logs would hold the validator's messages, which quote what partners send.
    metrics_enabled        = true
    throttling_burst_limit = var.throttling.burst_limit
    throttling_rate_limit  = var.throttling.rate_limit
  }
}

resource "aws_api_gateway_method_settings" "channel" {
  #checkov:skip=CKV_AWS_225:Callbacks are POST requests, each with an effect: no response may come from a cache.

  for_each = merge([for channel in var.channels : channel.throttles]...)

  rest_api_id = var.platform.api.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "~1${replace(dirname(each.key), "/", "~1")}/${basename(each.key)}" # With plain slashes AWS takes it, and ignores it.

  settings {
    data_trace_enabled     = false
    logging_level          = "OFF"
    metrics_enabled        = true
    throttling_burst_limit = each.value.burst_limit
    throttling_rate_limit  = each.value.rate_limit
  }

  depends_on = [aws_api_gateway_method_settings.all]
}

resource "aws_api_gateway_base_path_mapping" "this" {
  count = var.platform.api.domain_name == null ? 0 : 1

  api_id      = var.platform.api.id
  domain_name = var.platform.api.domain_name
  stage_name  = aws_api_gateway_stage.this.stage_name
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.web_acl_arn == null ? 0 : 1

  resource_arn = aws_api_gateway_stage.this.arn
  web_acl_arn  = var.web_acl_arn
}

# One is sent again by its partner: people are needed where it goes on.
resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${var.platform.name_prefix}-api-server-errors"
  alarm_description   = "The API has returned 5xx in each of three five minutes running: partners send these callbacks again. See ${var.platform.runbook_url}/api-server-errors.md"
  namespace           = "AWS/ApiGateway"
  metric_name         = "5XXError"
  dimensions          = { ApiName = var.platform.api.name, Stage = aws_api_gateway_stage.this.stage_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.platform.alarm_actions
  ok_actions          = var.platform.alarm_actions
}
