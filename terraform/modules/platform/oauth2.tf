# Partners without AWS are clients of this pool; it has no users.
resource "aws_cognito_user_pool" "partners" {
  name                = "${var.name_prefix}-partners"
  deletion_protection = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  lifecycle {
    precondition {
      condition     = sum(concat([0], values(var.oauth2_clients))) <= 1000
      error_message = "Remove partners from channels with auth OAUTH2: they have ${sum(concat([0], values(var.oauth2_clients)))} app clients in all, and a Cognito user pool takes 1,000. AWS raises that quota to 10,000; once it has, raise it here too."
    }
  }
}

resource "aws_cognito_user_pool_domain" "partners" {
  domain       = "${var.name_prefix}-${local.account_id}"
  user_pool_id = aws_cognito_user_pool.partners.id

  lifecycle {
    precondition {
      condition     = !can(regex("aws|amazon|cognito", var.name_prefix))
      error_message = "Choose a name_prefix without aws, amazon and cognito: Cognito refuses these words in a domain."
    }
  }
}

locals {
  # A pool takes 25 resource servers of 100 scopes each. A task type's digest picks one of sixteen, so that adding a task type moves no other.
  scope_groups = { for task_type in keys(var.oauth2_clients) : substr(sha256(task_type), 0, 1) => task_type... }
}

resource "aws_cognito_resource_server" "channels" {
  for_each = local.scope_groups

  identifier   = "callbacks-${each.key}"
  name         = "${var.name_prefix}-callbacks-${each.key}"
  user_pool_id = aws_cognito_user_pool.partners.id

  dynamic "scope" {
    for_each = toset(each.value)

    content {
      scope_name        = scope.value
      scope_description = "Answer tasks of ${scope.value}."
    }
  }

  lifecycle {
    precondition {
      condition     = length(each.value) <= 100
      error_message = "Rename one of the channels with auth OAUTH2 that share the resource server callbacks-${each.key}: it has ${length(each.value)} scopes, one a channel, and Cognito takes 100. They are ${join(", ", sort(each.value))}."
    }
  }
}

resource "aws_api_gateway_authorizer" "partners" {
  rest_api_id                      = aws_api_gateway_rest_api.this.id
  name                             = "partners"
  type                             = "COGNITO_USER_POOLS"
  provider_arns                    = [aws_cognito_user_pool.partners.arn]
  authorizer_result_ttl_in_seconds = 0 # A cached decision could outlive its token.
}
