mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { minified_json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:222222222222:key/1" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:222222222222:queue" }
  }
}

variables {
  account_id  = "222222222222"
  environment = "dev"
  name_prefix = "acme-shipping-dev"
  region      = "eu-west-1"
  subscriptions = {
    ORDER_SHIPPING_SERVICE = {
      callback_role_arn = "arn:aws:iam::111111111111:role/callbacks-dev-order-shipping-service-acme-shipping"
      topic_arn         = "arn:aws:sns:eu-west-1:111111111111:callbacks-dev-order-shipping-service"
    }
  }
}

run "gives_the_service_what_it_needs" {
  assert {
    condition     = keys(output.subscriptions.ORDER_SHIPPING_SERVICE) == ["callback_role_arn", "dlq_arn", "dlq_url", "queue_arn", "queue_url", "service_policy_arn"]
    error_message = "The outputs of a subscription are a contract with the partner's service."
  }

  assert {
    condition     = output.subscriptions.ORDER_SHIPPING_SERVICE.callback_role_arn == var.subscriptions.ORDER_SHIPPING_SERVICE.callback_role_arn
    error_message = "The service would assume another role than the platform's team gave."
  }
}

run "refuses_an_account_that_is_no_number" {
  command = plan

  variables {
    account_id = "acme"
  }

  expect_failures = [var.account_id]
}

run "refuses_an_unknown_environment" {
  command = plan

  variables {
    environment = "production"
  }

  expect_failures = [var.environment]
}

run "refuses_a_long_name_prefix" {
  command = plan

  variables {
    name_prefix = "acme-shipping-development"
  }

  expect_failures = [var.name_prefix]
}

run "refuses_a_zone_as_region" {
  command = plan

  variables {
    region = "eu-west-1a"
  }

  expect_failures = [var.region]
}

run "refuses_a_subscription_that_is_not_named_by_its_task_type" {
  command = plan

  variables {
    subscriptions = {
      shipping = {
        callback_role_arn = "arn:aws:iam::111111111111:role/callbacks-dev-order-shipping-service-acme-shipping"
        topic_arn         = "arn:aws:sns:eu-west-1:111111111111:callbacks-dev-order-shipping-service"
      }
    }
  }

  expect_failures = [var.subscriptions]
}
