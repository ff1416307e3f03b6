locals {
  # CloudWatch takes 500 widgets and 2,500 metrics a dashboard: a row has 4 and 15.
  pages = length(var.task_types) == 0 ? [[]] : chunklist(sort(var.task_types), 100)
  dashboards = { for index, page in local.pages :
    "${var.platform.name_prefix}-channels${index == 0 ? "" : "-${index + 1}"}" => page
  }

  # Title => metrics with what differs from a sum over the widget's period. The same of a channel and of the platform as a whole.
  row = {
    "waiting" = [
      ["OpenTasks", { stat = "Maximum" }],
      ["OverdueTasks", { stat = "Maximum" }],
      ["HeldOutcomes", { stat = "Maximum" }],
      ["OldestOpenSeconds", { stat = "Maximum", yAxis = "right" }],
    ]
    "asked and called back" = [
      ["TasksDispatched", {}],
      ["CallbacksSucceeded", {}],
      ["CallbacksFailed", {}],
      ["TasksExpired", {}],
      ["TasksUndeliverable", {}],
    ]
    "refused" = [
      ["CallbacksRefused", {}],
      ["CallbackErrors", {}],
      ["DispatchesRefused", {}],
      ["DispatchesUnavailable", {}],
    ]
    "time to callback, in seconds" = [
      ["TimeToCallback", { label = "half of them within", stat = "p50" }],
      ["TimeToCallback", { label = "99 % within", stat = "p99" }],
    ]
  }
  columns = ["waiting", "asked and called back", "refused", "time to callback, in seconds"]

  # What only the platform as a whole has, below its row. A search takes names with hyphens in quotes only.
  platform_row = {
    "refused, by problem" = [[{ expression = "SEARCH('{\"${var.platform.metric_namespace}\",\"problem\"} MetricName=\"CallbacksRefused\"', 'Sum', 300)", id = "problems" }]]
    "tries that webhooks refused, by partner" = [[{
      expression = "SEARCH('{\"${var.platform.metric_namespace}\",\"partner\",\"task_type\"} MetricName=\"WebhooksRefused\"', 'Sum', 300)"
      id         = "webhooks"
    }]]
    "held and delivered again" = [
      [var.platform.metric_namespace, "OutcomesHeld", {}],
      [var.platform.metric_namespace, "OutcomesRequeued", {}],
      [var.platform.metric_namespace, "RedeliveriesTried", {}],
      [var.platform.metric_namespace, "OldestHeldSeconds", { stat = "Maximum", yAxis = "right" }],
    ]
  }

  height     = 5
  properties = { period = 300, region = var.platform.region, stat = "Sum", view = "timeSeries" }
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = local.dashboards

  dashboard_name = each.key
  dashboard_body = jsonencode({
    widgets = concat(
      flatten([for line, owner in concat(["All channels"], each.value) : [for column, title in local.columns : {
        type   = "metric"
        x      = column * 6
        y      = line == 0 ? 0 : (line + 1) * local.height # The platform's second row comes between.
        width  = 6
        height = local.height
        properties = merge(local.properties, {
          title   = "${owner}: ${title}"
          metrics = [for metric in local.row[title] : concat([var.platform.metric_namespace, metric[0]], line == 0 ? [] : ["task_type", owner], [metric[1]])]
        })
      }]]),
      [for column, title in keys(local.platform_row) : {
        type       = "metric"
        x          = column * 8
        y          = local.height
        width      = 8
        height     = local.height
        properties = merge(local.properties, { title = "All channels: ${title}", metrics = local.platform_row[title] })
      }],
    )
  })
}
