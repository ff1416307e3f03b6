mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}", minified_json = "{}" }
  }
}

variables {
  account_id = "333333333333"
  region     = "eu-west-1"
}

# Plans only: what is planned here refuses to be destroyed.
run "keeps_states_private_and_recoverable" {
  command = plan

  assert {
    condition     = aws_s3_bucket.state.bucket == "callbacks-tfstate-333333333333"
    error_message = "The backends' files name another bucket: ${aws_s3_bucket.state.bucket}"
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.state.versioning_configuration).status == "Enabled"
    error_message = "A state that was overwritten must be recoverable."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms" && aws_kms_key.state.enable_key_rotation
    error_message = "States must be encrypted with a key of their own that rotates."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.state.block_public_acls,
      aws_s3_bucket_public_access_block.state.block_public_policy,
      aws_s3_bucket_public_access_block.state.ignore_public_acls,
      aws_s3_bucket_public_access_block.state.restrict_public_buckets,
      one(aws_s3_bucket_ownership_controls.state.rule).object_ownership == "BucketOwnerEnforced",
    ])
    error_message = "The bucket must not be opened to the public, nor to other accounts by ACLs."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.state.statement : [statement.effect, one(statement.principals).identifiers, one(statement.condition).variable, one(statement.condition).values]
    ] == [["Deny", toset(["*"]), "aws:SecureTransport", tolist(["false"])]]
    error_message = "The bucket must refuse requests without TLS, and allow nobody anything by itself."
  }
}

run "lets_api_gateway_log" {
  command = plan

  assert {
    condition = (
      one(one(data.aws_iam_policy_document.api_gateway_trust.statement).principals).identifiers == toset(["apigateway.amazonaws.com"])
      && one(one(data.aws_iam_policy_document.api_gateway_trust.statement).condition).variable == "aws:SourceAccount"
      && one(one(data.aws_iam_policy_document.api_gateway_trust.statement).condition).values == tolist([var.account_id])
    )
    error_message = "The role must trust API Gateway only, for this account."
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 1 && alltrue([for action in one(data.aws_iam_policy_document.api_gateway.statement).actions : can(regex("^logs:[A-Za-z]+$", action))])
    error_message = "The account's role must be set, and may log and nothing else."
  }
}

run "leaves_the_account_setting_to_others" {
  command = plan

  variables {
    api_gateway_account = false
  }

  assert {
    condition     = length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.api_gateway) == 0
    error_message = "The setting is one for an account: it must be left alone when asked."
  }
}

run "refuses_settings_that_aws_refuses" {
  command = plan

  variables {
    account_id           = "33"
    permissions_boundary = "boundary"
    region               = "Ireland"
    role_path            = "platform"
  }

  expect_failures = [var.account_id, var.permissions_boundary, var.region, var.role_path]
}

run "makes_a_role_that_applies_the_platform" {
  command = plan

  variables {
    deploy_role = { name_prefix = "callbacks-dev", trusted_arns = ["arn:aws:iam::333333333333:role/pipeline"] }
  }

  assert {
    condition     = length(module.deploy_role) == 1
    error_message = "The role is made where it is asked for."
  }
}

run "makes_no_deploy_role_by_itself" {
  command = plan

  assert {
    condition     = length(module.deploy_role) == 0 && output.deploy_role == null
    error_message = "The role is an option."
  }
}
