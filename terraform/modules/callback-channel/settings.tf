locals {
  # Defaults and ranges have one home, which editors and tools read as well.
  known_settings = jsondecode(file("${path.module}/../../../schemas/channel.schema.json")).properties
  known_alarms   = local.known_settings.alarms.properties
  known_retry    = local.known_settings.retry.properties

  settings = { for name, value in var.settings : name => value == null ? try(local.known_settings[name].default, null) : value }
  alarms   = { for name, rule in local.known_alarms : name => try(coalesce(var.settings.alarms[name]), rule.default) }
  retry    = { for name, rule in local.known_retry : name => try(coalesce(var.settings.retry[name]), rule.default) }

  checked_settings = concat(
    [for name, value in var.settings : { name = name, value = value, rule = local.known_settings[name] }],
    [for name, value in local.alarms : { name = "alarms.${name}", value = value, rule = local.known_alarms[name] }],
    [for name, value in local.retry : { name = "retry.${name}", value = value, rule = local.known_retry[name] }],
  )
  refused_settings = [for setting in local.checked_settings : setting.name if setting.value != null && !alltrue([
    try(contains(setting.rule.enum, setting.value), true),
    try(setting.value >= setting.rule.minimum, true),
    try(setting.value <= setting.rule.maximum, true),
    setting.rule.type != "integer" || try(floor(setting.value) == setting.value, false),
    !can(setting.rule.pattern) || can(regex(setting.rule.pattern, setting.value)),
  ])]

  # The first retrier that names an error counts.
  retriers = [
    jsondecode(file("${path.module}/../../../statemachines/infrastructure_retrier.json")),
    {
      ErrorEquals     = ["CallbackTask.Retryable"]
      IntervalSeconds = local.retry.interval_seconds
      BackoffRate     = local.retry.backoff_rate
      MaxAttempts     = local.retry.max_attempts
      MaxDelaySeconds = local.retry.max_delay_seconds
      JitterStrategy  = "FULL"
    },
  ]
}
