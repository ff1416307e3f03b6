output "names" {
  description = "Names of the dashboards: one for every 100 channels."
  value       = keys(aws_cloudwatch_dashboard.this)
}
