data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  arn = { for service in ["cloudwatch", "cognito_idp", "dynamodb", "events", "execute_api", "kms", "lambda", "logs", "secretsmanager", "sns", "sqs", "states"] :
    service => "arn:${local.partition}:${replace(service, "_", "-")}:${var.region}:${var.account_id}"
  }

  # Computed from the name, so that a plan shows the whole of the role's policy.
  boundary  = "arn:${local.partition}:iam::${var.account_id}:policy${var.role_path}${var.name_prefix}-boundary"
  functions = "${local.arn.lambda}:function:${var.name_prefix}-*"
  operator  = "arn:${local.partition}:iam::${var.account_id}:policy${var.role_path}${var.name_prefix}-operator"
  queues    = "${local.arn.sqs}:${var.name_prefix}-*"
  roles     = "arn:${local.partition}:iam::${var.account_id}:role${var.role_path}${var.name_prefix}-*"
  secrets   = "${local.arn.secretsmanager}:secret:${var.name_prefix}-*"
  tables    = ["${local.arn.dynamodb}:table/${var.name_prefix}-*"]
  topics    = "${local.arn.sns}:${var.name_prefix}-*"
  workflows = ["${local.arn.states}:execution:${var.name_prefix}-*", "${local.arn.states}:stateMachine:${var.name_prefix}-*"]

  # Keys and user pools have no names in their ARNs; the platform root tags all that it makes.
  tag = "callback-channels:root"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "AWS"
      identifiers = sort(var.trusted_arns)
    }
  }
}

# Its name does not start with the prefix: it cannot change itself.
resource "aws_iam_role" "deploy" {
  name               = "deploy-${var.name_prefix}"
  path               = var.role_path
  description        = "Applies the platform ${var.name_prefix}, and nothing else."
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "deploy" {
  name   = "apply"
  role   = aws_iam_role.deploy.name
  policy = data.aws_iam_policy_document.deploy.minified_json

  lifecycle {
    precondition {
      condition     = length(data.aws_iam_policy_document.deploy.minified_json) <= 10240
      error_message = "Shorten name_prefix or role_path: IAM takes 10,240 characters of role policy."
    }
  }
}
