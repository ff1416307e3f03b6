"""Where `terraform init` finds the provider when the registry is out of reach."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.deploy import terraform
from tools.deploy.terraform import Directory, TerraformError, find_mirror
from tools.errors import UserError

VERSION = "5.100.0"
PLATFORM = "linux_amd64"
PROVIDER = Path("registry.terraform.io/hashicorp/aws")


def unpacked(mirror: Path, version: str = VERSION, platform: str = PLATFORM) -> Path:
    (mirror / PROVIDER / version / platform).mkdir(parents=True)
    return mirror


def packed(mirror: Path, version: str = VERSION, platform: str = PLATFORM) -> Path:
    (mirror / PROVIDER).mkdir(parents=True)
    (mirror / PROVIDER / f"terraform-provider-aws_{version}_{platform}.zip").touch()
    return mirror


class Machine:
    """A machine of its own: home, data directories, add-on roots, and a Terraform root."""

    def __init__(self, top: Path) -> None:
        self.root = top / "root"
        self.home = top / "home"
        self.data_home = top / "data-home"
        self.data_dirs = (top / "share-1", top / "share-2")
        self.opt = top / "opt"
        self.environ = {
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.data_home),
            "XDG_DATA_DIRS": os.pathsep.join(map(str, self.data_dirs)),
        }

    def find(self) -> Path:
        return find_mirror(self.root, VERSION, PLATFORM, self.environ, [self.opt])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(sys, "platform", "linux")
    return Machine(tmp_path)


SOURCES = {
    "the root's own directory": lambda machine: machine.root / "terraform.d" / "plugins",
    "the home directory": lambda machine: machine.home / ".terraform.d" / "plugins",
    "XDG_DATA_HOME": lambda machine: machine.data_home / "terraform" / "plugins",
    "XDG_DATA_DIRS, first": lambda machine: machine.data_dirs[0] / "terraform" / "plugins",
    "XDG_DATA_DIRS, second": lambda machine: machine.data_dirs[1] / "terraform" / "plugins",
    "an add-on root": lambda machine: machine.opt / "anything",
}


@pytest.mark.parametrize("make", [unpacked, packed])
@pytest.mark.parametrize("source", SOURCES)
def test_a_mirror_is_found(source: str, make: Callable[..., Path], machine: Machine) -> None:
    mirror = make(SOURCES[source](machine))

    assert machine.find() == mirror


@pytest.mark.parametrize("make", [unpacked, packed])
@pytest.mark.parametrize("other", [{"version": "5.99.0"}, {"platform": "darwin_arm64"}])
@pytest.mark.parametrize("source", SOURCES)
def test_a_mirror_of_another_release_is_none(
    source: str, other: dict[str, str], make: Callable[..., Path], machine: Machine
) -> None:
    make(SOURCES[source](machine), **other)

    with pytest.raises(UserError, match=r"no mirror holds hashicorp/aws 5\.100\.0 for linux_amd64"):
        machine.find()


def test_a_mirror_two_levels_down_in_an_add_on_root_is_none(machine: Machine) -> None:
    unpacked(machine.opt / "vendor" / "mirror")

    with pytest.raises(UserError, match="no mirror holds"):
        machine.find()


def test_the_wish_comes_before_all_others(machine: Machine, tmp_path: Path) -> None:
    unpacked(machine.home / ".terraform.d" / "plugins")
    machine.environ["TF_PLUGIN_MIRROR"] = str(unpacked(tmp_path / "wish"))

    assert machine.find() == tmp_path / "wish"


def test_a_wish_that_cannot_be_met_is_told(machine: Machine, tmp_path: Path) -> None:
    unpacked(machine.home / ".terraform.d" / "plugins")
    machine.environ["TF_PLUGIN_MIRROR"] = str(tmp_path / "nowhere")

    with pytest.raises(UserError, match="TF_PLUGIN_MIRROR does not hold"):
        machine.find()


def test_the_data_home_is_below_home_unless_said(machine: Machine) -> None:
    del machine.environ["XDG_DATA_HOME"]
    mirror = unpacked(machine.home / ".local" / "share" / "terraform" / "plugins")

    assert machine.find() == mirror


class Terraform:
    """A `terraform` on the PATH that can reach no registry, and notes how it was called."""

    def __init__(self, directory: Path) -> None:
        self.calls = directory / "calls"
        self.complaint = "Error: Failed to query available provider packages"
        self._program = directory / "terraform"
        self._write()

    def complain(self, complaint: str) -> None:
        self.complaint = complaint
        self._write()

    def _write(self) -> None:
        told = f'{{"terraform_version": "1.11.4", "platform": "{PLATFORM}"}}'
        self._program.write_text(
            "#!/bin/sh\n"
            f'echo "$TF_DATA_DIR $@" >> "{self.calls}"\n'
            'case "$*" in\n'
            f"*version*) echo '{told}' ;;\n"
            "*-plugin-dir=*) ;;\n"
            f'*) echo "{self.complaint}"; exit 1 ;;\n'
            "esac\n"
        )
        self._program.chmod(0o755)

    @property
    def inits(self) -> list[str]:
        return [call for call in self.calls.read_text().splitlines() if " init " in call]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terraform]:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(terraform, "_mirrored", set())
    terraform.installed_release.cache_clear()
    yield Terraform(directory)
    terraform.installed_release.cache_clear()


def root_of(machine: Machine) -> Directory:
    machine.root.mkdir()
    environ = {"PATH": os.environ["PATH"], **machine.environ}
    return Directory(machine.root, machine.root / "data", environ)


def test_init_falls_back_to_the_mirror_and_leaves_the_lock_file(
    program: Terraform, machine: Machine
) -> None:
    mirror = unpacked(machine.home / ".terraform.d" / "plugins")
    root = root_of(machine)

    root.init("-backend=false")
    root.init("-backend=false")

    first, fallback, second = program.inits
    assert "-plugin-dir" not in first
    assert f"-plugin-dir={mirror}" in fallback
    assert second == fallback
    assert all("-lockfile=readonly" in call for call in program.inits)
    assert all(call.startswith(f"{root.data_dir} ") for call in program.inits)


@pytest.mark.usefixtures("program")
def test_init_without_a_mirror_says_what_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "ADD_ON_ROOTS", ())

    with pytest.raises(
        UserError, match=r"connect to registry\.terraform\.io, or set TF_PLUGIN_MIRROR"
    ):
        root_of(machine).init("-backend=false")


def test_init_that_fails_for_another_reason_is_not_tried_again(
    program: Terraform, machine: Machine
) -> None:
    unpacked(machine.home / ".terraform.d" / "plugins")
    program.complain("Error: Unsupported block type")

    with pytest.raises(TerraformError) as failure:
        root_of(machine).init("-backend=false")

    assert "Unsupported block type" in failure.value.detail
    assert len(program.inits) == 1


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


def test_the_lock_file_names_the_provider_version() -> None:
    assert terraform.locked_provider_version(terraform.LOCK_FILE) == "5.100.0"
