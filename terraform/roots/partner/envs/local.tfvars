account_id  = "222222222222"
environment = "local"
name_prefix = "acme-shipping-local"
region      = "eu-west-1"

subscriptions = {
  ORDER_SHIPPING_SERVICE = {
    topic_arn         = "arn:aws:sns:eu-west-1:111111111111:callbacks-local-order-shipping-service"
    callback_role_arn = "arn:aws:iam::111111111111:role/callbacks-local-order-shipping-service-acme-shipping"
  }
}
