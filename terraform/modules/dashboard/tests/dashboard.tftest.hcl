mock_provider "aws" {}

variables {
  platform = {
    metric_namespace = "CallbackChannels/callbacks-dev"
    name_prefix      = "callbacks-dev"
    region           = "eu-west-1"
  }
  task_types = ["ORDER_FRAUD_REVIEW", "ORDER_SHIPPING_SERVICE"]
}

run "has_the_platform_s_rows_and_a_row_a_channel" {
  assert {
    condition = [for widget in jsondecode(aws_cloudwatch_dashboard.this["callbacks-dev-channels"].dashboard_body).widgets : widget.properties.title if widget.x == 0] == [
      "All channels: waiting", "ORDER_FRAUD_REVIEW: waiting", "ORDER_SHIPPING_SERVICE: waiting", "All channels: held and delivered again",
    ]
    error_message = "Each channel must have a row of its own, below those of the platform."
  }

  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this["callbacks-dev-channels"].dashboard_body).widgets : [widget.x, widget.y]])) == 15
    error_message = "No widget may lie on another."
  }
}

run "holds_200_channels" {
  variables {
    task_types = [for number in range(200) : "A_TASK_TYPE_OF_THE_GREATEST_LENGTH_${format("%05d", number)}"]
  }

  assert {
    condition     = keys(aws_cloudwatch_dashboard.this) == ["callbacks-dev-channels", "callbacks-dev-channels-2"] && output.names == keys(aws_cloudwatch_dashboard.this)
    error_message = "A hundred channels fit into a dashboard."
  }

  assert {
    condition = alltrue([for dashboard in aws_cloudwatch_dashboard.this :
      length(jsondecode(dashboard.dashboard_body).widgets) <= 500
      && length(flatten([for widget in jsondecode(dashboard.dashboard_body).widgets : [for metric in widget.properties.metrics : 1]])) <= 2500
      && length(dashboard.dashboard_body) <= 1000000
    ])
    error_message = "CloudWatch takes 500 widgets, 2,500 metrics and a megabyte a dashboard."
  }
}

run "has_the_platform_s_rows_without_channels" {
  variables {
    task_types = []
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this["callbacks-dev-channels"].dashboard_body).widgets) == 7
    error_message = "The platform's rows depend on no channel."
  }
}
