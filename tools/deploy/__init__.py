"""Builds the package, and applies the Terraform roots to AWS."""
