"""The commands, a module a noun: what they take and what they print."""
