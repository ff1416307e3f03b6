resource "aws_dynamodb_table" "callback_tasks" {
  name                        = "${var.name_prefix}-CallbackTasks"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = var.deletion_protection
  hash_key                    = "order_id"
  range_key                   = "task_type"

  attribute {
    name = "due_at"
    type = "N"
  }

  attribute {
    name = "due_shard"
    type = "S"
  }

  attribute {
    name = "order_id"
    type = "S"
  }

  attribute {
    name = "task_type"
    type = "S"
  }

  # Sparse: holds what is open, by when somebody must look at it: outcomes to deliver or settle in the partitions 0 to 7, and waits, by their
  # deadlines, in TASK_TYPE#0 to TASK_TYPE#3. No token and no outcome is in it.
  global_secondary_index {
    name            = "due"
    hash_key        = "due_shard"
    range_key       = "due_at"
    projection_type = "KEYS_ONLY"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }
}

# An order has `expires_at` once a workflow has ended it; one that is still open has none.
resource "aws_dynamodb_table" "orders" {
  name                        = "${var.name_prefix}-Orders"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = var.deletion_protection
  hash_key                    = "order_id"

  attribute {
    name = "order_id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }
}
