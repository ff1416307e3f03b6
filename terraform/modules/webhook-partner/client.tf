resource "aws_cognito_user_pool_client" "this" {
  for_each = toset([for generation in var.clients : tostring(generation)])

  name                                 = "${local.name}-${each.key}"
  user_pool_id                         = var.platform.oauth2.user_pool_id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = [var.platform.oauth2.scopes[var.task_type]]
  explicit_auth_flows                  = ["ALLOW_REFRESH_TOKEN_AUTH"] # None at all would mean Cognito's default, which lets users sign in.
  access_token_validity                = local.token_minutes

  token_validity_units {
    access_token = "minutes"
  }
}

locals {
  # A token is good until it expires, even if its client is gone.
  token_minutes  = 15
  current_client = aws_cognito_user_pool_client.this[tostring(max(var.clients...))]
}
