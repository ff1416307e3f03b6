"""The contract that the tests of the contract tools break one thing in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

TASK_TYPE = "ORDER_SHIPPING_SERVICE"
CHANNEL = Path(f"schemas/{TASK_TYPE}/channel.json")
OUTPUT = Path(f"schemas/{TASK_TYPE}/v1/output.schema.json")
REQUEST = Path(f"schemas/{TASK_TYPE}/v1/request.schema.json")

Edit = Callable[[Path, Callable[[Any], None]], None]
