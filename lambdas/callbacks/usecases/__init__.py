"""The steps in the life of a task, as functions over ports."""
