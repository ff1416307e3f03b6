"""The ports, on AWS: the only code that knows its SDK and its errors."""
