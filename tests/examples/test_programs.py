"""Each example as a partner has it: a folder of its own, and nothing of this repository."""

import ast
import base64
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import requests
from packaging.requirements import Requirement
from standardwebhooks import Webhook

from tests.support.partner_api import PartnerApi
from tests.support.programs import EXAMPLES, running
from tools.devenv.engine import HOST, free_port
from tools.devenv.walkthrough import until

SERVICES = sorted(path.parent for path in EXAMPLES.glob("*/service.py"))
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()

each_service = pytest.mark.parametrize("folder", SERVICES, ids=lambda path: path.name)


@each_service
def test_requirements_are_what_is_imported(folder: Path) -> None:
    lines = (folder / "requirements.in").read_text().splitlines()
    required = {requirement.name: requirement for requirement in map(Requirement, lines)}

    imported = {packages_distributions()[name][0] for name in _third_party(folder / "service.py")}

    assert set(required) == imported
    for name in imported:
        assert version(name) in required[name].specifier


@each_service
def test_configuration_is_read_when_the_program_starts_and_not_before(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import service; print('imported'); service.main()"],
        cwd=folder,
        env={"PATH": os.defpath, "AWS_REGION": "eu-west-1", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.stdout == "imported\n"
    assert ended.stderr.splitlines()[-1].startswith("KeyError: ")


@each_service
def test_its_readme_names_each_variable(folder: Path) -> None:
    variables = set(re.findall(r'"([A-Z_]{4,})"', _main(folder / "service.py")))

    told = set(re.findall(r"`([A-Z_]+)`", (folder / "README.md").read_text()))

    assert variables
    assert variables <= told


def test_a_partner_without_aws_runs_from_its_folder(platform: PartnerApi, tmp_path: Path) -> None:
    port = free_port()
    message = json.dumps(
        {
            "id": "message-1",
            "workid": "work-1",
            "subject": "order-1",
            "tasktype": "ORDER_FRAUD_REVIEW",
            "callbackurl": f"{platform.url}/callback",
            "data": {"items": [{"sku": "A", "quantity": 100}]},
        }
    )
    environ = {
        "PORT": str(port),
        "SIGNING_SECRETS": SECRET,
        "CLIENT_ID": "client",
        "CLIENT_SECRET": "secret",
        "SCOPE": "callbacks-1/ORDER_FRAUD_REVIEW",
        "TOKEN_URL": f"{platform.url}/oauth2/token",
    }

    def send() -> int | None:
        now = datetime.now(UTC)
        headers = {
            "webhook-id": "message-1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("message-1", now, message),
        }
        try:
            url = f"http://{HOST}:{port}"
            return requests.post(url, message, headers=headers, timeout=10).status_code
        except requests.ConnectionError:
            return None

    with running("partner_without_aws", environ, tmp_path / "copy"):
        assert until(send, "the program listens") == 202
        until(lambda: "/callback" in platform.paths() or None, "the program calls back")

    assert json.loads(platform.called[-1][2])["task_output"]["verdict"] == "REJECTED"


def _main(module: Path) -> str:
    source = module.read_text()
    (main,) = (node for node in ast.parse(source).body if getattr(node, "name", "") == "main")
    return ast.get_source_segment(source, main) or ""


def _third_party(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names - sys.stdlib_module_names
