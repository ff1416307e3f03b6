variable "platform" {
  description = "The platform whose metrics are shown: the output `platform` of modules/platform, or these attributes of it."
  type = object({
    metric_namespace = string
    name_prefix      = string
    region           = string
  })
  nullable = false
}

variable "task_types" {
  description = "Task types of the channels, each of which gets a row."
  type        = set(string)
  nullable    = false
}
