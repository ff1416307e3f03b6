"""The console: what the command `callbacks` shows, as pages for the operator's own browser."""
