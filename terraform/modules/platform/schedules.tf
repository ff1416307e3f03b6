# Functions that run by the clock.
locals {
  schedules = {
    # SNS keeps a subscription that the topic's policy no longer allows: whoever applied, and however, it ends within the hour.
    end_subscriptions = {
      description = "Starts the search for subscriptions of accounts that are no partners any more."
      expression  = "rate(30 minutes)"
    }

    # Events of executions' ends are EventBridge's best effort: what they should have closed is closed by its deadline.
    reconcile_tasks = {
      description = "Starts the search for tasks whose wait has timed out though nobody said so."
      expression  = "rate(5 minutes)"
    }

    sweep_due_callbacks = {
      description = "Starts the sweep for outcomes that were recorded and never queued, and the measuring of what is open."
      expression  = "rate(1 minute)"
    }
  }
}

resource "aws_cloudwatch_event_rule" "schedule" {
  for_each = local.schedules

  name                = "${var.name_prefix}-${replace(each.key, "_", "-")}"
  description         = each.value.description
  schedule_expression = each.value.expression
}

resource "aws_cloudwatch_event_target" "schedule" {
  for_each = local.schedules

  rule = aws_cloudwatch_event_rule.schedule[each.key].name
  arn  = module.function[each.key].arn
}

resource "aws_lambda_permission" "schedule" {
  for_each = local.schedules

  statement_id  = "AllowSchedule"
  action        = "lambda:InvokeFunction"
  function_name = module.function[each.key].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule[each.key].arn
}
