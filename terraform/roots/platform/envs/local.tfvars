account_id  = "111111111111"
environment = "local"
name_prefix = "callbacks-local"
region      = "eu-west-1"

deletion_protection  = false
log_retention_days   = 1
order_retention_days = 7
retention_days       = 7
scope_send_task      = false # The local engine evaluates states:SendTask* against "*" only.
secret_readers       = ["arn:aws:iam::111111111111:root"]

partners = {
  acme-shipping = {
    account_id  = "222222222222"
    external_id = "local-acme-shipping"
  }
  sentinel-review = {
    webhook_url = "/sentinel-review"
  }
}
