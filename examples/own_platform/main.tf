module "platform" {
  source = "../../terraform/modules/platform"

  environment    = "dev"
  name_prefix    = "parcels-dev"
  oauth2_clients = { ORDER_FRAUD_REVIEW = 1 }
  package        = merge(var.package, { path = "${path.root}/../../${var.package.path}" })
  problems       = jsondecode(file("${path.root}/../../lambdas/callbacks/runtime/problems.json"))
  secret_readers = ["arn:aws:iam::333333333333:role/deploy"]
  workflow_names = ["ship-order"]
}

module "order_shipping" {
  source = "../../terraform/modules/callback-channel"

  platform  = module.platform.platform
  task_type = "ORDER_SHIPPING_SERVICE"
  settings  = { payload_event_key = "order_contents", timeout_seconds = 86400 }

  partners = {
    acme-shipping = { account_id = "222222222222", external_id = "c8f0a6d2-5b1e-4f57-9d0c-1f2f7c0b6a31" }
  }
  schemas = {
    v1 = {
      callback = file("${path.root}/../../schemas/ORDER_SHIPPING_SERVICE/v1/callback.schema.json")
      request  = file("${path.root}/../../schemas/ORDER_SHIPPING_SERVICE/v1/request.schema.json")
    }
  }
}

module "order_review" {
  source = "../../terraform/modules/callback-channel"

  platform  = module.platform.platform
  task_type = "ORDER_FRAUD_REVIEW"
  settings  = { auth = "OAUTH2", payload_event_key = "order_contents", timeout_seconds = 3600 }

  partners = {
    sentinel-review = { webhook_url = "https://hooks.sentinel-review.example/callback-tasks" }
  }
  schemas = {
    v1 = {
      callback = file("${path.root}/../../schemas/ORDER_FRAUD_REVIEW/v1/callback.schema.json")
      request  = file("${path.root}/../../schemas/ORDER_FRAUD_REVIEW/v1/request.schema.json")
    }
  }
}

module "ship_order" {
  source = "../../terraform/modules/workflow"

  platform = module.platform.platform
  name     = "ship-order"

  definition = jsonencode({
    StartAt = "Review"
    States = {
      Review = merge(module.order_review.wait_state, {
        ResultPath = "$.review"
        Next       = "Ship"
      })
      Ship = merge(module.order_shipping.wait_state, {
        ResultPath = "$.shipping"
        Catch = [
          { ErrorEquals = ["TaskAlreadyPending"], ResultPath = "$.error", Next = "OrderAlreadyInProgress" },
        ]
        End = true
      })
      OrderAlreadyInProgress = { Type = "Fail", Error = "TaskAlreadyPending", CausePath = "States.JsonToString($.error)" }
    }
  })
}

module "release" {
  source = "../../terraform/modules/api-release"

  platform   = module.platform.platform
  throttling = { burst_limit = 200, rate_limit = 100 }

  channels = {
    ORDER_FRAUD_REVIEW     = module.order_review.release
    ORDER_SHIPPING_SERVICE = module.order_shipping.release
  }
}

module "dashboard" {
  source = "../../terraform/modules/dashboard"

  platform   = module.platform.platform
  task_types = ["ORDER_FRAUD_REVIEW", "ORDER_SHIPPING_SERVICE"]
}
