"""A provider that Terraform attaches to, since a start builds hundreds of schemas.

https://developer.hashicorp.com/terraform/plugin/debugging
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tools.deploy.terraform import PROVIDER, Directory

ATTACHMENT = "TF_REATTACH_PROVIDERS"


@contextmanager
def running(initialised: Directory) -> Iterator[str]:
    """Runs the provider that a directory has installed, and yields the value of ATTACHMENT.

    It sees the directory's environment, credentials included, and not that of a command which
    attaches to it. One command at a time may.
    """
    providers = initialised.data_dir / "providers" / PROVIDER
    [program] = providers.glob("*/*/terraform-provider-aws*")
    with subprocess.Popen(
        [program, "-debug"],
        env={**initialised.environ, "GOGC": "400", "TMPDIR": str(initialised.data_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield _attachment(process)
        finally:
            process.terminate()


def _attachment(process: "subprocess.Popen[str]") -> str:
    for line in process.stdout or ():
        if found := re.search(rf"{ATTACHMENT}='(.+)'", line):
            return found[1]
    pytest.fail("The provider did not say how to attach to it.")
