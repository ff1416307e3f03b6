module "dispatcher" {
  source = "../lambda-function"

  platform             = var.platform
  name                 = local.name
  function             = "sns_callback"
  description          = "Registers a callback task of ${var.task_type} and sends it to the partners"
  reserved_concurrency = local.settings.reserved_concurrency
  kms_via_services     = ["dynamodb", "sns"]

  environment_variables = {
    CALLBACK_TABLE    = var.platform.callback_table.name
    EVENT_SOURCE      = "/callback-channels/${var.platform.environment}"
    PAYLOAD_EVENT_KEY = local.settings.payload_event_key
    RETENTION_DAYS    = tostring(var.platform.retention_days)
    SNS_TOPIC_ARN     = aws_sns_topic.this.arn
    TASK_TYPE         = var.task_type
  }

  expected_errors = {
    dimensions = { task_type = var.task_type }
    metrics    = ["DispatchesRefused", "DispatchesUnavailable"]
  }

  permissions = {
    DescribeExecutions = {
      actions   = ["states:DescribeExecution"]
      resources = var.platform.execution_arns
    }
    PublishToTopic = {
      actions   = ["sns:Publish"]
      resources = [aws_sns_topic.this.arn]
    }
    ReadRegistrations = var.platform.table_access.read_registrations
    RegisterTasks     = var.platform.table_access.register
  }
}
