account_id = "333333333333"
region     = "eu-west-1"
