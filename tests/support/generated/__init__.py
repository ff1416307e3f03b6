"""Clients of the callback API, generated from its description as partners generate them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from tests.support.policies import NODE, NODE_ENVIRONMENT, VENV

type Import = Callable[[str], Any]

_PACKAGE = "callback_client"
_HERE = Path(__file__).parent
_MODULES = VENV / "node_modules"
_TSC = (
    *(*NODE, _MODULES / "typescript/bin/tsc"),
    *("--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions"),
    *("--target", "esnext", "--module", "nodenext"),
)


@contextmanager
def python_client(document: Mapping[str, Any], directory: Path) -> Iterator[Import]:
    """By openapi-python-client, of which a warning is an error: what imports its modules."""
    described, configuration = directory / "openapi.json", directory / "openapi-python-client.json"
    described.write_text(json.dumps(document))
    configuration.write_text(json.dumps({"post_hooks": []}))
    _run(
        *(VENV / "bin/openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"),
        *("--path", described, "--config", configuration, "--output-path", directory / _PACKAGE),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(directory)
        yield lambda module: import_module(f".{module}", _PACKAGE)
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]


def typescript_client(document: Mapping[str, Any], directory: Path) -> Path:
    """By openapi-typescript: types in the directory; the path of the program that uses them."""
    (directory / "openapi.json").write_text(json.dumps(document))
    (directory / "node_modules").symlink_to(_MODULES)
    cli = _MODULES / "openapi-typescript/bin/cli.js"
    _run(*NODE, cli, directory / "openapi.json", "--output", directory / "api.d.ts")
    return Path(copy(_HERE / "heartbeat.mts", directory))


def type_errors(program: Path) -> str:
    """What the compiler of TypeScript refuses in a program beside the types."""
    return subprocess.run(
        [*_TSC, program], env=NODE_ENVIRONMENT, stdout=subprocess.PIPE, check=False, text=True
    ).stdout


def run(program: Path, given: Mapping[str, str]) -> Any:
    """What the program writes as JSON, when it reads `given` as JSON."""
    plain_fetch = ("--import", _HERE / "plain_fetch.mjs")
    return json.loads(_run(*NODE, *plain_fetch, program, given=json.dumps(given)))


def _run(*command: str | Path, given: str = "") -> str:
    return subprocess.run(
        command, input=given, env=NODE_ENVIRONMENT, stdout=subprocess.PIPE, check=True, text=True
    ).stdout
