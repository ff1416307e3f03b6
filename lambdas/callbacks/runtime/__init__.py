"""What a function needs around its use case: settings, HTTP, logging and metrics."""
