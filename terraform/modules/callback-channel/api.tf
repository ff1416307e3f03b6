resource "aws_api_gateway_resource" "this" {
  rest_api_id = var.platform.api.id
  parent_id   = var.platform.api.callback_resource_id
  path_part   = var.task_type
}

resource "aws_api_gateway_resource" "version" {
  for_each = setsubtract(keys(var.schemas), ["v1"])

  rest_api_id = var.platform.api.id
  parent_id   = aws_api_gateway_resource.this.id
  path_part   = each.key
}

resource "aws_api_gateway_model" "this" {
  for_each = local.models

  rest_api_id  = var.platform.api.id
  name         = "${replace(title(replace(lower(var.task_type), "_", " ")), " ", "")}${upper(each.key)}"
  description  = "Callback of ${var.task_type}, ${each.key}"
  content_type = "application/json"
  schema       = each.value

  lifecycle {
    precondition {
      condition     = length(each.value) <= 400 * 1024
      error_message = "Shorten the ${each.key} output schema of ${var.task_type}: its model has ${length(each.value)} characters, and API Gateway takes 400 KB."
    }
  }
}

resource "aws_api_gateway_method" "this" {
  for_each = local.models

  rest_api_id          = var.platform.api.id
  resource_id          = local.resources[each.key].id
  http_method          = "POST"
  authorization        = local.authorization.type
  authorizer_id        = local.authorization.authorizer_id
  authorization_scopes = local.authorization.scopes

  # API Gateway validates no body of a content type without a model; $default is any other.
  request_models = { for content_type in ["application/json", "$default"] : content_type => aws_api_gateway_model.this[each.key].name }

  request_validator_id = var.platform.api.request_validator_id
}

resource "aws_api_gateway_integration" "this" {
  for_each = aws_api_gateway_method.this

  rest_api_id             = each.value.rest_api_id
  resource_id             = each.value.resource_id
  http_method             = each.value.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = var.platform.external_callback.invoke_arn
}

locals {
  authorization = local.settings.auth == "OAUTH2" ? {
    type          = "COGNITO_USER_POOLS"
    authorizer_id = var.platform.oauth2.authorizer_id
    scopes        = [local.scope]
  } : { type = "AWS_IAM", authorizer_id = null, scopes = null }

  resources = merge({ v1 = aws_api_gateway_resource.this }, aws_api_gateway_resource.version)

  # Whatever the deployment's snapshot holds of this channel.
  api_content = [for version in sort(keys(local.models)) : {
    integration = {
      id   = aws_api_gateway_integration.this[version].id
      type = aws_api_gateway_integration.this[version].type
      uri  = aws_api_gateway_integration.this[version].uri
    }
    method = {
      authorization        = local.authorization
      http_method          = aws_api_gateway_method.this[version].http_method
      id                   = aws_api_gateway_method.this[version].id
      request_models       = aws_api_gateway_method.this[version].request_models
      request_validator_id = aws_api_gateway_method.this[version].request_validator_id
    }
    model = {
      id     = aws_api_gateway_model.this[version].id
      schema = local.models[version]
    }
    resource = {
      id   = local.resources[version].id
      path = local.routes[version]
    }
  }]
}
