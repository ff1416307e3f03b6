# What a function may do with CallbackTasks: statements, one for each way to use it. Registrations, which share the table, are Terraform's to write.
locals {
  is_no_registration = { test = "ForAllValues:StringNotLike", variable = "dynamodb:LeadingKeys", values = ["#*"] }
  is_registration    = { test = "ForAllValues:StringEquals", variable = "dynamodb:LeadingKeys", values = ["#CHANNEL"] }
  returns_nothing    = { test = "StringEqualsIfExists", variable = "dynamodb:ReturnValues", values = ["NONE"] }
  returns_some       = { test = "StringEqualsIfExists", variable = "dynamodb:Select", values = ["SPECIFIC_ATTRIBUTES"] }

  # What a registration has: no outcome, no digest of one, and nobody who reported it.
  registered_attributes = [
    "attempts", "callback_id", "callback_id_required", "deadline", "due_at", "due_shard", "execution_arn", "order_id", "prior_digests", "requested_at",
    "retention_seconds", "sends", "status", "task_token", "task_type", "ttl", "version", "work_id",
  ]
  closed_attributes = concat([for name in local.registered_attributes : name if name != "task_token"], ["closed_at"])
  leased_attributes = ["attempts", "due_at", "due_shard", "order_id", "outcome_status", "queued_at", "task_type", "ttl", "version"]
  read_attributes = [
    "attempts", "callback_id", "callback_id_required", "claimed_at", "closed_at", "deadline", "due_at", "execution_arn", "order_id", "outcome",
    "outcome_digest", "outcome_is_final", "outcome_status", "principal", "prior_digests", "queued_at", "reported_code", "reported_status", "requested_at", "retention_seconds", "sends", "status",
    "task_type", "ttl", "version", "work_id",
  ]

  table_access = {
    # Outcomes are for the functions that take and send them.
    change = {
      actions    = ["dynamodb:UpdateItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_no_registration]
    }

    # By whole records: a PutItem names what it writes, and does not have to name what it removes.
    close = {
      actions    = ["dynamodb:PutItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_no_registration, local.returns_nothing, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = local.closed_attributes }]
    }

    erase = {
      actions    = ["dynamodb:DeleteItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_no_registration, local.returns_nothing]
    }

    find_registrations = {
      actions    = ["dynamodb:Query"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_registration, local.returns_some, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = local.read_attributes }]
    }

    lease = {
      actions    = ["dynamodb:UpdateItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_no_registration, local.returns_nothing, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = local.leased_attributes }]
    }

    query_index = {
      actions    = ["dynamodb:Query"]
      resources  = ["${aws_dynamodb_table.callback_tasks.arn}/index/due"]
      conditions = []
    }

    # A condition on all values holds where there are none, and one "if it exists" where it does not: people are refused what does not say what it reads.
    list_by_hand = {
      actions    = ["dynamodb:Query"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_registration, { test = "Null", variable = "dynamodb:LeadingKeys", values = ["false"] }]
    }

    read_by_hand = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:Query"]
      resources = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [
        { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = local.read_attributes },
        { test = "Null", variable = "dynamodb:Attributes", values = ["false"] },
        { test = "StringEquals", variable = "dynamodb:Select", values = ["SPECIFIC_ATTRIBUTES"] },
      ]
    }

    read_registrations = {
      actions    = ["dynamodb:GetItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_registration]
    }

    # Whether somebody waits for an attempt, and no more.
    read_status = {
      actions    = ["dynamodb:GetItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.returns_some, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = ["callback_id", "order_id", "status", "task_type"] }]
    }

    # Tokens are for the functions that send them.
    read_without_token = {
      actions    = ["dynamodb:Query"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.returns_some, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = local.read_attributes }]
    }

    register = {
      actions    = ["dynamodb:PutItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_no_registration, local.returns_nothing, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = local.registered_attributes }]
    }

    # Whether a channel takes new tasks, and no more of its registration.
    switch = {
      actions    = ["dynamodb:UpdateItem"]
      resources  = [aws_dynamodb_table.callback_tasks.arn]
      conditions = [local.is_registration, local.returns_nothing, { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = ["enabled", "order_id", "task_type"] }]
    }
  }
}
