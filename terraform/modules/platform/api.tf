resource "aws_api_gateway_rest_api" "this" {
  #checkov:skip=CKV_AWS_237:Partners have its id in their URLs: nothing here replaces it.

  name        = "${var.name_prefix}-callbacks"
  description = "Partners' callbacks: POST /externalCallback/TASK_TYPE."

  # The default endpoint takes older TLS versions than a custom domain does.
  disable_execute_api_endpoint = var.custom_domain != null

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "external_callback" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "externalCallback"
}

resource "aws_api_gateway_request_validator" "body" {
  rest_api_id           = aws_api_gateway_rest_api.this.id
  name                  = "body"
  validate_request_body = true
}

# One permission for all routes: a function's resource policy holds 20 KB.
resource "aws_lambda_permission" "external_callback" {
  statement_id  = "AllowCallbackRoutes"
  action        = "lambda:InvokeFunction"
  function_name = module.function["external_callback"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.environment}/POST${aws_api_gateway_resource.external_callback.path}/*"
}

resource "aws_api_gateway_domain_name" "this" {
  count = var.custom_domain == null ? 0 : 1

  domain_name              = var.custom_domain.domain_name
  regional_certificate_arn = var.custom_domain.certificate_arn
  security_policy          = "TLS_1_2"

  dynamic "mutual_tls_authentication" {
    for_each = var.mutual_tls == null ? [] : [var.mutual_tls]

    content {
      truststore_uri     = mutual_tls_authentication.value.truststore_uri
      truststore_version = mutual_tls_authentication.value.truststore_version
    }
  }

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

locals {
  api_base_url = coalesce(
    var.public_base_url == null ? null : replace(var.public_base_url, "{api_id}", aws_api_gateway_rest_api.this.id),
    var.custom_domain == null ? null : "https://${one(aws_api_gateway_domain_name.this[*].domain_name)}",
    "https://${aws_api_gateway_rest_api.this.id}.execute-api.${local.region}.${local.dns_suffix}/${var.environment}",
  )
}
