mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "222222222222" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { minified_json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = {
      dns_suffix = "amazonaws.com"
      partition  = "aws"
    }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:222222222222:key/1" }
  }
}

override_resource {
  target = aws_sqs_queue.this
  values = { arn = "arn:aws:sqs:eu-west-1:222222222222:acme-shipping", id = "main" }
}

override_resource {
  target = aws_sqs_queue.dead_letter
  values = { arn = "arn:aws:sqs:eu-west-1:222222222222:acme-shipping-dlq", id = "dead-letter" }
}

variables {
  alarm_topic_arns  = ["arn:aws:sns:eu-west-1:222222222222:alarms"]
  callback_role_arn = "arn:aws:iam::111111111111:role/callbacks-dev-order-shipping-service-acme-shipping"
  name              = "acme-shipping"
  topic_arn         = "arn:aws:sns:eu-west-1:111111111111:callbacks-dev-order-shipping-service"
}

run "subscribes_the_queue_and_keeps_what_it_refuses" {
  assert {
    condition     = aws_sns_topic_subscription.this.endpoint == aws_sqs_queue.this.arn && aws_sns_topic_subscription.this.raw_message_delivery
    error_message = "The queue must get the CloudEvents themselves."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.this.redrive_policy).deadLetterTargetArn == aws_sqs_queue.dead_letter.arn
    error_message = "SNS drops what the queue refuses."
  }

  assert {
    condition = jsondecode(aws_sqs_queue_redrive_policy.this.redrive_policy) == {
      deadLetterTargetArn = aws_sqs_queue.dead_letter.arn
      maxReceiveCount     = 5
    }
    error_message = "The queue keeps what its service cannot work on for ever."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters.dimensions == tomap({ QueueName = aws_sqs_queue.dead_letter.name }) && aws_cloudwatch_metric_alarm.dead_letters.alarm_actions == toset(var.alarm_topic_arns)
    error_message = "Nobody is told of dead letters."
  }
}

run "lets_the_topic_alone_deliver" {
  assert {
    condition = alltrue([for key, queue in { dead_letter = aws_sqs_queue.dead_letter, main = aws_sqs_queue.this } : (
      one(data.aws_iam_policy_document.queue[key].statement).actions == toset(["sqs:SendMessage"])
      && one(data.aws_iam_policy_document.queue[key].statement).resources == toset([queue.arn])
      && one(one(data.aws_iam_policy_document.queue[key].statement).principals).identifiers == toset(["sns.amazonaws.com"])
      && one(one(data.aws_iam_policy_document.queue[key].statement).condition) == {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = tolist([var.topic_arn])
      }
      && aws_sqs_queue_policy.this[key].queue_url == queue.id
    )])
    error_message = "A queue takes messages of others, or not of the topic."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.key.statement : {
        actions    = statement.actions
        principals = one(statement.principals).identifiers
        condition  = one(statement.condition)
      } if statement.sid != "Administer"
      ] == [
      {
        actions    = toset(["kms:Decrypt", "kms:GenerateDataKey"])
        principals = toset(["arn:aws:iam::222222222222:root"])
        condition  = { test = "StringEquals", variable = "kms:ViaService", values = tolist(["sqs.eu-west-1.amazonaws.com"]) }
      },
      {
        actions    = toset(["kms:Decrypt", "kms:GenerateDataKey"])
        principals = toset(["sns.amazonaws.com"])
        condition  = { test = "ArnEquals", variable = "aws:SourceArn", values = tolist([var.topic_arn]) }
      },
    ]
    error_message = "The key serves others than the queues' users and the topic: ${jsonencode(data.aws_iam_policy_document.key.statement)}"
  }

  assert {
    condition     = aws_sqs_queue.this.kms_master_key_id == aws_kms_key.this.arn && aws_sqs_queue.dead_letter.kms_master_key_id == aws_kms_key.this.arn
    error_message = "A queue is not encrypted with a key that SNS can use."
  }
}

run "lets_the_service_work_and_answer" {
  assert {
    condition = { for statement in data.aws_iam_policy_document.service.statement : one(statement.resources) => statement.actions } == {
      (aws_sqs_queue.this.arn) = toset(["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"])
      (aws_kms_key.this.arn)   = toset(["kms:Decrypt"])
      (var.callback_role_arn)  = toset(["sts:AssumeRole"])
    }
    error_message = "The service's policy allows more or less than its work needs: ${jsonencode(data.aws_iam_policy_document.service.statement)}"
  }
}

run "filters_and_wraps_on_request" {
  variables {
    filter_policy        = jsonencode({ order_id = [{ prefix = "EU-" }] })
    raw_message_delivery = false
  }

  assert {
    condition     = aws_sns_topic_subscription.this.filter_policy == var.filter_policy && !aws_sns_topic_subscription.this.raw_message_delivery
    error_message = "The subscription ignores its filter policy or its form of delivery."
  }
}

run "refuses_an_alarm_topic_that_is_no_arn" {
  command = plan

  variables {
    alarm_topic_arns = ["alarms"]
  }

  expect_failures = [var.alarm_topic_arns]
}

run "refuses_a_user_as_callback_role" {
  command = plan

  variables {
    callback_role_arn = "arn:aws:iam::111111111111:user/acme"
  }

  expect_failures = [var.callback_role_arn]
}

run "refuses_a_filter_policy_that_is_no_json" {
  command = plan

  variables {
    filter_policy = "order_id = EU"
  }

  expect_failures = [var.filter_policy]
}

run "refuses_to_receive_nothing" {
  command = plan

  variables {
    max_receive_count = 0
  }

  expect_failures = [var.max_receive_count]
}

run "refuses_a_name_with_spaces" {
  command = plan

  variables {
    name = "acme shipping"
  }

  expect_failures = [var.name]
}

run "refuses_a_topic_by_name" {
  command = plan

  variables {
    topic_arn = "callbacks-dev-order-shipping-service"
  }

  expect_failures = [var.topic_arn]
}

run "refuses_a_visibility_timeout_beyond_twelve_hours" {
  command = plan

  variables {
    visibility_timeout_seconds = 43201
  }

  expect_failures = [var.visibility_timeout_seconds]
}
