locals {
  callback_timeout_seconds = 28 # API Gateway gives up after 29.

  # SendTask* takes a token, not a state machine: AWS can tell whose it is, a local engine may not.
  send_task_resources = var.scope_send_task ? local.state_machine_arns : ["*"]

  complete_callbacks = {
    CloseTasks = local.table_access.change
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

  functions = {
    close_execution = {
      description = "Closes the pending callback tasks of an execution that has failed, timed out or been aborted, and marks its order."
      environment_variables = {
        CALLBACK_TABLE = aws_dynamodb_table.callback_tasks.name
        ORDERS_TABLE   = aws_dynamodb_table.orders.name
      }
      kms_via_services = ["dynamodb", "sqs", "states"]
      permissions = {
        CloseTasks = local.table_access.close
        FindTasks  = local.table_access.read_without_token
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
      retried         = true
      timeout_seconds = 60
    }

    # For operators, who may invoke it: nothing else does.
    erase_order = {
      description = "Erases one order and its callback tasks, once nobody works on it."
      environment_variables = {
        CALLBACK_TABLE     = aws_dynamodb_table.callback_tasks.name
        DEAD_LETTER_DAYS   = tostring(var.dead_letter_days)
        LOG_RETENTION_DAYS = tostring(var.log_retention_days)
        ORDERS_TABLE       = aws_dynamodb_table.orders.name
      }
      kms_via_services = ["dynamodb"]
      permissions = {
        DescribeExecutions = {
          actions   = ["states:DescribeExecution"]
          resources = local.execution_arns
        }
        EraseOrder = {
          actions   = ["dynamodb:DeleteItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
        EraseTasks = local.table_access.erase
        FindOrder = {
          actions   = ["dynamodb:Query"]
          resources = [aws_dynamodb_table.orders.arn]
          conditions = [
            { test = "ForAllValues:StringEquals", variable = "dynamodb:Attributes", values = ["execution_arn", "order_id"] },
            { test = "StringEqualsIfExists", variable = "dynamodb:Select", values = ["SPECIFIC_ATTRIBUTES"] },
          ]
        }
        FindTasks = local.table_access.read_without_token
      }
      timeout_seconds = 60
    }

    end_subscriptions = {
      description           = "Ends the subscriptions of accounts that are no partners any more, every half an hour."
      environment_variables = { CALLBACK_TABLE = aws_dynamodb_table.callback_tasks.name }
      kms_via_services      = ["dynamodb"]
      permissions = {
        EndSubscriptions = {
          actions   = ["sns:Unsubscribe"]
          resources = ["*"] # SNS has no resource to name here.
        }
        FindSubscriptions = {
          actions   = ["sns:ListSubscriptionsByTopic"]
          resources = ["arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name_prefix}-*"]
        }
        FindRegistrations = local.table_access.find_registrations
        ReadRegistrations = local.table_access.read_registrations
      }
      timeout_seconds = 300
    }

    external_callback = {
      description = "Takes a partner's callback: records the outcome and resumes the workflow."
      environment_variables = {
        CALLBACK_TABLE       = aws_dynamodb_table.callback_tasks.name
        REDELIVERY_QUEUE_URL = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs", "states"]
      permissions = merge(local.complete_callbacks, {
        QueueForRedelivery = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery.arn]
        }
        TakeReports = {
          actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
          resources = [aws_sqs_queue.reports.arn]
        }
      })
      memory_mb            = var.external_callback.memory_mb
      reserved_concurrency = var.external_callback.reserved_concurrency == -1 ? null : var.external_callback.reserved_concurrency
      timeout_seconds      = local.callback_timeout_seconds
    }

    get_order_metadata = {
      description = "Takes an order up for the workflow: reads it, and notes which execution works on it."
      environment_variables = {
        ORDER_RETENTION_DAYS = tostring(coalesce(var.order_retention_days, 0))
        ORDERS_TABLE         = aws_dynamodb_table.orders.name
      }
      kms_via_services = ["dynamodb"]
      permissions = {
        TakeUpOrder = {
          actions   = ["dynamodb:UpdateItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
      }
      timeout_seconds = 30
    }

    # For operators, who may invoke it: nothing else does.
    operate = {
      description = "Acts for operators: reports on tasks, switches channels, redrives executions and dead letters, and records who and why."
      environment_variables = {
        CALLBACK_TABLE           = aws_dynamodb_table.callback_tasks.name
        CLOSE_EXECUTION_FUNCTION = "${var.name_prefix}-close-execution"
        QUEUE_URL_PREFIX         = trimsuffix(aws_sqs_queue.redelivery.url, "redelivery")
        REDELIVERY_QUEUE_URL     = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs", "states"]
      permissions = merge(local.complete_callbacks, {
        CloseExecutions = {
          actions   = ["lambda:InvokeFunction"]
          resources = ["arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name_prefix}-close-execution"]
        }
        QueueForRedelivery = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery.arn] # Webhooks' queues let it send by their own policies.
        }
        RedriveExecutions = {
          actions   = ["states:RedriveExecution"]
          resources = local.execution_arns
        }
        SwitchChannels = local.table_access.switch
        WorkOffLetters = {
          actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]
          resources = ["${local.queue_arn_prefix}*-dead-letter"]
        }
      })
      timeout_seconds = 150 # A letter of close_execution takes up to 65.
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
      kms_via_services = ["dynamodb", "states"]
      permissions = {
        FindTasks = local.table_access.read_without_token
        FindWaits = {
          actions   = ["states:ListExecutions"]
          resources = local.state_machine_arns
        }
        ReadHistories = {
          actions   = ["states:GetExecutionHistory"]
          resources = local.execution_arns
        }
        ReadRegistrations = local.table_access.read_registrations
        RegisterTasks     = local.table_access.register
      }
      timeout_seconds = 300 # It starts a page of executions while it has two minutes left.
    }

    reconcile_tasks = {
      description = "Closes tasks whose wait has timed out though nobody said so, every five minutes, and marks their orders."
      environment_variables = {
        CALLBACK_TABLE = aws_dynamodb_table.callback_tasks.name
        ORDERS_TABLE   = aws_dynamodb_table.orders.name
      }
      kms_via_services = ["dynamodb", "states"]
      permissions = {
        CloseTasks = local.table_access.close
        DescribeExecutions = {
          actions   = ["states:DescribeExecution"]
          resources = local.execution_arns
        }
        FindOverdueTasks = local.table_access.query_index
        FindTasks        = local.table_access.read_without_token
        MarkOrder = {
          actions   = ["dynamodb:UpdateItem"]
          resources = [aws_dynamodb_table.orders.arn]
        }
      }
      retried         = true
      timeout_seconds = 280 # Ends before the next run starts.
    }

    redeliver_callback = {
      description = "Delivers recorded outcomes that the workflow service did not take at first."
      environment_variables = {
        CALLBACK_TABLE        = aws_dynamodb_table.callback_tasks.name
        DEAD_LETTER_QUEUE_URL = aws_sqs_queue.redelivery_dead_letter.url
        REDELIVERY_QUEUE_URL  = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs", "states"]
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
      description = "Queues recorded outcomes that were never queued, every minute, and measures what is open."
      environment_variables = {
        CALLBACK_TABLE       = aws_dynamodb_table.callback_tasks.name
        REDELIVERY_QUEUE_URL = aws_sqs_queue.redelivery.url
      }
      kms_via_services = ["dynamodb", "sqs"]
      permissions = {
        FindDueTasks  = local.table_access.query_index
        LeaseDueTasks = local.table_access.lease
        QueueForRedelivery = {
          actions   = ["sqs:SendMessage"]
          resources = [aws_sqs_queue.redelivery.arn]
        }
        ReadDueTasks = local.table_access.read_without_token
      }
      retried         = true
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
  memory_mb             = lookup(each.value, "memory_mb", null)
  permissions           = each.value.permissions
  reserved_concurrency  = lookup(each.value, "reserved_concurrency", null)
  retried               = lookup(each.value, "retried", null)
  timeout_seconds       = each.value.timeout_seconds
}
