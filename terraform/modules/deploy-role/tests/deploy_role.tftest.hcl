mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}", minified_json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111111111111:policy/channels/callbacks-dev-boundary" }
  }
}

variables {
  account_id   = "111111111111"
  name_prefix  = "callbacks-dev"
  region       = "eu-west-1"
  role_path    = "/channels/"
  state_bucket = "callbacks-tfstate-111111111111"
  trusted_arns = ["arn:aws:iam::111111111111:role/pipeline"]
}

run "makes_no_role_without_the_boundary" {
  assert {
    condition = jsonencode([for statement in data.aws_iam_policy_document.deploy.statement : [statement.resources, statement.condition] if length(setintersection(statement.actions, ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"])) > 0]) == jsonencode([[
      ["arn:aws:iam::111111111111:role/channels/callbacks-dev-*"],
      [{ test = "StringEquals", values = ["arn:aws:iam::111111111111:policy/channels/callbacks-dev-boundary"], variable = "iam:PermissionsBoundary" }],
    ]])
    error_message = "A role without the boundary could do anything."
  }

  assert {
    condition     = aws_iam_role.deploy.name == "deploy-callbacks-dev" && output.permissions_boundary == "arn:aws:iam::111111111111:policy/channels/callbacks-dev-boundary"
    error_message = "The role must not have a name that it may change."
  }
}

run "refuses_to_trust_everybody" {
  command = plan

  variables {
    trusted_arns = ["arn:aws:iam::111111111111:role/*"]
  }

  expect_failures = [var.trusted_arns]
}
