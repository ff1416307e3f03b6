"""Runs the platform and its partners on a local AWS engine, and walks orders through them."""

from tools import REPOSITORY

ENGINE_PYTHON = REPOSITORY / ".venv-engine" / "bin" / "python"
