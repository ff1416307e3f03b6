locals {
  redeliver_timeout_seconds = 150 # The slowest try takes 125: tests/adapters/test_time_outs.py has the sum.
}

resource "aws_sqs_queue" "redelivery" {
  name                       = "${var.name_prefix}-redelivery"
  kms_master_key_id          = aws_kms_key.this.arn
  message_retention_seconds  = 6 * 3600                            # QUEUE_KEEPS_SECONDS of domain/task.py: then the sweep queues what is still recorded anew.
  visibility_timeout_seconds = 6 * local.redeliver_timeout_seconds # What Lambda asks of an event source.
}

# By itself, so that the two queues are made at the same time.
resource "aws_sqs_queue_redrive_policy" "redelivery" {
  queue_url = aws_sqs_queue.redelivery.url

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.redelivery_dead_letter.arn
    maxReceiveCount     = 1000 # The most there is, and more than fit into the queue's retention: the function gives up, by the task's deadline.
  })
}

resource "aws_sqs_queue" "redelivery_dead_letter" {
  name                      = "${var.name_prefix}-redelivery-dead-letter"
  kms_master_key_id         = aws_kms_key.this.arn
  message_retention_seconds = var.dead_letter_days * 24 * 3600
}

resource "aws_sqs_queue_redrive_allow_policy" "redelivery_dead_letter" {
  queue_url = aws_sqs_queue.redelivery_dead_letter.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.redelivery.arn]
  })
}

resource "aws_lambda_event_source_mapping" "redelivery" {
  event_source_arn        = aws_sqs_queue.redelivery.arn
  function_name           = module.function["redeliver_callback"].arn
  batch_size              = 1 # A try may read a long history: it delays no other.
  function_response_types = ["ReportBatchItemFailures"]

  # Redelivery follows a throttled workflow service: it must not be what keeps it throttled.
  scaling_config {
    maximum_concurrency = 10
  }
}
