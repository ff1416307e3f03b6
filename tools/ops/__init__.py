"""The command `callbacks`: what operators see of an environment, and what they do about it."""
