account_id = "555555555555"
region     = "eu-west-1"

permissions_boundary = "arn:aws:iam::555555555555:policy/platform-boundary"
role_path            = "/callback-channels/"
