# By service, what the provider calls for the resources of the platform root, on what has the platform's names.
data "aws_iam_policy_document" "deploy" {
  dynamic "statement" {
    for_each = {
      Alarms   = { actions = ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"], resources = ["${local.arn.cloudwatch}:alarm:${var.name_prefix}-*"] }
      Aliases  = { actions = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"], resources = ["${local.arn.kms}:alias/${var.name_prefix}"] }
      Bucket   = { actions = ["s3:*"], resources = ["arn:${local.partition}:s3:::${var.name_prefix}-packages-${var.account_id}", "arn:${local.partition}:s3:::${var.name_prefix}-packages-${var.account_id}/*"] }
      Function = { actions = ["lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction*", "lambda:GetFunction*", "lambda:GetPolicy", "lambda:ListTags", "lambda:ListVersionsByFunction", "lambda:PutFunction*", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunction*"], resources = [local.functions] }
      Listing  = { actions = ["cognito-idp:DescribeUserPoolDomain", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "kms:ListAliases", "lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings", "lambda:ListTags", "logs:DescribeLogGroups", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe", "states:ValidateStateMachineDefinition"], resources = ["*"] }
      Logs     = { actions = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:ListTags*", "logs:PutRetentionPolicy", "logs:Tag*", "logs:Untag*"], resources = [for group in ["/aws/apigateway", "/aws/lambda", "/aws/vendedlogs/states"] : "${local.arn.logs}:log-group:${group}/${var.name_prefix}-*"] }
      Queues   = { actions = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueue*", "sqs:ListQueueTags", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"], resources = [local.queues] }
      Roles    = { actions = ["iam:DeleteRole", "iam:GetRole*", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole*"], resources = [local.roles] }
      Rules    = { actions = ["events:DeleteRule", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource"], resources = ["${local.arn.events}:rule/${var.name_prefix}-*"] }
      Secrets  = { actions = ["secretsmanager:*Secret*", "secretsmanager:*ResourcePolicy", "secretsmanager:TagResource", "secretsmanager:UntagResource"], resources = [local.secrets] }
      State    = { actions = ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"], resources = ["arn:${local.partition}:s3:::${var.state_bucket}", "arn:${local.partition}:s3:::${var.state_bucket}/platform/*"] }
      Tables   = { actions = ["dynamodb:*Table", "dynamodb:*TimeToLive", "dynamodb:*ContinuousBackups", "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource"], resources = local.tables }
      OpenWork = { actions = ["dynamodb:Query"], resources = ["${local.tables[0]}/index/due"] }
      Topics   = { actions = ["sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"], resources = [local.topics] }
      Workflow = { actions = ["states:*StateMachine", "states:ListStateMachineVersions", "states:ListTagsForResource", "states:TagResource", "states:UntagResource"], resources = [local.workflows[1]] }

      # An API and a domain have no name in their ARNs, and the parts of an API no tags of their own.
      Api = { actions = ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:SetWebACL"], resources = [for path in ["domainnames", "domainnames/*", "restapis", "restapis/*", "tags/*"] : "arn:${local.partition}:apigateway:${var.region}::/${path}"] }
      Acl = { actions = ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACL*"], resources = ["arn:${local.partition}:wafv2:${var.region}:${var.account_id}:regional/webacl/*", "arn:${local.partition}:apigateway:${var.region}::/restapis/*"] }

      # A dashboard is of no region.
      Dashboards = { actions = ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"], resources = ["arn:${local.partition}:cloudwatch::${var.account_id}:dashboard/${var.name_prefix}-*"] }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = {
      BoundedRoles  = { actions = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"], resources = [local.roles], test = "StringEquals", variable = "iam:PermissionsBoundary", values = [local.boundary] }
      EventSources  = { actions = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"], resources = ["*"], test = "ArnLike", variable = "lambda:FunctionArn", values = [local.functions] }
      NewKey        = { actions = ["kms:CreateKey", "kms:TagResource"], resources = ["*"], test = "StringEquals", variable = "aws:RequestTag/${local.tag}", values = ["platform"] }
      Key           = { actions = ["kms:*Key*", "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias", "kms:Encrypt", "kms:ListResourceTags", "kms:UpdateAlias", "kms:TagResource", "kms:UntagResource"], resources = ["${local.arn.kms}:key/*"], test = "StringEquals", variable = "aws:ResourceTag/${local.tag}", values = ["platform"] }
      StateKey      = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = ["${local.arn.kms}:key/*"], test = "ForAnyValue:StringEquals", variable = "kms:ResourceAliases", values = ["alias/callbacks-tfstate"] }
      NewPool       = { actions = ["cognito-idp:CreateUserPool"], resources = ["*"], test = "StringEquals", variable = "aws:RequestTag/${local.tag}", values = ["platform"] }
      Pool          = { actions = ["cognito-idp:*UserPool*", "cognito-idp:*ResourceServer", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:TagResource", "cognito-idp:UntagResource"], resources = ["${local.arn.cognito_idp}:userpool/*"], test = "StringEquals", variable = "aws:ResourceTag/${local.tag}", values = ["platform"] }
      PassRoles     = { actions = ["iam:PassRole"], resources = [local.roles], test = "StringEquals", variable = "iam:PassedToService", values = ["lambda.amazonaws.com", "states.amazonaws.com"] }
      Registrations = { actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"], resources = local.tables, test = "ForAllValues:StringEquals", variable = "dynamodb:LeadingKeys", values = ["#CHANNEL"] }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = statement.value.values
      }
    }
  }

  # For the command that refuses to remove a channel in use: no token, and nothing of what was ordered.
  statement {
    sid       = "OpenTasks"
    actions   = ["dynamodb:GetItem"]
    resources = local.tables

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "dynamodb:Attributes"
      values   = ["deadline", "order_id", "status", "task_type"]
    }

    condition {
      test     = "Null"
      variable = "dynamodb:Attributes"
      values   = ["false"]
    }
  }
}
