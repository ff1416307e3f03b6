mock_provider "aws" {
  mock_resource "aws_api_gateway_stage" {
    defaults = { arn = "arn:aws:apigateway:eu-west-1::/restapis/api/stages/dev" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:111111111111:log-group:access" }
  }
}

variables {
  channels = {
    ORDER_SHIPPING_SERVICE = { fingerprint = "shipping", routes = ["/externalCallback/ORDER_SHIPPING_SERVICE"], throttles = {} }
  }

  platform = {
    alarm_actions      = ["arn:aws:sns:eu-west-1:111111111111:alarms"]
    kms_key_arn        = "arn:aws:kms:eu-west-1:111111111111:key/1"
    log_retention_days = 30
    metric_namespace   = "CallbackChannels/callbacks-dev"
    name_prefix        = "callbacks-dev"
    runbook_url        = "https://docs.example.com/runbook"
    api = {
      domain_name = null
      fingerprint = "platform"
      id          = "api"
      name        = "callbacks-dev-callbacks"
      stage_name  = "dev"
    }
  }
}

run "releases" {
  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == aws_api_gateway_deployment.this.id && aws_api_gateway_stage.this.stage_name == "dev"
    error_message = "The stage must serve the deployment."
  }

  assert {
    condition     = length(aws_api_gateway_base_path_mapping.this) == 0 && length(aws_api_gateway_method_settings.channel) == 0
    error_message = "Without a domain or throttles of their own there is nothing to map or limit."
  }
}

run "releases_the_same_once" {
  assert {
    condition     = output.fingerprint == run.releases.fingerprint
    error_message = "An unchanged API must not be deployed again."
  }
}

run "releases_anew_when_a_channel_changes" {
  variables {
    channels = {
      ORDER_SHIPPING_SERVICE = { fingerprint = "shipping with another model", routes = ["/externalCallback/ORDER_SHIPPING_SERVICE"], throttles = {} }
    }
  }

  assert {
    condition     = output.fingerprint != run.releases.fingerprint
    error_message = "A changed channel must be deployed."
  }
}

run "releases_anew_when_a_channel_is_added" {
  variables {
    channels = {
      ORDER_FRAUD_REVIEW     = { fingerprint = "fraud", routes = ["/externalCallback/ORDER_FRAUD_REVIEW"], throttles = {} }
      ORDER_SHIPPING_SERVICE = { fingerprint = "shipping with another model", routes = ["/externalCallback/ORDER_SHIPPING_SERVICE"], throttles = {} }
    }
  }

  assert {
    condition     = output.fingerprint != run.releases_anew_when_a_channel_changes.fingerprint
    error_message = "An added channel must be deployed."
  }
}

run "releases_anew_when_the_platform_changes" {
  variables {
    channels = {
      ORDER_FRAUD_REVIEW     = { fingerprint = "fraud", routes = ["/externalCallback/ORDER_FRAUD_REVIEW"], throttles = {} }
      ORDER_SHIPPING_SERVICE = { fingerprint = "shipping with another model", routes = ["/externalCallback/ORDER_SHIPPING_SERVICE"], throttles = {} }
    }
    platform = {
      alarm_actions      = []
      kms_key_arn        = "arn:aws:kms:eu-west-1:111111111111:key/1"
      log_retention_days = 30
      metric_namespace   = "CallbackChannels/callbacks-dev"
      name_prefix        = "callbacks-dev"
      runbook_url        = "https://docs.example.com/runbook"
      api = {
        domain_name = null
        fingerprint = "platform with another gateway response"
        id          = "api"
        name        = "callbacks-dev-callbacks"
        stage_name  = "dev"
      }
    }
  }

  assert {
    condition     = output.fingerprint != run.releases_anew_when_a_channel_is_added.fingerprint
    error_message = "A changed gateway response must be deployed."
  }
}

