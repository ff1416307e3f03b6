"""Whether an account is ready for an environment, before the first apply."""
