"""The use cases in any interleaving, over ports that fail in every way that AWS's do."""
