# One document judges a callback twice: the gateway's model, and the function through the registration.
locals {
  envelope = jsondecode(var.envelope)
  outputs  = { for version, schema in var.schemas : version => jsondecode(schema.output) }

  status_rules = [
    {
      properties = { task_status = { enum = ["SUCCESS"] } }
      required   = ["task_output"]
      not        = { required = ["task_error"] }
    },
    {
      properties = { task_status = { enum = ["FAILURE"] } }
      required   = ["task_error"]
      not        = { required = ["task_output"] }
    },
    {
      properties = { task_status = { enum = ["IN_PROGRESS"] } }
      not        = { anyOf = [{ required = ["task_output"] }, { required = ["task_error"] }] }
    },
  ]

  # A reference resolves against the root of the document, so definitions move there.
  definitions = { for version, output in local.outputs : version =>
    merge(try(local.envelope.definitions, {}), try(output.definitions, {}))
  }

  models = { for version, output in local.outputs : version => jsonencode(merge(
    local.envelope,
    { for name, value in { definitions = local.definitions[version] } : name => value if length(value) > 0 },
    {
      "$schema" = "http://json-schema.org/draft-04/schema#"
      title     = "${var.task_type} callback ${version}"
      oneOf     = local.status_rules
      properties = merge(local.envelope.properties, {
        task_output = { for name, value in output : name => value if !contains(["$schema", "definitions", "id", "title"], name) }
        task_type   = merge(local.envelope.properties.task_type, { enum = [var.task_type] })
      })
    },
  )) }
}
