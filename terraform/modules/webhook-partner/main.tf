locals {
  loopback = var.platform.environment == "local" && startswith(var.webhook_url, "http://")

  name = "${var.platform.name_prefix}-${replace(lower(var.task_type), "_", "-")}-${var.partner}"

  # AWS gives a session's role; the local engine gives the session itself.
  sessions            = "arn:${var.platform.partition}:sts::${var.platform.account_id}:assumed-role"
  function_principals = [module.deliver_webhook.role_arn, "${local.sessions}/${module.deliver_webhook.role_name}/*"]
  operate_principals  = [var.platform.operate.role_arn, "${local.sessions}/${var.platform.operate.role_name}/*"]

  permissions = {
    GiveUp = {
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.dead_letter.arn]
    }
    ReadSigningSecret = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [aws_secretsmanager_secret.signing.arn]
    }
    ReadStatus = var.platform.table_access.read_status
    Report = {
      actions   = ["sqs:SendMessage"]
      resources = [var.platform.report_queue.arn]
    }
    WorkOnQueue = {
      actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"]
      resources = [aws_sqs_queue.this.arn]
    }
  }
}

module "deliver_webhook" {
  source = "../lambda-function"

  platform         = var.platform
  name             = local.name
  function         = "deliver_webhook"
  description      = "Brings messages of ${var.task_type} to ${var.partner}"
  kms_via_services = ["dynamodb", "secretsmanager", "sqs"]
  timeout_seconds  = local.deliver_timeout_seconds
  network          = var.platform.webhook_network

  environment_variables = {
    CALLBACK_TABLE        = var.platform.callback_table.name
    DEAD_LETTER_QUEUE_URL = aws_sqs_queue.dead_letter.url
    PARTNER               = var.partner
    PARTNERS              = var.partners
    REPORT_QUEUE_URL      = var.platform.report_queue.url
    SIGNING_SECRET_ARN    = aws_secretsmanager_secret.signing.arn
    TASK_TYPE             = var.task_type
    WEBHOOK_ADDRESSES     = local.loopback ? "LOOPBACK" : "PUBLIC"
    WEBHOOK_QUEUE_URL     = aws_sqs_queue.this.url
    WEBHOOK_URL           = var.webhook_url
  }

  permissions = local.permissions
}

# One message at a time: a call takes up to 20 seconds, and a slow one must not delay those behind it.
resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn        = aws_sqs_queue.this.arn
  function_name           = module.deliver_webhook.arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.max_concurrency
  }
}
