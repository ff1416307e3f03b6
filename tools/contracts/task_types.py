"""The channels that the platform root declares, as Terraform itself reads them."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# What the module callback-channel takes for a setting that an entry leaves out.
DEFAULTS: Mapping[str, Any] = {
    "enabled": True,
    "heartbeat_seconds": None,
    "max_output_bytes": 65536,
    "message_version": "v1",
    "require_callback_id": True,
    "versions": ["v1"],
}


class TerraformError(Exception):
    """Terraform could not read task_types.tf; carries what it said."""


def evaluate(source: str) -> dict[str, dict[str, Any]]:
    """Task type => its settings, defaults included. Raises TerraformError."""
    read: dict[str, dict[str, Any]] = json.loads(console(source, "jsonencode(local.task_types)"))
    return {task_type: {**DEFAULTS, **settings} for task_type, settings in sorted(read.items())}


def console(source: str, expression: str, variables: Mapping[str, Any] | None = None) -> str:
    """The string that an expression has beside the source; no provider or module is known.

    Raises TerraformError.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(source)
        (Path(folder) / "terraform.tfvars.json").write_text(json.dumps(variables or {}))
        done = subprocess.run(
            ["terraform", "console"],
            cwd=folder,
            input=expression,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise TerraformError(done.stderr.strip())
    result: str = json.loads(done.stdout)
    return result
