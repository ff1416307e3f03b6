"""Keeps the JSON Schemas that partners build against: lints, compares and publishes them."""
