"""What people run: the contract tools, deployment, and the local environment."""

from pathlib import Path
from typing import Any

type Json = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parent.parent
