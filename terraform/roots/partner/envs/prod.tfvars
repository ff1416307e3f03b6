account_id  = "666666666666"
environment = "prod"
name_prefix = "acme-shipping-prod"
region      = "eu-west-1"

alarm_topic_arns = ["arn:aws:sns:eu-west-1:666666666666:acme-shipping-alarms"]

subscriptions = {
  ORDER_SHIPPING_SERVICE = {
    topic_arn         = "arn:aws:sns:eu-west-1:555555555555:callbacks-prod-order-shipping-service"
    callback_role_arn = "arn:aws:iam::555555555555:role/callback-channels/callbacks-prod-order-shipping-service-acme-shipping"
  }
}
