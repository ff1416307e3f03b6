"""Runs Terraform, with a provider mirror where the registry is out of reach."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
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
MIRROR_PARENTS = (Path("/opt"), Path("/srv"))
_PROVIDER_NOT_FOUND = re.compile(r"Failed to (query available provider packages|install provider)")


class TerraformError(UserError):
    """A Terraform command failed; `detail` has its errors."""


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


def mirror(version: str, platform: str, environ: Mapping[str, str]) -> Path | None:
    """A filesystem mirror of the provider, for a machine that cannot reach the registry.

    It is what `TF_PLUGIN_MIRROR` names, or a folder in MIRROR_PARENTS that holds this version.
    Without one, Terraform searches its own places. The lock file's hashes hold everywhere.
    """
    if named := environ.get("TF_PLUGIN_MIRROR"):
        return Path(named).resolve()
    unpacked, packed = f"{version}/{platform}", f"terraform-provider-aws_{version}_{platform}.zip"
    for parent in MIRROR_PARENTS:
        for provider in sorted(parent.glob(f"*/{PROVIDER}")):
            if (provider / unpacked).is_dir() or (provider / packed).is_file():
                return provider.parents[2]
    return None


def _errors(output: str) -> str:
    """What was printed from the first error on; everything, where none is called that."""
    found = re.search(r"^Error: ", output, re.MULTILINE)
    return output[found.start() :] if found else output


def _command_environment(environ: Mapping[str, str]) -> dict[str, str]:
    result = {**environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    # Terraform warns at every command about a configuration file that is named but does not exist.
    if not Path(result.get("TF_CLI_CONFIG_FILE", "/")).exists():
        del result["TF_CLI_CONFIG_FILE"]
    return result


@dataclass(frozen=True)
class Directory:
    """A directory of Terraform files, initialised in a data directory of its own choice.

    `environ` is all that its commands see of the environment; `log`, a file, takes what they print,
    and `watch` each line of it.
    """

    path: Path
    data_dir: Path
    environ: Mapping[str, str]
    log: Path | None = None
    watch: Callable[[str], None] = lambda _: None

    def init(self, *backend_options: str) -> None:
        """Initialise, without changing the lock file; one at a time, for the sake of the cache.

        Raises:
            TerraformError: it failed.
            UserError: the provider is neither in the registry's reach nor in a mirror.
        """
        own = self.path / LOCK_FILE.name
        version = locked_provider_version(own if own.exists() else LOCK_FILE)
        platform = installed_release().platform
        found = mirror(version, platform, self.environ)
        options = [*backend_options, *([f"-plugin-dir={found}"] if found else [])]
        try:
            with FileLock(_cache_dir() / "lock"):
                self.run("init", "-input=false", "-lockfile=readonly", *options, quiet=True)
        except TerraformError as error:
            if not _PROVIDER_NOT_FOUND.search(error.detail):
                raise
            raise UserError(
                f"Terraform found no hashicorp/aws {version} for {platform}: connect to "
                "registry.terraform.io, or set TF_PLUGIN_MIRROR to a folder made by "
                "`terraform providers mirror`.",
                error.detail,
            ) from error

    def run(self, *arguments: str, quiet: bool = False) -> str:
        """Run a command and return what it printed, or nothing if that went to the terminal.

        A quiet command prints nowhere.

        Raises:
            TerraformError: it ended with anything but 0.
        """
        installed_release()
        environ = {
            # A provider builds hundreds of schemas at each start, a third faster if undisturbed.
            "GOGC": "400",
            "TF_PLUGIN_CACHE_DIR": str(_cache_dir()),
            **_command_environment(self.environ),
            "TF_DATA_DIR": str(self.data_dir.resolve()),
        }
        captured = quiet or self.log is not None
        log = self.log if self.log and not quiet else Path(os.devnull)
        command, *options = arguments
        if captured:
            options.insert(0, "-no-color")
        printed = []
        with (
            log.open("a") as sink,
            subprocess.Popen(
                ["terraform", f"-chdir={self.path}", command, *options],
                env=environ,
                stdout=subprocess.PIPE if captured else None,
                stderr=subprocess.STDOUT if captured else None,
                text=True,
            ) as process,
        ):
            sink.write(f"$ terraform {' '.join(arguments)}\n")
            try:
                for line in process.stdout or ():
                    printed.append(line)
                    sink.write(line)
                    self.watch(line)
                process.wait()
            except KeyboardInterrupt:
                # The terminal has interrupted Terraform too, which now saves what it did.
                process.communicate()
                raise
        output = "".join(printed)
        if process.returncode != 0:
            whole = f" The whole log is {log}." if self.log and not quiet else ""
            raise TerraformError(
                f"`terraform {command}` failed in {self.path}.{whole}", _errors(output)
            )
        return output

    def outputs(self) -> dict[str, Any]:
        """The root module's outputs, by name."""
        printed = self.run("output", "-json", quiet=True)
        return {name: output["value"] for name, output in json.loads(printed).items()}


def _cache_dir() -> Path:
    directory = REPOSITORY / ".terraform" / "plugin-cache"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
