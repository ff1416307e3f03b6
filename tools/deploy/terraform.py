"""Runs Terraform, with a provider mirror where the registry is out of reach."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from tools import REPOSITORY
from tools.errors import UserError

ROOTS = REPOSITORY / "terraform" / "roots"
MODULES = REPOSITORY / "terraform" / "modules"
LOCK_FILE = ROOTS / "platform" / ".terraform.lock.hcl"
PROVIDER = "registry.terraform.io/hashicorp/aws"
MINIMUM_VERSION = (1, 11)
ADD_ON_ROOTS = (Path("/opt"), Path("/srv"))

_PROVIDER_NOT_FETCHED = re.compile(
    r"Failed to (query available provider packages|install provider)"
)


class TerraformError(UserError):
    """A Terraform command failed."""


@dataclass(frozen=True)
class Release:
    """A version of Terraform and the platform it was built for, such as `linux_amd64`."""

    version: tuple[int, ...]
    platform: str


@cache
def installed_release() -> Release:
    """The Terraform on the PATH.

    Raises:
        UserError: there is none, or it is too old.
    """
    wanted = ".".join(map(str, MINIMUM_VERSION))
    if shutil.which("terraform") is None:
        raise UserError(f"Terraform is not installed: install Terraform {wanted} or later.")
    told = json.loads(
        subprocess.run(
            ["terraform", "version", "-json"],
            env=_command_environment(os.environ),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    text = str(told["terraform_version"])
    version = tuple(int(part) for part in text.split("-")[0].split("."))
    if version < MINIMUM_VERSION:
        raise UserError(f"Terraform {text} is too old: install Terraform {wanted} or later.")
    return Release(version, str(told["platform"]))


def locked_provider_version(lock_file: Path) -> str:
    """The version of hashicorp/aws that a dependency lock file pins."""
    block = re.search(
        rf'provider "{re.escape(PROVIDER)}" {{\s*version\s*=\s*"([^"]+)"', lock_file.read_text()
    )
    if block is None:
        raise UserError(f"{lock_file} does not pin {PROVIDER}: restore it from version control.")
    return block[1]


def find_mirror(
    directory: Path,
    version: str,
    platform: str,
    environ: Mapping[str, str],
    add_on_roots: Iterable[Path],
) -> Path:
    """The first filesystem mirror that holds hashicorp/aws in this version for this platform.

    Where `TF_PLUGIN_MIRROR` is set it is the only one: a wish is not overruled in silence.

    Raises:
        UserError: no mirror holds it.
    """
    wish = environ.get("TF_PLUGIN_MIRROR")
    if wish:
        if _holds(Path(wish), version, platform):
            return Path(wish).resolve()
        raise UserError(
            "The Terraform registry cannot be reached, and TF_PLUGIN_MIRROR does not hold "
            f"hashicorp/aws {version} for {platform}: point it at a folder made by "
            "`terraform providers mirror`."
        )
    for mirror in (*_implied_mirrors(directory, environ), *_add_ons(add_on_roots)):
        if _holds(mirror, version, platform):
            return mirror.resolve()
    raise UserError(
        "The Terraform registry cannot be reached, and no mirror holds "
        f"hashicorp/aws {version} for {platform}: connect to registry.terraform.io, or set "
        "TF_PLUGIN_MIRROR to a folder made by `terraform providers mirror`."
    )


def _implied_mirrors(directory: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ.get("HOME") or Path.home())
    yield directory / "terraform.d" / "plugins"
    yield home / ".terraform.d" / "plugins"
    if sys.platform == "darwin":
        for top in (home, Path("/")):
            yield top / "Library" / "Application Support" / "io.terraform" / "plugins"
        return
    data_home = environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    data_dirs = environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for base in (data_home, *data_dirs.split(":")):
        if base:
            yield Path(base) / "terraform" / "plugins"


def _add_ons(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        yield from sorted(tree.parent for tree in root.glob("*/registry.terraform.io"))


def _holds(mirror: Path, version: str, platform: str) -> bool:
    provider = mirror / PROVIDER
    packed = provider / f"terraform-provider-aws_{version}_{platform}.zip"
    unpacked = provider / version / platform
    return packed.is_file() or unpacked.is_dir()


def _command_environment(environ: Mapping[str, str]) -> dict[str, str]:
    result = {**environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    # Terraform warns at every command about a configuration file that is named but does not exist.
    if not Path(result.get("TF_CLI_CONFIG_FILE", "/")).exists():
        del result["TF_CLI_CONFIG_FILE"]
    return result


@dataclass(frozen=True)
class Directory:
    """A directory of Terraform files, initialised in a data directory of its own choice.

    `environ` is all that its commands see of the environment; `log`, a file, takes what they print.
    """

    path: Path
    data_dir: Path
    environ: Mapping[str, str]
    log: Path | None = None

    def init(self, *backend_options: str) -> None:
        """Initialise, without changing the lock file; one at a time, for the sake of the cache.

        Raises:
            TerraformError: it failed.
            UserError: the provider is neither in the registry's reach nor in a mirror.
        """
        with FileLock(_cache_dir() / "lock"):
            self._init(*backend_options)

    def _init(self, *backend_options: str) -> None:
        release = installed_release()
        own_lock = self.path / LOCK_FILE.name
        lock_file = own_lock if own_lock.exists() else LOCK_FILE
        arguments = ["init", "-input=false", "-lockfile=readonly", *backend_options]
        # The registry is asked once a process: an unreachable one can take half a minute to fail.
        if not _mirrored:
            try:
                self.run(*arguments, quiet=True)
                return
            except TerraformError as error:
                if not _PROVIDER_NOT_FETCHED.search(error.detail):
                    raise
        mirror = find_mirror(
            self.path,
            locked_provider_version(lock_file),
            release.platform,
            self.environ,
            ADD_ON_ROOTS,
        )
        _mirrored.add(mirror)
        self.run(*arguments, f"-plugin-dir={mirror}", quiet=True)

    def run(self, *arguments: str, quiet: bool = False) -> str:
        """Run a command and return what it printed, or nothing if that went to the terminal.

        A quiet command prints nowhere.

        Raises:
            TerraformError: it ended with anything but 0.
        """
        installed_release()
        environ = {
            "TF_PLUGIN_CACHE_DIR": str(_cache_dir()),
            **_command_environment(self.environ),
            "TF_DATA_DIR": str(self.data_dir.resolve()),
        }
        log = None if quiet else self.log
        captured = quiet or log is not None
        done = subprocess.run(
            ["terraform", f"-chdir={self.path}", *arguments],
            env=environ,
            check=False,
            stdout=subprocess.PIPE if captured else None,
            stderr=subprocess.STDOUT if captured else None,
            text=True,
        )
        output = done.stdout or ""
        if log is not None:
            with log.open("a") as sink:
                sink.write(f"$ terraform {' '.join(arguments)}\n{output}\n")
        if done.returncode != 0:
            raise TerraformError(f"`terraform {arguments[0]}` failed in {self.path}.", output)
        return output

    def outputs(self) -> dict[str, Any]:
        """The root module's outputs, by name."""
        printed = self.run("output", "-json", quiet=True)
        return {name: output["value"] for name, output in json.loads(printed).items()}


def _cache_dir() -> Path:
    directory = REPOSITORY / ".terraform" / "plugin-cache"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


_mirrored: set[Path] = set()
