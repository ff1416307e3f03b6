data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  dns_suffix = data.aws_partition.current.dns_suffix
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.name

  # Computed from the names, so that the functions do not wait for the workflows that call them.
  execution_arns     = [for name in sort(var.workflow_names) : "arn:${local.partition}:states:${local.region}:${local.account_id}:execution:${var.name_prefix}-${name}:*"]
  state_machine_arns = [for name in sort(var.workflow_names) : "arn:${local.partition}:states:${local.region}:${local.account_id}:stateMachine:${var.name_prefix}-${name}"]

  queue_arn_prefix = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${var.name_prefix}-"

  # What every function and every channel gets.
  settings = {
    account_id          = local.account_id
    alarm_actions       = var.alarm_topic_arns
    code_signing_config = var.code_signing_config
    dead_letter_days    = var.dead_letter_days
    environment         = var.environment
    kms_key_arn         = aws_kms_key.this.arn
    log_level           = var.log_level
    log_retention_days  = var.log_retention_days
    metric_namespace    = "CallbackChannels/${var.name_prefix}"
    name_prefix         = var.name_prefix
    package = {
      architecture  = var.package.architecture
      runtime       = var.package.runtime
      s3_bucket     = aws_s3_object.package.bucket
      s3_key        = aws_s3_object.package.key
      sha256_base64 = var.package.sha256_base64
    }
    partition            = local.partition
    permissions_boundary = var.permissions_boundary
    region               = local.region
    retention_days       = var.retention_days
    role_path            = var.role_path
    runbook_url          = var.runbook_url
    secret_readers       = sort(var.secret_readers)
    webhook_network      = var.webhook_network
  }
}
