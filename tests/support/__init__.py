"""Fakes of the ports, and builders of what tests are given."""
