locals {
  # SendTask* takes a token, not a state machine: AWS can tell whose it is, a local engine may not.
  send_task_resources = var.scope_send_task ? local.state_machine_arns : ["*"]

  complete_callbacks = {
    CloseTasks = local.change_tasks
    ReadTasks = {
      actions   = ["dynamodb:GetItem"]
      resources = [aws_dynamodb_table.callback_tasks.arn]
    }
    SendTaskResults = {
      actions   = ["states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"]
      resources = local.send_task_resources
    }
    SettleFromHistory = {
      actions   = ["states:DescribeExecution", "states:GetExecutionHistory"]
      resources = local.execution_arns
    }
  }

  # Registrations are Terraform's to write. The key is part of every UpdateItem and PutItem on AWS; the local engine does not have it.
  change_tasks = {
    actions   = ["dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.callback_tasks.arn]
    conditions = [
      { test = "ForAllValues:StringNotLike", variable = "dynamodb:LeadingKeys", values = ["#*"] },
    ]
  }

  # Tokens are for the functions that send them.
  read_without_token = {
    actions   = ["dynamodb:Query"]
    resources = [aws_dynamodb_table.callback_tasks.arn]
    conditions = [
      {
        test     = "ForAllValues:StringEquals"
        variable = "dynamodb:Attributes"
        values = [
          "attempts", "callback_id", "callback_id_required", "claimed_at", "closed_at", "deadline", "due_at", "execution_arn", "order_id", "outcome",
          "outcome_digest", "outcome_is_final", "outcome_status", "principal", "prior_digests", "queued_at", "requested_at", "retention_seconds", "sends", "status", "task_type", "ttl", "version",
          "work_id",
        ]
      },
      { test = "StringEqualsIfExists", variable = "dynamodb:Select", values = ["SPECIFIC_ATTRIBUTES"] },
    ]
  }

  query_index = {
    actions   = ["dynamodb:Query"]
    resources = ["${aws_dynamodb_table.callback_tasks.arn}/index/due"]
  }

  functions = {
    close_execution = {
      description = "Closes the pending callback tasks of an execution that has failed, timed out or been aborted, and marks its order."
      environment_variables = {
        CALLBACK_TABLE = aws_dynamodb_table.callback_tasks.name
        ORDERS_TABLE   = aws_dynamodb_table.orders.name
      }
      kms_via_services = ["dynamodb", "sqs"]
      permissions = {
        CloseTasks = local.change_tasks
        FindTasks  = local.read_without_token
        KeepEventsThatFail = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.close_execution_dead_letter.arn]
        }
        MarkOrder = {
          actions   = ["dynamodb:UpdateItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
        DescribeExecutions = {
          actions   = ["states:DescribeExecution"]
          resources = local.execution_arns
        }
      }
      timeout_seconds = 60
    }

    external_callback = {
      description = "Takes a partner's callback: records the outcome and resumes the workflow."
      environment_variables = {
        CALLBACK_TABLE       = aws_dynamodb_table.callback_tasks.name
        REDELIVERY_QUEUE_URL = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs"]
      permissions = merge(local.complete_callbacks, {
        QueueForRedelivery = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery.arn]
        }
      })
      timeout_seconds = 28 # API Gateway gives up after 29.
    }

    get_order_metadata = {
      description           = "Takes an order up for the workflow: reads it, and notes which execution works on it."
      environment_variables = { ORDERS_TABLE = aws_dynamodb_table.orders.name }
      kms_via_services      = ["dynamodb"]
      permissions = {
        TakeUpOrder = {
          actions   = ["dynamodb:UpdateItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
      }
      timeout_seconds = 30
    }

    process_shipping_result = {
      description           = "Writes the shipping partner's result to the order."
      environment_variables = { ORDERS_TABLE = aws_dynamodb_table.orders.name }
      kms_via_services      = ["dynamodb"]
      permissions = {
        UpdateOrder = {
          actions   = ["dynamodb:UpdateItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
      }
      timeout_seconds = 30
    }

    # For operators, who may invoke it: nothing else does.
    rebuild_tasks = {
      description = "Rebuilds the records of all waits that are open, after the table was lost or restored."
      environment_variables = {
        CALLBACK_TABLE     = aws_dynamodb_table.callback_tasks.name
        RETENTION_DAYS     = tostring(var.retention_days)
        STATE_MACHINE_ARNS = join(",", local.state_machine_arns)
      }
      kms_via_services = ["dynamodb"]
      permissions = {
        FindTasks = local.read_without_token
        FindWaits = {
          actions   = ["states:ListExecutions"]
          resources = local.state_machine_arns
        }
        ReadHistories = {
          actions   = ["states:GetExecutionHistory"]
          resources = local.execution_arns
        }
        ReadRegistrations = {
          actions   = ["dynamodb:GetItem"]
          resources = [aws_dynamodb_table.callback_tasks.arn]
          conditions = [
            { test = "ForAllValues:StringEquals", variable = "dynamodb:LeadingKeys", values = ["#CHANNEL"] },
          ]
        }
        RegisterTasks = merge(local.change_tasks, {
          actions = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        })
      }
      timeout_seconds = 300 # It starts a page of executions while it has two minutes left.
    }

    reconcile_tasks = {
      description = "Closes tasks whose wait has timed out though nobody said so, every five minutes, and marks their orders."
      environment_variables = {
        CALLBACK_TABLE = aws_dynamodb_table.callback_tasks.name
        ORDERS_TABLE   = aws_dynamodb_table.orders.name
      }
      kms_via_services = ["dynamodb"]
      permissions = {
        CloseTasks = local.change_tasks
        DescribeExecutions = {
          actions   = ["states:DescribeExecution"]
          resources = local.execution_arns
        }
        FindOverdueTasks = local.query_index
        FindTasks        = local.read_without_token
        MarkOrder = {
          actions   = ["dynamodb:UpdateItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
      }
      timeout_seconds = 280 # Ends before the next run starts.
    }

    redeliver_callback = {
      description = "Delivers recorded outcomes that the workflow service did not take at first."
      environment_variables = {
        CALLBACK_TABLE        = aws_dynamodb_table.callback_tasks.name
        DEAD_LETTER_QUEUE_URL = aws_sqs_queue.redelivery_dead_letter.url
        REDELIVERY_QUEUE_URL  = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs"]
      permissions = merge(local.complete_callbacks, {
        GiveUp = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery_dead_letter.arn]
        }
        WorkOnQueue = {
          actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery.arn]
        }
      })
      timeout_seconds = local.redeliver_timeout_seconds
    }

    sweep_due_callbacks = {
      description = "Queues recorded outcomes that were never queued, every minute."
      environment_variables = {
        CALLBACK_TABLE       = aws_dynamodb_table.callback_tasks.name
        REDELIVERY_QUEUE_URL = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs"]
      permissions = {
        FindDueTasks  = local.query_index
        ReadDueTasks  = local.read_without_token
        LeaseDueTasks = local.change_tasks
        QueueForRedelivery = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery.arn]
        }
      }
      timeout_seconds = 50 # Ends before the next sweep starts.
    }
  }
}

module "function" {
  source   = "../lambda-function"
  for_each = local.functions

  platform              = local.settings
  name                  = "${var.name_prefix}-${replace(each.key, "_", "-")}"
  function              = each.key
  description           = each.value.description
  environment_variables = each.value.environment_variables
  kms_via_services      = each.value.kms_via_services
  permissions           = each.value.permissions
  timeout_seconds       = each.value.timeout_seconds
}
