"""Judges published documents by Redocly, by Spectral and by the AsyncAPI Initiative's parser."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.policies import NODE, NODE_ENVIRONMENT

ASYNCAPI = "asyncapi"
OPENAPI = ("redocly", "spectral")
_SCRIPT = Path(__file__).with_suffix(".cjs")


def findings(documents: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[str]]:
    """What the judge that is named with each document finds in it, warnings and notes included."""
    judged = subprocess.run(
        [*NODE, _SCRIPT],
        input=json.dumps(documents),
        env=NODE_ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    )
    found: list[list[str]] = json.loads(judged.stdout)
    return found
