"""Runs checkov, out of the network's reach, on Terraform code and on plans."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.policies import VENV
from tools import REPOSITORY, Json

_INDEX = re.compile(r"\[[^]]*\]")
_RESOURCE = re.compile(r"(?:module\.[^.]+\.)*(.+)")


@dataclass(frozen=True, order=True)
class Finding:
    """A check of a resource, such as `aws_s3_bucket.state`, in the module `folder`."""

    check: str
    folder: Path
    resource: str


@dataclass(frozen=True)
class Report:
    """`passed` is how many checks a resource passed, over all resources."""

    passed: int
    failed: set[Finding]
    skipped: set[Finding]


def check_code(folder: Path) -> Report:
    """What checkov finds in Terraform code, and in the modules that it calls.

    Raises:
        RuntimeError: there is code that checkov cannot read.
    """

    def place(check: Json) -> Path:
        return Path(folder, check["file_path"].lstrip("/")).resolve().parent

    return _report(_run("--directory", folder, "--framework", "terraform"), place)


def check_plan(plan: Json, root: Path) -> Report:
    """What checkov finds in a plan (`terraform show -json`) of a root.

    Raises:
        RuntimeError: checkov cannot read it.
    """
    folders = _folders(plan["configuration"]["root_module"], root)

    def place(check: Json) -> Path:
        return folders[_INDEX.sub("", check["resource"]).rpartition(_tail(check["resource"]))[0]]

    with TemporaryDirectory() as directory:
        file = Path(directory, "plan.json")
        file.write_text(json.dumps(plan))
        return _report(_run("--file", file, "--framework", "terraform_plan"), place)


def _run(*arguments: str | Path) -> Json:
    with TemporaryDirectory() as home:
        ran = subprocess.run(
            [
                VENV / "bin" / "checkov",
                *arguments,
                *("--skip-path", r"\.tftest\.hcl$", "--skip-download", "--output", "json"),
            ],
            env={"HOME": home},
            capture_output=True,
            check=False,
            text=True,
        )
    try:
        report: Json = json.loads(ran.stdout)
    except ValueError:
        raise RuntimeError(ran.stderr or ran.stdout) from None
    if report["results"]["parsing_errors"]:
        raise RuntimeError(f"checkov cannot read {report['results']['parsing_errors']}")
    return report


def _report(report: Json, place: Callable[[Json], Path]) -> Report:
    def findings(kind: str) -> set[Finding]:
        return {
            Finding(
                check["check_id"],
                place(check).relative_to(REPOSITORY),
                _tail(check["resource"]),
            )
            for check in report["results"][kind]
        }

    return Report(
        report["summary"]["passed"], findings("failed_checks"), findings("skipped_checks")
    )


def _tail(address: str) -> str:
    """Without the modules before it, and without indexes."""
    found = _RESOURCE.fullmatch(_INDEX.sub("", address))
    assert found is not None
    return found[1].removeprefix("data.")


def _folders(module: Json, folder: Path, prefix: str = "") -> Mapping[str, Path]:
    """Where the module of each address stands, by the start of its resources' addresses."""
    found = {prefix: folder}
    for name, call in module.get("module_calls", {}).items():
        below = (folder / call["source"]).resolve()
        found |= _folders(call["module"], below, f"{prefix}module.{name}.")
    return found
