"""One provider for all tests: a start builds hundreds of schemas, and each plan starts three.

Terraform attaches to it: https://developer.hashicorp.com/terraform/plugin/debugging
"""

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from tools.deploy.terraform import PROVIDER, ROOTS, Directory


@pytest.fixture(scope="session", autouse=True)
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Started from what `init` installs, which the lock file vouches for."""
    data_dir = tmp_path_factory.mktemp("provider")
    Directory(ROOTS / "platform", data_dir, os.environ).init("-backend=false")
    [program] = (data_dir / "providers" / PROVIDER).glob("*/*/terraform-provider-aws*")
    with (
        subprocess.Popen(
            [program, "-debug"],
            env={**os.environ, "GOGC": "400", "TMPDIR": str(data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TF_REATTACH_PROVIDERS", _attachment(process))
        yield
        process.terminate()


def _attachment(process: "subprocess.Popen[str]") -> str:
    for line in process.stdout or ():
        if found := re.search(r"TF_REATTACH_PROVIDERS='(.+)'", line):
            return found[1]
    pytest.fail("The provider did not say how to attach to it.")
