"""Callback channels: the life of a callback task, and the AWS services it runs on."""
