"""Runs the platform and a partner locally, and walks an order through them there or on AWS."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ENGINE_PYTHON = REPOSITORY / ".venv-engine" / "bin" / "python"
