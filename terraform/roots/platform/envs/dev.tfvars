account_id  = "333333333333"
environment = "dev"
name_prefix = "callbacks-dev"
region      = "eu-west-1"

log_retention_days   = 30
order_retention_days = 30
retention_days       = 30
secret_readers       = ["arn:aws:iam::333333333333:role/deploy"]

partners = {
  acme-shipping = {
    account_id  = "444444444444"
    external_id = "c8f0a6d2-5b1e-4f57-9d0c-1f2f7c0b6a31"
  }
  sentinel-review = {
    webhook_url = "https://sandbox.sentinel-review.example/callback-tasks"
  }
}
