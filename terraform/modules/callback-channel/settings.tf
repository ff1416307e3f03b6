locals {
  # Defaults and ranges have one home, which editors and tools read as well.
  known_settings = jsondecode(file("${path.module}/../../../schemas/channel.schema.json")).properties

  settings = { for name, value in var.settings : name => value == null ? try(local.known_settings[name].default, null) : value }

  refused_settings = [for name, value in var.settings : name if value != null && !alltrue([
    try(contains(local.known_settings[name].enum, value), true),
    try(value >= local.known_settings[name].minimum, true),
    try(value <= local.known_settings[name].maximum, true),
    local.known_settings[name].type != "integer" || try(floor(value) == value, false),
    !can(local.known_settings[name].pattern) || can(regex(local.known_settings[name].pattern, value)),
  ])]
}
