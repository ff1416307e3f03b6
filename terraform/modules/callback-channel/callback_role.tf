data "aws_iam_policy_document" "callback_role_trust" {
  for_each = local.aws_partners

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.platform.partition}:iam::${each.value.account_id}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [each.value.external_id]
    }
  }
}

resource "aws_iam_role" "callback" {
  #checkov:skip=CKV_AWS_61:The partner's account assumes it, with its external id, and says who of its own people and services may.

  for_each = local.aws_partners

  name                 = "${local.name}-${each.key}"
  path                 = var.platform.role_path
  description          = "Lets ${each.key} call back for tasks of ${var.task_type}"
  assume_role_policy   = data.aws_iam_policy_document.callback_role_trust[each.key].minified_json
  permissions_boundary = var.platform.permissions_boundary

  lifecycle {
    precondition {
      condition     = length("${local.name}-${each.key}") <= 64
      error_message = "Shorten the partner's name \"${each.key}\", the task type or the name prefix by ${length("${local.name}-${each.key}") - 64} characters in all: \"${local.name}-${each.key}\" is a role's name, and IAM takes 64."
    }
  }
}

data "aws_iam_policy_document" "callback" {
  for_each = local.aws_partners

  statement {
    actions   = ["execute-api:Invoke"]
    resources = [for version in sort(keys(local.routes)) : "${var.platform.api.execution_arn}/${var.platform.api.stage_name}/POST${local.routes[version]}"]

    dynamic "condition" {
      for_each = length(each.value.source_ranges) > 0 ? [sort(each.value.source_ranges)] : []

      content {
        test     = "IpAddress"
        variable = "aws:SourceIp"
        values   = condition.value
      }
    }
  }
}

resource "aws_iam_role_policy" "callback" {
  for_each = aws_iam_role.callback

  name   = "invoke-own-route"
  role   = each.value.id
  policy = data.aws_iam_policy_document.callback[each.key].minified_json
}
