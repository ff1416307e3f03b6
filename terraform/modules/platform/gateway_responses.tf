locals {
  send_again = "The callback is not known to be accepted: send it again."

  problems = {
    forbidden              = { status = 403, title = "Forbidden" }
    internal-error         = { status = 500, title = "Internal Error" }
    invalid-callback       = { status = 400, title = "Invalid Callback" }
    not-found              = { status = 404, title = "Not Found" }
    throttled              = { status = 429, title = "Too Many Requests" }
    too-large              = { status = 413, title = "Content Too Large" }
    unauthorized           = { status = 401, title = "Unauthorized" }
    unavailable            = { status = 503, title = "Service Unavailable" }
    unsupported-media-type = { status = 415, title = "Unsupported Media Type" }
  }

  # Every response type of API Gateway: one that is left out would not be problem+json.
  gateway_responses = {
    ACCESS_DENIED                  = { problem = "forbidden", detail = "These credentials may not call this route." }
    API_CONFIGURATION_ERROR        = { problem = "internal-error", detail = local.send_again }
    AUTHORIZER_CONFIGURATION_ERROR = { problem = "internal-error", detail = local.send_again }
    AUTHORIZER_FAILURE             = { problem = "internal-error", detail = local.send_again }
    BAD_REQUEST_BODY               = { problem = "invalid-callback", detail = "$context.error.validationErrorString" }
    BAD_REQUEST_PARAMETERS         = { problem = "invalid-callback", detail = "$context.error.validationErrorString" }
    DEFAULT_4XX                    = { problem = "invalid-callback", detail = "The request was refused." }
    DEFAULT_5XX                    = { problem = "internal-error", detail = local.send_again }
    EXPIRED_TOKEN                  = { problem = "forbidden", detail = "The credentials have expired: fetch new ones." }
    INTEGRATION_FAILURE            = { problem = "unavailable", detail = local.send_again }
    INTEGRATION_TIMEOUT            = { problem = "unavailable", detail = local.send_again }
    INVALID_API_KEY                = { problem = "forbidden", detail = "The API key is not valid." }
    INVALID_SIGNATURE              = { problem = "forbidden", detail = "The request's signature does not match." }
    MISSING_AUTHENTICATION_TOKEN   = { problem = "forbidden", detail = "The request has no credentials, or there is no such route." }
    QUOTA_EXCEEDED                 = { problem = "throttled", detail = "The quota is used up: send the callback again later." }
    REQUEST_TOO_LARGE              = { problem = "too-large", detail = "The request is larger than the API takes." }
    RESOURCE_NOT_FOUND             = { problem = "not-found", detail = "There is no such route." }
    THROTTLED                      = { problem = "throttled", detail = "Too many requests: send the callback again later." }
    UNAUTHORIZED                   = { problem = "unauthorized", detail = "The request has no valid credentials." }
    UNSUPPORTED_MEDIA_TYPE         = { problem = "unsupported-media-type", detail = "Send the callback as application/json." }
    WAF_FILTERED                   = { problem = "forbidden", detail = "The request was refused by a firewall rule." }
  }
}

resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.gateway_responses

  rest_api_id   = aws_api_gateway_rest_api.this.id
  response_type = each.key
  status_code   = local.problems[each.value.problem].status

  response_parameters = merge(
    { "gatewayresponse.header.Content-Type" = "'application/problem+json'" },
    contains(["throttled", "unavailable"], each.value.problem) ? { "gatewayresponse.header.Retry-After" = "'5'" } : {},
  )

  # Substituted, not processed as VTL: the values must stand inside quotes.
  response_templates = {
    "application/json" = jsonencode({
      type       = "urn:callback-channels:problem:${each.value.problem}"
      title      = local.problems[each.value.problem].title
      status     = local.problems[each.value.problem].status
      detail     = each.value.detail
      request_id = "$context.requestId"
    })
  }
}
