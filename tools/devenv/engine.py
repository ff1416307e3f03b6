"""Starts and stops a local AWS engine, and takes no other process for it."""

import os
import random
import secrets
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from tools.errors import UserError

HOST = "127.0.0.1"
CORRECTED = f"{Path(__file__).with_name('corrections.py')}:app"
SECRET_HEADER = "X-Environment-Secret"
START_SECONDS = 300
STOP_SECONDS = 10
CLOCK_TOLERANCE_SECONDS = 2

# Longer than any client keeps an idle connection; Terraform's keep theirs for 90 s. One that the
# engine closes just as a call comes in is lost after the call was carried out, which is then
# repeated and refused, since what it made is there.
KEEP_ALIVE_SECONDS = 86_400

# Below those that systems give to outgoing connections, one of which may have a port when it is
# needed at last.
PORTS = range(20_000, 32_768)

# Engines outlive the process that starts them; Python warns about one that is dropped.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Engine:
    """A running engine: its process, known by pid and start time, and the port it listens on.

    `secret` is the secret access key of every account's root.
    """

    pid: int
    started: float
    port: int
    # Records of earlier versions have none.
    secret: str = field(default="", repr=False)

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def process(self) -> psutil.Process | None:
        """The engine's process, or None if it has ended (even if another has its pid by now)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < CLOCK_TOLERANCE_SECONDS
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None

    def healthy(self) -> bool:
        """Whether the engine runs and responds."""
        return self.process() is not None and _responds(self)

    def stop(self) -> None:
        """End the engine and the function processes it started; nothing else, and nothing twice."""
        process = self.process()
        if process is None:
            return
        family = [*process.children(recursive=True), process]
        for member in reversed(family):
            _signal(member, kill=False)
        _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
        for member in alive:
            _signal(member, kill=True)
        psutil.wait_procs(alive, timeout=STOP_SECONDS)
        for child in _children:
            child.poll()


def spawn(
    python: Path,
    directory: Path,
    account_id: str,
    region: str,
    predecessor: Engine | None = None,
    app: str = CORRECTED,
) -> Engine:
    """Start an engine where its predecessor was, with its secret; on another port if that is taken.

    Its log, its home and all its temporary files are in the directory. `app` is what hypercorn
    serves.
    """
    port = free_port(predecessor.port if predecessor else 0)
    secret = (predecessor and predecessor.secret) or secrets.token_hex(20)
    for name in ("home", "tmp"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    with _log(directory).open("wb") as sink:
        child = subprocess.Popen(
            # As `ministack --detach` starts it, but for how long it keeps connections.
            [
                *(python, "-m", "hypercorn", app, "--workers", "0"),
                *("--bind", f"{HOST}:{port}", "--keep-alive", str(KEEP_ALIVE_SECONDS)),
            ],
            cwd=directory,
            env=_environment(os.environ, directory, account_id, secret, region, port),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children.append(child)
    return Engine(child.pid, psutil.Process(child.pid).create_time(), port, secret)


def wait(engine: Engine, directory: Path) -> None:
    """Wait until an engine responds.

    Raises:
        UserError: it ended, or did not respond in time.
    """
    give_up = time.monotonic() + START_SECONDS
    while not engine.healthy():
        if engine.process() is None or time.monotonic() > give_up:
            engine.stop()
            raise UserError(f"The local AWS engine did not start: see {_log(directory)}.")
        time.sleep(0.2)


def _log(directory: Path) -> Path:
    return directory / "engine.log"


def _environment(
    environ: Mapping[str, str],
    directory: Path,
    account_id: str,
    secret: str,
    region: str,
    port: int,
) -> dict[str, str]:
    # Nothing of the developer's own: no home, no credentials, no agent, no virtual environment.
    inherited = {name: environ[name] for name in ("LANG", "PATH", "TZ") if name in environ}
    return {
        **inherited,
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": account_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "HOME": str(directory / "home"),
        # Its MQTT listener would be on all interfaces.
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_ACCOUNT_ID": account_id,
        "MINISTACK_REGION": region,
        "PYTHONDONTWRITEBYTECODE": "1",
        # The key that signs OAuth2 tokens, which all engines of a machine would share.
        "STATE_DIR": str(directory / "tmp" / "state"),
        "TMPDIR": str(directory / "tmp"),
    }


def free_port(preferred: int = 0) -> int:
    """The preferred port if it is free, else another that is."""
    for candidate in (*([preferred] if preferred else []), *random.sample(PORTS, len(PORTS))):
        with socket.socket() as listener:
            # As the engine binds it: a connection of its predecessor that lingers is no obstacle.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, candidate))
            except OSError:
                continue
            return candidate
    raise UserError(f"No port is free on {HOST}.")


def _responds(engine: Engine) -> bool:
    health, secret = f"{engine.endpoint_url}/_ministack/health", {SECRET_HEADER: engine.secret}
    try:
        return requests.get(health, headers=secret, timeout=60).ok
    except requests.RequestException:
        return False


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        pass
