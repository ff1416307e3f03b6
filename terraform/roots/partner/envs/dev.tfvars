account_id  = "444444444444"
environment = "dev"
name_prefix = "acme-shipping-dev"
region      = "eu-west-1"

subscriptions = {
  ORDER_SHIPPING_SERVICE = {
    topic_arn         = "arn:aws:sns:eu-west-1:333333333333:callbacks-dev-order-shipping-service"
    callback_role_arn = "arn:aws:iam::333333333333:role/callbacks-dev-order-shipping-service-acme-shipping"
  }
}
