# Names with a random end: a deleted secret's own name stays taken while it can be restored.
resource "aws_secretsmanager_secret" "client" {
  #checkov:skip=CKV2_AWS_57:The partner must take the new client over: generations of clients, as the partner guide has it.

  name_prefix = "${local.name}-client-"
  description = "OAuth2 client of ${var.partner} for ${var.task_type}: hand it to the partner."
  kms_key_id  = var.platform.kms_key_arn
}

resource "aws_secretsmanager_secret_version" "client" {
  secret_id = aws_secretsmanager_secret.client.id
  secret_string_wo = jsonencode({
    client_id     = local.current_client.id
    client_secret = local.current_client.client_secret
    scope         = var.platform.oauth2.scopes[var.task_type]
    token_url     = var.platform.oauth2.token_url
  })
  secret_string_wo_version = parseint(substr(sha256(local.current_client.id), 0, 8), 16) # Written anew for another client.

  # Another version number replaces it: the secret must not be without a current version.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_secretsmanager_secret" "signing" {
  #checkov:skip=CKV2_AWS_57:The partner must take the new secret over: rotated with it, as the partner guide has it.

  name_prefix = "${local.name}-signing-"
  description = "Signing secrets of the webhook of ${var.partner} for ${var.task_type}: current, and previous while one is rotated."
  kms_key_id  = var.platform.kms_key_arn
}

# The first secret only, of 32 bytes; it is rotated without Terraform. uuid() reads the system's secure random source, and a write-only
# argument stands in no plan and no state. An ephemeral password would do as well, if a mocked provider could have one in a test.
resource "aws_secretsmanager_secret_version" "signing" {
  secret_id                = aws_secretsmanager_secret.signing.id
  secret_string_wo         = jsonencode({ current = "whsec_${base64sha256("${uuid()}${uuid()}${uuid()}")}" })
  secret_string_wo_version = 1
}

# Terraform reads back what it wrote, so whoever applies is one of the readers.
data "aws_iam_policy_document" "secret" {
  for_each = local.secrets

  statement {
    sid       = "DenyReadByOthers"
    effect    = "Deny"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["*"] # In a secret's policy: this secret.

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = concat(each.value.readers, var.platform.secret_readers)
    }
  }
}

resource "aws_secretsmanager_secret_policy" "this" {
  for_each = local.secrets

  secret_arn          = each.value.arn
  policy              = data.aws_iam_policy_document.secret[each.key].minified_json
  block_public_policy = true

  lifecycle {
    precondition {
      condition     = length(var.platform.secret_readers) > 0
      error_message = "Name in secret_readers who applies this, and who hands secrets over: all others but the webhook's function are refused, Terraform too."
    }
  }
}

locals {
  secrets = {
    client  = { arn = aws_secretsmanager_secret.client.arn, readers = [] }
    signing = { arn = aws_secretsmanager_secret.signing.arn, readers = local.function_principals }
  }
}
