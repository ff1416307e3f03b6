# Webhooks' functions report here what no endpoint took; external_callback, which alone records outcomes, fails the task. SQS says who sent a report.
resource "aws_sqs_queue" "reports" {
  name                       = "${var.name_prefix}-reports"
  kms_master_key_id          = aws_kms_key.this.arn
  message_retention_seconds  = 14 * 24 * 3600
  visibility_timeout_seconds = 6 * local.callback_timeout_seconds # What Lambda asks of an event source.
}

resource "aws_sqs_queue_redrive_policy" "reports" {
  queue_url = aws_sqs_queue.reports.url

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.reports_dead_letter.arn
    maxReceiveCount     = 1000 # Two days of tries: no wait is failed for an outage.
  })
}

resource "aws_sqs_queue" "reports_dead_letter" {
  name                      = "${var.name_prefix}-reports-dead-letter"
  kms_master_key_id         = aws_kms_key.this.arn
  message_retention_seconds = var.dead_letter_days * 24 * 3600
}

resource "aws_sqs_queue_redrive_allow_policy" "reports_dead_letter" {
  queue_url = aws_sqs_queue.reports_dead_letter.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.reports.arn]
  })
}

resource "aws_lambda_event_source_mapping" "reports" {
  event_source_arn        = aws_sqs_queue.reports.arn
  function_name           = module.function["external_callback"].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  # Partners' callbacks come first.
  scaling_config {
    maximum_concurrency = 2
  }
}
