locals {
  # Worded as the function's, in lambdas/callbacks.
  failed_here = "the request failed here; it is safe to send it again"
  send_again  = "not known to be accepted; send it again"
  refused     = "the callback breaks the contract of this channel"

  # Every response type of API Gateway: one that is left out would not be problem+json.
  gateway_responses = {
    ACCESS_DENIED                  = { problem = "forbidden", detail = "these credentials may not call this route" }
    API_CONFIGURATION_ERROR        = { problem = "internal-error", detail = local.failed_here }
    AUTHORIZER_CONFIGURATION_ERROR = { problem = "internal-error", detail = local.failed_here }
    AUTHORIZER_FAILURE             = { problem = "internal-error", detail = local.failed_here }
    BAD_REQUEST_BODY               = { problem = "invalid-callback", detail = "${local.refused}: $context.error.validationErrorString" }
    BAD_REQUEST_PARAMETERS         = { problem = "invalid-callback", detail = "$context.error.validationErrorString" }
    DEFAULT_4XX                    = { problem = "invalid-callback", detail = "the request was refused" }
    DEFAULT_5XX                    = { problem = "internal-error", detail = local.failed_here }
    EXPIRED_TOKEN                  = { problem = "forbidden", detail = "the credentials have expired: fetch new ones" }
    INTEGRATION_FAILURE            = { problem = "unavailable", detail = local.send_again }
    INTEGRATION_TIMEOUT            = { problem = "unavailable", detail = local.send_again }
    INVALID_API_KEY                = { problem = "forbidden", detail = "the API key is not valid" }
    INVALID_SIGNATURE              = { problem = "forbidden", detail = "the request's signature does not match" }
    MISSING_AUTHENTICATION_TOKEN   = { problem = "forbidden", detail = "the request has no credentials, or there is no such route" }
    QUOTA_EXCEEDED                 = { problem = "throttled", detail = "the quota is used up: send the callback again later" }
    REQUEST_TOO_LARGE              = { problem = "too-large", detail = "the request is larger than the API takes" }
    RESOURCE_NOT_FOUND             = { problem = "not-found", detail = "there is no such route" }
    THROTTLED                      = { problem = "throttled", detail = "too many requests: send the callback again later" }
    UNAUTHORIZED                   = { problem = "unauthorized", detail = "the request has no valid credentials" }
    UNSUPPORTED_MEDIA_TYPE         = { problem = "unsupported-media-type", detail = "the body is not declared as JSON: send it as application/json" }
    WAF_FILTERED                   = { problem = "forbidden", detail = "the request was refused by a firewall rule" }
  }
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each = { for type, response in local.gateway_responses : type => merge(var.problems.kinds[response.problem], response) }

  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = each.value.status

  response_parameters = merge(
    { "gatewayresponse.header.Content-Type" = "'application/problem+json'" },
    each.value.retry_after_seconds == null ? {} : { "gatewayresponse.header.Retry-After" = "'${each.value.retry_after_seconds}'" },
  )

  # Substituted, not processed as VTL: the values must stand inside quotes.
  response_templates = {
    "application/json" = jsonencode({
      type       = "${var.problems.type_prefix}${each.value.problem}"
      title      = each.value.title
      status     = each.value.status
      detail     = each.value.detail
      request_id = "$context.requestId"
    })
  }
}
