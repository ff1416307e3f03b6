module "deploy_role" {
  source = "../../modules/deploy-role"
  count  = var.deploy_role == null ? 0 : 1

  account_id   = var.account_id
  name_prefix  = var.deploy_role.name_prefix
  region       = var.region
  role_path    = var.role_path
  state_bucket = aws_s3_bucket.state.bucket
  trusted_arns = var.deploy_role.trusted_arns
}
