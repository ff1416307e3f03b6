# What nobody should do, or seldom. EventBridge sees it where a CloudTrail trail of this region logs management events.
locals {
  cloudtrail = { "detail-type" = ["AWS API Call via CloudTrail"] }

  # One that is named with a wildcard is noticed all the same.
  reading_roles = [for arn in sort(var.secret_readers) : arn if strcontains(arn, ":role/") && !strcontains(arn, "*")]
  named_readers = length(local.reading_roles) > 0 ? [local.reading_roles] : []

  # A principal without a role is matched by what its event lacks: anything-but matches no field that is not there.
  by_others = [
    { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ exists = false }] } } } },
    { userIdentity = merge(
      { arn = [{ "anything-but" = { prefix = "arn:${local.partition}:sts::${local.account_id}:assumed-role/${var.name_prefix}-" } }] },
      { for arns in local.named_readers : "sessionContext" => { sessionIssuer = { arn = [{ "anything-but" = arns }] } } },
    ) },
  ]

  detections = {
    key-changed = {
      description = "The platform's key was disabled or scheduled for deletion, or its policy replaced."
      notice      = "The platform's KMS key was changed"
      state       = "ENABLED"
      subject     = "keyId"
      event_pattern = merge(local.cloudtrail, {
        source = ["aws.kms"]
        detail = {
          eventSource       = ["kms.amazonaws.com"]
          eventName         = ["DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"] # None of them takes an alias.
          requestParameters = { keyId = [aws_kms_key.this.key_id, aws_kms_key.this.arn] }
        }
      })
    }

    # BatchGetSecretValue leaves a GetSecretValue event for each secret.
    secret-read = {
      description = "A secret of the platform was read by somebody else than its functions."
      notice      = "A secret of the platform was read by somebody else than its functions"
      state       = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" # Without it a rule sees no reads.
      subject     = "secretId"
      event_pattern = merge(local.cloudtrail, {
        source = ["aws.secretsmanager"]
        detail = {
          eventSource = ["secretsmanager.amazonaws.com"]
          eventName   = ["GetSecretValue"]
          requestParameters = { secretId = [
            { prefix = "${var.name_prefix}-" },
            { prefix = "arn:${local.partition}:secretsmanager:${local.region}:${local.account_id}:secret:${var.name_prefix}-" },
          ] }
          "$or" = local.by_others
        }
      })
    }
  }

  # Without anybody to notify there is nothing to detect.
  notified_detections = { for name, detection in local.detections : name => detection if length(var.alarm_topic_arns) > 0 }
}

resource "aws_cloudwatch_event_rule" "detection" {
  for_each = local.notified_detections

  name          = "${var.name_prefix}-${each.key}"
  description   = each.value.description
  state         = each.value.state
  event_pattern = jsonencode(each.value.event_pattern)
}

resource "aws_cloudwatch_event_target" "detection" {
  for_each = { for pair in setproduct(keys(local.notified_detections), var.alarm_topic_arns) : join(" ", pair) => { detection = pair[0], topic_arn = pair[1] } }

  rule = aws_cloudwatch_event_rule.detection[each.value.detection].name
  arn  = each.value.topic_arn

  input_transformer {
    input_paths = {
      by    = "$.detail.userIdentity.arn"
      error = "$.detail.errorCode"
      event = "$.detail.eventID"
      from  = "$.detail.sourceIPAddress"
      on    = "$.detail.requestParameters.${local.detections[each.value.detection].subject}"
      time  = "$.detail.eventTime"
      what  = "$.detail.eventName"
    }
    input_template = chomp(<<-EOT
      "${local.detections[each.value.detection].notice} (${var.name_prefix}). See ${var.runbook_url}/${each.value.detection}.md"
      "<what> of <on> by <by> from <from> at <time>, CloudTrail event <event>. <error>"
    EOT
    )
  }
}

# A topic whose policy lets no rule publish would keep silent about it.
resource "aws_cloudwatch_metric_alarm" "detection_failed" {
  for_each = local.notified_detections

  alarm_name          = "${var.name_prefix}-${each.key}-not-notified"
  alarm_description   = "${each.value.description} Nobody could be told: see the policies of the topics, and CloudTrail. See ${var.runbook_url}/not-notified.md"
  namespace           = "AWS/Events"
  metric_name         = "FailedInvocations"
  dimensions          = { RuleName = aws_cloudwatch_event_rule.detection[each.key].name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
