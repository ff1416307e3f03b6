data "aws_iam_policy_document" "api_gateway_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }

    # API Gateway is not documented to say for whom it asks.
    condition {
      test     = "StringEqualsIfExists"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "api_gateway" {
  #checkov:skip=CKV_AWS_111:API Gateway refuses the role with less: it serves every API of the account and region.
  #checkov:skip=CKV_AWS_356:API Gateway refuses the role with less: it serves every API of the account and region.

  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:FilterLogEvents",
      "logs:GetLogEvents",
      "logs:PutLogEvents",
    ]
    resources = ["*"] # API Gateway refuses the role with less: it serves every API of the account and region.
  }
}

resource "aws_iam_role" "api_gateway" {
  count = var.api_gateway_account ? 1 : 0

  name                 = "api-gateway-logs-${var.region}"
  path                 = var.role_path
  assume_role_policy   = data.aws_iam_policy_document.api_gateway_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "api_gateway" {
  count = var.api_gateway_account ? 1 : 0

  name   = "logs"
  role   = aws_iam_role.api_gateway[0].name
  policy = data.aws_iam_policy_document.api_gateway.json
}

resource "aws_api_gateway_account" "this" {
  count = var.api_gateway_account ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_gateway[0].arn

  depends_on = [aws_iam_role_policy.api_gateway]
}