run "logs_access_without_tokens_or_bodies" {
  assert {
    condition = toset(values(jsondecode(one(aws_api_gateway_stage.this.access_log_settings).format))) == toset([
      "$context.authorizer.claims.client_id", "$context.error.responseType", "$context.extendedRequestId", "$context.httpMethod", "$context.identity.sourceIp", "$context.identity.userArn",
      "$context.integration.latency", "$context.integration.status", "$context.requestId", "$context.requestTime", "$context.resourcePath", "$context.responseLatency",
      "$context.responseLength", "$context.status", "$context.xrayTraceId",
    ])
    error_message = "The access log holds more or less than who called what, and how it went."
  }

  assert {
    condition     = aws_cloudwatch_log_group.access.kms_key_id == "arn:aws:kms:eu-west-1:111111111111:key/1" && aws_cloudwatch_log_group.access.retention_in_days == 30 && startswith(aws_cloudwatch_log_group.access.name, "/aws/apigateway/callbacks-dev-")
    error_message = "The access log must be encrypted, kept as asked, and have a name that the key's policy lets CloudWatch Logs encrypt."
  }

  assert {
    condition     = aws_api_gateway_stage.this.xray_tracing_enabled && !one(aws_api_gateway_method_settings.all.settings).data_trace_enabled && one(aws_api_gateway_method_settings.all.settings).logging_level == "OFF"
    error_message = "Requests are traced; bodies and validation messages are never logged."
  }
}

run "finds_a_refusal_of_the_gateway_by_the_request_id_of_its_problem" {
  assert {
    condition = { for name, variable in jsondecode(one(aws_api_gateway_stage.this.access_log_settings).format) : name => variable if contains(["client_id", "error_type", "extended_request_id", "principal", "request_id", "resource_path", "status", "xray_trace_id"], name) } == {
      client_id           = "$context.authorizer.claims.client_id"
      error_type          = "$context.error.responseType"
      extended_request_id = "$context.extendedRequestId"
      principal           = "$context.identity.userArn"
      request_id          = "$context.requestId"
      resource_path       = "$context.resourcePath"
      status              = "$context.status"
      xray_trace_id       = "$context.xrayTraceId"
    }
    error_message = "The access log must say under the names of the runbook which call was refused, whose it was, on which route, and as what."
  }
}

run "raises_an_alarm_on_bursts_of_refusals" {
  variables {
    refusal_thresholds = { unauthorized = 5 }
  }

  assert {
    condition = { for kind, filter in aws_cloudwatch_log_metric_filter.refusals : kind => [filter.log_group_name, filter.pattern] } == {
      forbidden    = ["/aws/apigateway/callbacks-dev-access", "{ $.status = \"403\" }"]
      invalid      = ["/aws/apigateway/callbacks-dev-access", "{ ($.status = \"4*\") && ($.status != \"401\") && ($.status != \"403\") && ($.status != \"429\") }"]
      throttled    = ["/aws/apigateway/callbacks-dev-access", "{ $.status = \"429\" }"]
      unauthorized = ["/aws/apigateway/callbacks-dev-access", "{ $.status = \"401\" }"]
    } && jsondecode(one(aws_api_gateway_stage.this.access_log_settings).format).status == "$context.status"
    error_message = "Refusals are counted by the status in the access log."
  }

  assert {
    condition = alltrue([for kind, alarm in aws_cloudwatch_metric_alarm.refusals :
      alarm.namespace == one(aws_cloudwatch_log_metric_filter.refusals[kind].metric_transformation).namespace
      && alarm.metric_name == one(aws_cloudwatch_log_metric_filter.refusals[kind].metric_transformation).name
      && alarm.alarm_actions == toset(var.platform.alarm_actions)
    ]) && { for kind, alarm in aws_cloudwatch_metric_alarm.refusals : kind => alarm.threshold } == { forbidden = 20, invalid = 20, throttled = 100, unauthorized = 5 }
    error_message = "Each count must have an alarm, at its threshold."
  }
}

run "refuses_thresholds_that_are_none" {
  command = plan

  variables {
    refusal_thresholds = { forbidden = 0 }
  }

  expect_failures = [var.refusal_thresholds]
}

