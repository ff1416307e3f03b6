"""What people run: the contract tools, deployment, and the local environment."""

import sys
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parent.parent

# What the tools tell of the functions they take from them: the package callbacks is there.
sys.path.append(str(REPOSITORY / "lambdas"))
