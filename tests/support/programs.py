"""An example as a partner runs it: from a copy of its folder, with the environment it is given."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


@contextmanager
def running(
    example: str, environ: Mapping[str, str], directory: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """The example's program in a directory that does not exist yet; its log is `log` there."""
    copy = shutil.copytree(EXAMPLES / example, directory)
    with (copy / "log").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "service.py"],
            cwd=copy,
            env={"PATH": os.defpath, **environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield program
        finally:
            program.terminate()
            program.wait()
