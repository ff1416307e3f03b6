"""A local environment: an engine, both accounts applied to it, and what is needed to use them."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import boto3
from filelock import FileLock

from tools import REPOSITORY, Json
from tools.contracts.lint import require_clean
from tools.deploy import package, release
from tools.deploy.accounts import Account
from tools.deploy.terraform import LOCK_FILE, ROOTS, Directory, TerraformError, installed_release
from tools.devenv import engine
from tools.devenv.engine import Engine
from tools.devenv.state import (
    ACCOUNTS,
    ISOLATION,
    REGION,
    STATE_FILE,
    State,
    account_session,
    read_state,
)
from tools.devenv.walkthrough import TASK_TYPE, Deployment, deployment
from tools.errors import UserError

PARTNER_NAME = "acme-shipping"

_HERE = REPOSITORY / "tools" / "devenv"
ENGINE_SOURCES = tuple(_HERE / name for name in ("requirements.txt", "corrections.py", "guard.py"))
_SOURCES = ("terraform", "schemas", "statemachines")

# As terraform/roots/platform/envs/local.tfvars has it.
EXTERNAL_ID = "local-acme-shipping"

# The provider waits for most of what it makes, and the engine throttles nobody.
_UNASKED = ("-auto-approve", "-input=false", "-parallelism=40")
_QUEUES = (
    "aws_sqs_queue_policy.this",
    "aws_sqs_queue_redrive_allow_policy.dead_letter",
    "aws_sqs_queue_redrive_policy.this",
)

# On a busy machine the engine now and then carries out a call whose reply is lost. The provider
# repeats it and is told that what it makes is there, which nothing but an empty engine can mend.
FRESH_STARTS = 2
_ALREADY_THERE = re.compile(
    r"AlreadyExists|already exists|BucketAlreadyOwnedByYou|ConditionalCheckFailedException"
)

_PLAN = re.compile(r"^Plan: (\d+) to add, (\d+) to change, (\d+) to destroy")
_DONE = re.compile(r": (Creation|Modifications|Destruction) complete after ")
_WAITS = re.compile(r"(\w+\.\w+)(\[[^]]*\])?: Still \w+")

# What a step does, as a context around it, which may be told how far the step is.
type Report = Callable[[str], AbstractContextManager[Callable[[str], None]]]
_UNTOLD: Report = lambda _: nullcontext(lambda _: None)  # noqa: E731


class NotUpError(UserError):
    """The environment is not up."""

    def __init__(self) -> None:
        super().__init__("The local environment is not up: run `make up` first.")


class NotAppliedError(UserError):
    """The environment is up, but no apply to it has ever succeeded."""

    def __init__(self) -> None:
        super().__init__("The local environment is up, but empty: run `make up` to apply to it.")


@dataclass(frozen=True)
class Environment:
    """One environment in a directory of its own; two share only the sources and the package."""

    directory: Path
    engine_python: Path

    def up(self, report: Report = _UNTOLD, abandoned: Collection[str] = ()) -> bool:
        """Bring the environment to what the sources say; return whether anything had to be done.

        A missing, dead or half-made environment is made anew.

        Raises:
            release.OpenTasksError: channels would go whose tasks are open, not of an abandoned
                type.
            UserError: settings or contracts are not in order.
        """
        installed_release()
        require_clean()
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._lock():
            with (
                report("building the package and starting the local AWS"),
                ThreadPoolExecutor() as beside,
            ):
                building = beside.submit(package.manifest, package.host_architecture())
                state = self._living_state() or self._start()
                built = building.result()
            fingerprint = _fingerprint(built)
            if state.applied == fingerprint:
                return False
            for _ in range(FRESH_STARTS):
                if state.outputs:
                    break
                try:
                    self._apply(state, fingerprint, built, report, abandoned)
                except TerraformError as error:
                    if not _ALREADY_THERE.search(error.detail):
                        raise
                else:
                    return True
                with report("starting afresh, since the local AWS lost a reply under load"):
                    state = self._start()
            self._apply(state, fingerprint, built, report, abandoned)
            return True

    def down(self) -> None:
        """Stop the engine and forget everything."""
        if not self.directory.is_dir():
            return
        with self._lock():
            state = self._state()
            if state:
                state.engine.stop()
            for entry in self.directory.iterdir():
                if entry != self._lock_file:
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def deployment(self) -> Deployment:
        """The environment as the walkthrough needs it, with the outputs of the last whole apply.

        Raises:
            NotAppliedError: there has been none.
            NotUpError: it is not up.
        """
        state = self._running_state()
        if not state.outputs:
            raise NotAppliedError
        return deployment(
            account("platform", state.engine),
            account("partner", state.engine),
            state.outputs["platform"],
            state.outputs["partner"],
            EXTERNAL_ID,
        )

    @property
    def webhook_port(self) -> int:
        """Where the partner without AWS is to listen.

        Raises:
            NotUpError: the environment is not up.
        """
        return self._running_state().webhook_port

    def exports(self, name: str) -> dict[str, str]:
        """The environment variables that point a tool at one of the accounts, and its root.

        Raises:
            NotUpError: the environment is not up.
        """
        variables = account_variables(name, self._running_state().engine)
        return {**variables, "TF_DATA_DIR": str(self._data_dir(name))}

    def session(self, account_id: str) -> boto3.Session:
        """A session as the root of any account, which the engine makes as it is asked for.

        Raises:
            NotUpError: the environment is not up.
        """
        return account_session(account_id, self._running_state().engine)

    def root(self, name: str) -> Directory:
        """One of the Terraform roots, with its account's credentials.

        Raises:
            NotUpError: the environment is not up.
        """
        return self._root(name, self._running_state().engine)

    def variables(self, name: str, roots: Path = ROOTS) -> list[str]:
        """The arguments that give a root its variables, as the last apply had them."""
        generated = self.directory / f"{name}.tfvars.json"
        return [f"-var-file={_settings(name, roots)}", f"-var-file={generated}"]

    def _data_dir(self, name: str) -> Path:
        return self.directory / "terraform" / name

    @property
    def _lock_file(self) -> Path:
        return self.directory / "lock"

    @property
    def _state_file(self) -> Path:
        return self.directory / STATE_FILE

    def _lock(self) -> FileLock:
        return FileLock(self._lock_file)

    def _state(self) -> State | None:
        return read_state(self._state_file)

    def _save(self, state: State) -> State:
        draft = self._state_file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(state)))
        draft.replace(self._state_file)
        return state

    def _living_state(self) -> State | None:
        """The state, unless its engine is dead or outdated, or an apply was cut short."""
        state = self._state()
        if state is None or state.applying or state.engine_version != _engine_version():
            return None
        return state if state.engine.healthy() else None

    def _running_state(self) -> State:
        """The state while its engine runs, whatever has been applied to it."""
        state = self._state()
        if state is None or not state.engine.healthy():
            raise NotUpError
        return state

    def _start(self) -> State:
        old = self._state()
        if old:
            old.engine.stop()
        running = engine.spawn(
            self.engine_python,
            self.directory,
            ACCOUNTS["platform"],
            REGION,
            # Shells that point at the engine that died find the new one.
            predecessor=old.engine if old else None,
        )
        webhook_port = engine.free_port(old.webhook_port if old else 0)
        state = self._save(State(running, _engine_version(), webhook_port))
        engine.wait(running, self.directory)
        _make_state_buckets(running)
        return state

    def _apply(
        self,
        state: State,
        fingerprint: str,
        package: Path,
        report: Report,
        abandoned: Collection[str],
    ) -> None:
        # If this process is killed, `applying` stays, and the next one starts anew.
        before, state = state, self._save(replace(state, applying=True, applied=""))
        try:
            with ThreadPoolExecutor() as beside:
                queues = None if state.outputs else beside.submit(self._make_queues, state.engine)
                platform = self._apply_root(
                    "platform",
                    state.engine,
                    _platform_variables(state, package),
                    report,
                    abandoned,
                )
                if queues:
                    queues.result()
            partner = self._apply_root(
                "partner", state.engine, {"subscriptions": _subscriptions(platform)}, report
            )
        except release.OpenTasksError:
            self._save(before)
            raise
        except TerraformError:
            # Terraform has saved what it did, so that the next apply can go on from there.
            self._save(replace(state, applying=False))
            raise
        self._save(
            replace(
                state,
                applying=False,
                applied=fingerprint,
                outputs={"platform": platform, "partner": partner},
            )
        )

    def _make_queues(self, engine: Engine) -> None:
        """Make what of the partner needs only names of the platform, and takes a minute."""
        root = self._initialised("partner", engine)
        module = f'module.partner_subscription["{TASK_TYPE}"]'
        targets = [f"-target={module}.{resource}" for resource in _QUEUES]
        root.run("apply", *_UNASKED, f"-var-file={_settings('partner')}", *targets)

    def _apply_root(
        self,
        name: str,
        engine: Engine,
        variables: Json,
        report: Report,
        abandoned: Collection[str] = (),
    ) -> Json:
        (self.directory / f"{name}.tfvars.json").write_text(json.dumps(variables))
        with report(f"applying the {name} as account {ACCOUNTS[name]}") as tell:
            root = replace(self._initialised(name, engine), watch=_progress(tell))
            options = [*_UNASKED, *self.variables(name)]
            if name == "platform":
                release.apply(root, account(name, engine), options, abandoned)
            else:
                root.run("apply", *options)
            return root.outputs()

    def _initialised(self, name: str, engine: Engine) -> Directory:
        root = self._root(name, engine)
        backend = ROOTS / name / "envs" / "local.s3.tfbackend"
        root.init("-reconfigure", f"-backend-config={backend}")
        return root

    def _root(self, name: str, engine: Engine) -> Directory:
        return Directory(
            path=ROOTS / name,
            data_dir=self._data_dir(name),
            environ={**_outer_variables(), **account_variables(name, engine)},
            log=self.directory / f"terraform-{name}.log",
        )


def _settings(name: str, roots: Path = ROOTS) -> Path:
    return roots / name / "envs" / "local.tfvars"


def _progress(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Takes the lines that an apply prints, and tells how many of its resources are done."""
    planned = done = 0

    def watch(line: str) -> None:
        nonlocal planned, done
        if plan := _PLAN.search(line):
            planned, done = sum(map(int, plan.groups())), 0
        elif _DONE.search(line):
            done += 1
        waits = _WAITS.search(line)
        if planned:
            tell(f"{done} of {planned}" + (f", waits for {waits[1]}" if waits else ""))

    return watch


