locals {
  slug = replace(lower(var.task_type), "_", "-")
  name = "${var.platform.name_prefix}-${local.slug}"

  # v1 => /externalCallback/TYPE, vN => /externalCallback/TYPE/vN
  routes = { for version in keys(var.schemas) : version => join("/", compact([
    "/externalCallback", var.task_type, version == "v1" ? "" : version
  ])) }

  # Gateway and function judge a callback by the same text, without white space.
  models = { for version, schema in var.schemas : version => jsonencode(jsondecode(schema.callback)) }

  aws_partners     = { for name, partner in var.partners : name => partner if partner.account_id != null }
  webhook_partners = { for name, partner in var.partners : name => partner if partner.webhook_url != null }

  scope = lookup(var.platform.oauth2.scopes, var.task_type, null)

  callback_url = "${var.platform.api.base_url}${local.routes.v1}"
}
