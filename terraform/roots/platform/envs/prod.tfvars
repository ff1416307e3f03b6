account_id  = "555555555555"
environment = "prod"
name_prefix = "callbacks-prod"
region      = "eu-west-1"

alarm_topic_arns     = ["arn:aws:sns:eu-west-1:555555555555:platform-alarms"]
log_retention_days   = 365
order_retention_days = 2555 # Seven years.
permissions_boundary = "arn:aws:iam::555555555555:policy/platform-boundary"
retention_days       = 365
role_path            = "/callback-channels/"
secret_readers       = ["arn:aws:iam::555555555555:role/callback-channels/deploy"]

custom_domain = {
  certificate_arn = "arn:aws:acm:eu-west-1:555555555555:certificate/2f1c6f0e-8a0b-4f0e-9d53-6d1a2f5b7c90"
  domain_name     = "callbacks.example.com"
}

external_callback = { reserved_concurrency = 600 }

partners = {
  acme-shipping = {
    account_id  = "666666666666"
    external_id = "0b9d4c1e-7a35-4c48-8c6e-52e6b7d0f9a4"
  }
  sentinel-review = {
    webhook_url = "https://hooks.sentinel-review.example/callback-tasks"
  }
}

throttling = {
  burst_limit = 500
  rate_limit  = 500
}
