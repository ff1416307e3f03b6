locals {
  task_types = {
    ORDER_FRAUD_REVIEW = {
      auth              = "OAUTH2"
      partners          = ["sentinel-review"]
      payload_event_key = "order_contents"
      timeout_seconds   = 3600
    }
    ORDER_SHIPPING_SERVICE = {
      auth                = "AWS_IAM"
      partners            = ["acme-shipping"]
      payload_event_key   = "order_contents"
      require_callback_id = false
      timeout_seconds     = 86400
    }
  }
}