def account(name: str, running: Engine) -> Account:
    """One of the two local accounts."""
    return Account(account_session(ACCOUNTS[name], running), running.endpoint_url)


def account_variables(name: str, running: Engine) -> dict[str, str]:
    """The environment variables that point any AWS tool at one of the two local accounts."""
    return {
        "AWS_ENDPOINT_URL": running.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNTS[name],
        "AWS_SECRET_ACCESS_KEY": running.secret,
    }


def _outer_variables() -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_LOG"))
    }
    return {**inherited, **ISOLATION}


def _make_state_buckets(running: Engine) -> None:
    for name, account_id in ACCOUNTS.items():
        account(name, running).s3.create_bucket(
            Bucket=f"callbacks-tfstate-{account_id}",
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )


def _platform_variables(state: State, package: Path) -> Json:
    built: Json = json.loads(package.read_text())
    endpoint_url = state.engine.endpoint_url
    return {
        **built,
        "oauth2_token_url": f"{endpoint_url}/oauth2/token",
        "public_base_url": f"{endpoint_url}/_aws/execute-api/{{api_id}}/local",
        "webhook_base_url": f"http://{engine.HOST}:{state.webhook_port}",
    }


def _subscriptions(platform_outputs: Json) -> Json:
    return {
        task_type: {
            "topic_arn": channel["topic_arn"],
            "callback_role_arn": channel["callback_roles"][PARTNER_NAME],
        }
        for task_type, channel in platform_outputs["channels"].items()
        if PARTNER_NAME in channel["callback_roles"]
    }


def _engine_version() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in ENGINE_SOURCES)).hexdigest()


def _fingerprint(package: Path) -> str:
    """A digest of all that an apply depends on."""
    digest = hashlib.sha256(package.read_bytes())
    for path in _inputs():
        digest.update(str(path.relative_to(REPOSITORY)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    for source in _SOURCES:
        for path in sorted((REPOSITORY / source).rglob("*")):
            parts = path.relative_to(REPOSITORY).parts
            if {".terraform", "tests", "examples"} & set(parts):
                continue
            # The tests lend the roots' lock file to the modules.
            lent = path.name == LOCK_FILE.name and "modules" in parts
            if path.is_file() and not lent and path.suffix != ".md":
                yield path
