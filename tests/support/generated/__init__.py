"""Clients of the callback API, generated from its description as partners generate them."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import copy
from typing import Any

from tests.support.policies import NODE, NODE_ENVIRONMENT, VENV

PYTHON_PACKAGE = "callback_client"
HEARTBEAT = "heartbeat.mts"
_HERE = Path(__file__).parent
_MODULES = VENV / "node_modules"
_TSC = (
    *(*NODE, _MODULES / "typescript/bin/tsc"),
    *("--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions"),
    *("--target", "esnext", "--module", "nodenext"),
)


def python_client(document: Mapping[str, Any], directory: Path) -> None:
    """By openapi-python-client: PYTHON_PACKAGE in the directory. A warning is an error."""
    described, configuration = directory / "openapi.json", directory / "openapi-python-client.json"
    described.write_text(json.dumps(document))
    configuration.write_text(json.dumps({"post_hooks": []}))
    _run(
        *(VENV / "bin/openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"),
        *("--path", described, "--config", configuration),
        *("--output-path", directory / PYTHON_PACKAGE),
    )


def typescript_client(document: Mapping[str, Any], directory: Path) -> Path:
    """By openapi-typescript: types in the directory; the path of the program that uses them."""
    (directory / "openapi.json").write_text(json.dumps(document))
    (directory / "node_modules").symlink_to(_MODULES)
    cli = _MODULES / "openapi-typescript/bin/cli.js"
    _run(*NODE, cli, directory / "openapi.json", "--output", directory / "api.d.ts")
    return Path(copy(_HERE / HEARTBEAT, directory))


def type_errors(program: Path) -> str:
    """What the compiler of TypeScript refuses in a program beside the types."""
    return subprocess.run(
        [*_TSC, program], env=NODE_ENVIRONMENT, stdout=subprocess.PIPE, check=False, text=True
    ).stdout


def run(program: Path, given: Mapping[str, str]) -> Any:
    """What the program writes as JSON, when it reads `given` as JSON."""
    return json.loads(_run(*NODE, program, given=json.dumps(given)))


def _run(*command: str | Path, given: str = "") -> str:
    return subprocess.run(
        command, input=given, env=NODE_ENVIRONMENT, stdout=subprocess.PIPE, check=True, text=True
    ).stdout