run "limits_all_methods_and_single_ones" {
  variables {
    channels = {
      ORDER_SHIPPING_SERVICE = {
        fingerprint = "shipping"
        routes      = ["/externalCallback/ORDER_SHIPPING_SERVICE", "/externalCallback/ORDER_SHIPPING_SERVICE/v2"]
        throttles = {
          "externalCallback/ORDER_SHIPPING_SERVICE/POST"    = { burst_limit = 10, rate_limit = 5 }
          "externalCallback/ORDER_SHIPPING_SERVICE/v2/POST" = { burst_limit = 20, rate_limit = 6 }
        }
      }
    }
    throttling = { rate_limit = 50 }
  }

  assert {
    condition = {
      for settings in concat([aws_api_gateway_method_settings.all], values(aws_api_gateway_method_settings.channel)) :
      settings.method_path => [one(settings.settings).throttling_burst_limit, one(settings.settings).throttling_rate_limit]
      } == {
      "*/*"                                                 = [200, 50]
      "~1externalCallback~1ORDER_SHIPPING_SERVICE/POST"     = [10, 5]
      "~1externalCallback~1ORDER_SHIPPING_SERVICE~1v2/POST" = [20, 6]
    }
    error_message = "Limits are not as asked, or at paths that AWS ignores."
  }
}

run "maps_a_custom_domain" {
  variables {
    platform = {
      alarm_actions      = []
      kms_key_arn        = "arn:aws:kms:eu-west-1:111111111111:key/1"
      log_retention_days = 30
      metric_namespace   = "CallbackChannels/callbacks-dev"
      name_prefix        = "callbacks-dev"
      runbook_url        = "https://docs.example.com/runbook"
      api = {
        domain_name = "callbacks.example.com"
        fingerprint = "platform"
        id          = "api"
        name        = "callbacks-dev-callbacks"
        stage_name  = "dev"
      }
    }
  }

  assert {
    condition     = one(aws_api_gateway_base_path_mapping.this).domain_name == "callbacks.example.com" && one(aws_api_gateway_base_path_mapping.this).stage_name == "dev"
    error_message = "The domain must lead to the stage."
  }
}

run "refuses_an_api_without_channels" {
  command = plan

  variables {
    channels = {}
  }

  expect_failures = [var.channels]
}

run "refuses_paths_with_a_leading_slash" {
  command = plan

  variables {
    channels = {
      ORDER_SHIPPING_SERVICE = { fingerprint = "shipping", routes = ["/externalCallback/ORDER_SHIPPING_SERVICE"], throttles = { "/externalCallback/ORDER_SHIPPING_SERVICE/POST" = { burst_limit = 1, rate_limit = 1 } } }
    }
  }

  expect_failures = [var.channels]
}

run "refuses_to_let_nothing_through" {
  command = plan

  variables {
    throttling = { burst_limit = 0 }
  }

  expect_failures = [var.throttling]
}

run "holds_as_many_resources_as_the_quota" {
  command = plan

  variables {
    channels = { for number in range(149) : "TYPE_${number}" => { fingerprint = "type", routes = ["/externalCallback/TYPE_${number}", "/externalCallback/TYPE_${number}/v2"], throttles = {} } }
  }
}

run "refuses_one_resource_more_than_the_quota" {
  command = plan

  variables {
    channels = { for number in range(299) : "TYPE_${number}" => { fingerprint = "type", routes = ["/externalCallback/TYPE_${number}"], throttles = {} } }
  }

  expect_failures = [aws_api_gateway_deployment.this]
}

run "takes_more_resources_where_the_quota_is_raised" {
  command = plan

  variables {
    api_resource_quota = 301
    channels           = { for number in range(299) : "TYPE_${number}" => { fingerprint = "type", routes = ["/externalCallback/TYPE_${number}"], throttles = {} } }
  }
}

run "lets_requests_pass_a_web_acl_first" {
  variables {
    web_acl_arn = "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/partners/1"
  }

  assert {
    condition     = one(aws_wafv2_web_acl_association.this).web_acl_arn == var.web_acl_arn && one(aws_wafv2_web_acl_association.this).resource_arn == aws_api_gateway_stage.this.arn
    error_message = "The web ACL must stand before the stage."
  }
}

run "needs_no_web_acl" {
  command = plan

  assert {
    condition     = length(aws_wafv2_web_acl_association.this) == 0
    error_message = "A web ACL costs something: it is there only where it is asked for."
  }
}

run "refuses_a_web_acl_of_cloudfront" {
  command = plan

  variables {
    web_acl_arn = "arn:aws:wafv2:us-east-1:111111111111:global/webacl/partners/1"
  }

  expect_failures = [var.web_acl_arn]
}
