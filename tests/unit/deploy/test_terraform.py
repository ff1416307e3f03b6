"""How Terraform is run: where it finds its provider, what is kept of what it prints."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import REPOSITORY
from tools.deploy import terraform
from tools.deploy.terraform import Directory, TerraformError
from tools.errors import UserError

VERSION = terraform.locked_provider_version(terraform.LOCK_FILE)
PLATFORM = "linux_amd64"
PROVIDER = Path("registry.terraform.io/hashicorp/aws")


def unpacked(mirror: Path, version: str = VERSION, platform: str = PLATFORM) -> Path:
    (mirror / PROVIDER / version / platform).mkdir(parents=True)
    return mirror


def packed(mirror: Path, version: str = VERSION, platform: str = PLATFORM) -> Path:
    (mirror / PROVIDER).mkdir(parents=True)
    (mirror / PROVIDER / f"terraform-provider-aws_{version}_{platform}.zip").touch()
    return mirror


class Terraform:
    """A `terraform` on the PATH: a script that notes how it was called, and a directory for it."""

    def __init__(self, top: Path) -> None:
        self.calls = top / "calls"
        self.parent = top / "opt"
        self.log = top / "log"
        self.environ = {"PATH": f"{top / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        self._program = top / "bin" / "terraform"
        self._program.parent.mkdir()
        self._data_dir = top / "data"
        self.does("true")

    def does(self, command: str) -> None:
        """What it does when it is asked for anything but its version."""
        told = f'{{"terraform_version": "1.11.4", "platform": "{PLATFORM}"}}'
        self._program.write_text(
            "#!/bin/sh\n"
            f"case \"$*\" in *version*) echo '{told}'; exit ;; esac\n"
            f'echo "$TF_DATA_DIR $*" >> "{self.calls}"\n'
            f"{command}\n"
        )
        self._program.chmod(0o755)

    def directory(self, log: Path | None = None) -> Directory:
        return Directory(self.parent.parent, self._data_dir, self.environ, log)

    def init(self) -> str:
        """The call that initialises a directory."""
        self.directory().init("-backend=false")
        (call,) = self.calls.read_text().splitlines()
        assert call.startswith(f"{self._data_dir} ")
        assert " init " in call
        assert " -lockfile=readonly" in call
        return call


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terraform]:
    program = Terraform(tmp_path)
    monkeypatch.setenv("PATH", program.environ["PATH"])
    monkeypatch.setattr(terraform, "MIRROR_PARENTS", [program.parent])
    terraform.installed_release.cache_clear()
    yield program
    terraform.installed_release.cache_clear()


@pytest.mark.parametrize("make", [unpacked, packed])
def test_init_takes_the_provider_from_a_mirror_of_the_machine(
    make: Callable[[Path], Path], program: Terraform
) -> None:
    mirror = make(program.parent / "anything")

    assert f" -plugin-dir={mirror}" in program.init()


@pytest.mark.parametrize("make", [unpacked, packed])
@pytest.mark.parametrize("other", [{"version": "5.99.0"}, {"platform": "darwin_arm64"}])
def test_init_leaves_a_mirror_of_another_release_alone(
    other: dict[str, str], make: Callable[..., Path], program: Terraform
) -> None:
    make(program.parent / "anything", **other)

    assert "-plugin-dir" not in program.init()


def test_init_takes_the_mirror_that_it_is_told_before_any_other(
    program: Terraform, tmp_path: Path
) -> None:
    unpacked(program.parent / "anything")
    program.environ["TF_PLUGIN_MIRROR"] = str(tmp_path / "mine")

    assert f" -plugin-dir={tmp_path / 'mine'}" in program.init()


def test_init_without_a_provider_says_what_to_do(program: Terraform) -> None:
    program.does("echo 'Error: Failed to query available provider packages'; exit 1")

    with pytest.raises(
        UserError, match=r"connect to registry\.terraform\.io, or set TF_PLUGIN_MIRROR"
    ):
        program.directory().init("-backend=false")


def test_init_that_fails_for_another_reason_gives_the_reason(program: Terraform) -> None:
    program.does("echo 'Error: Unsupported block type'; exit 1")

    with pytest.raises(TerraformError) as failure:
        program.directory().init("-backend=false")

    assert "Unsupported block type" in failure.value.detail


def test_a_failure_shows_the_errors_and_where_the_rest_is(program: Terraform) -> None:
    program.does("printf 'a long plan\\n\\nError: no such role\\n\\n  on line 1\\n'; exit 1")

    with pytest.raises(TerraformError, match=f"The whole log is {program.log}") as failure:
        program.directory(program.log).run("apply")

    assert failure.value.detail == "Error: no such role\n\n  on line 1\n"
    assert "a long plan" in program.log.read_text()


def test_an_interrupted_terraform_may_save_its_state(program: Terraform, tmp_path: Path) -> None:
    saved, ready = tmp_path / "saved", tmp_path / "ready"
    program.does(
        f"trap 'sleep 1; touch {saved}; exit 1' INT; touch {ready}; while :; do sleep 0.1; done"
    )
    script = (
        "import os; from pathlib import Path; from tools.deploy.terraform import Directory\n"
        f"Directory(Path('/'), Path('{tmp_path}'), os.environ).run('apply')\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script], cwd=REPOSITORY, stderr=subprocess.DEVNULL, process_group=0
    )
    while not ready.exists():
        assert run.poll() is None
        time.sleep(0.05)

    os.killpg(run.pid, signal.SIGINT)
    run.wait()

    assert saved.exists()


def test_terraform_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    terraform.installed_release.cache_clear()

    with pytest.raises(UserError, match=r"install Terraform 1\.11 or later"):
        terraform.installed_release()


@pytest.mark.usefixtures("program")
def test_terraform_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "MINIMUM_VERSION", (1, 99))

    with pytest.raises(UserError, match=r"Terraform 1\.11\.4 is too old: install Terraform 1\.99"):
        terraform.installed_release()
