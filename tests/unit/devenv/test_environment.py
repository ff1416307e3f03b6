"""How a local environment starts, stays, heals and stops; its engine is any process that lives."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tools.deploy import package
from tools.deploy.terraform import TerraformError
from tools.devenv import engine, environment
from tools.devenv.engine import Engine
from tools.devenv.environment import Environment, NotUpError


class Stage:
    """Stands in for what takes long: the engine's program, the buckets, and both applies."""

    def __init__(self, directory: Path) -> None:
        self.environment = Environment(directory / "environment", Path(sys.executable))
        self.package = directory / "package.tfvars.json"
        self.package.write_text("{}")
        self.engines: list[Engine] = []
        self._children: list[subprocess.Popen[bytes]] = []
        self.applies: list[tuple[str, int]] = []
        self.failure: BaseException | None = None

    def spawn(self, *_: object, **__: object) -> Engine:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        self._children.append(sleeper)
        started = psutil.Process(sleeper.pid).create_time()
        self.engines.append(Engine(sleeper.pid, started, port=len(self.engines) + 1))
        return self.engines[-1]

    def clear(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()

    def apply(self, name: str, running: Engine, *__: object) -> dict[str, object]:
        if self.failure:
            raise self.failure
        self.applies.append((name, running.port))
        return {"channels": {}}

    def up(self) -> bool:
        return self.environment.up()

    def fail(self, failure: BaseException) -> None:
        self.failure = failure
        with pytest.raises(type(failure)):
            self.up()
        self.failure = None


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    monkeypatch.setattr(engine, "spawn", stage.spawn)
    monkeypatch.setattr(engine, "_answers", lambda _: True)
    monkeypatch.setattr(environment, "_make_state_buckets", lambda _: None)
    monkeypatch.setattr(package, "manifest", lambda _: stage.package)
    monkeypatch.setattr(Environment, "_apply_root", stage.apply)
    yield stage
    stage.clear()


def test_up_applies_both_roots_once(stage: Stage) -> None:
    first, second = stage.up(), stage.up()

    assert (first, second) == (True, False)
    assert stage.applies == [("platform", 1), ("partner", 1)]
    assert len(stage.engines) == 1


def test_a_new_package_is_applied_to_the_same_engine(stage: Stage) -> None:
    stage.up()
    stage.package.write_text('{"changed": true}')

    assert stage.up()

    assert stage.applies == [("platform", 1), ("partner", 1)] * 2
    assert len(stage.engines) == 1


@pytest.mark.parametrize(
    ("path", "applied"),
    [
        ("terraform/modules/platform/main.tf", True),
        ("terraform/roots/platform/.terraform.lock.hcl", True),
        ("schemas/T/v1/output.schema.json", True),
        ("statemachines/order_processing.asl.json", True),
        ("terraform/modules/platform/.terraform.lock.hcl", False),
        ("terraform/modules/platform/tests/platform.tftest.hcl", False),
        ("terraform/modules/platform/.terraform/plugin_path", False),
        ("terraform/modules/platform/README.md", False),
        ("schemas/T/v1/examples/valid/output.json", False),
    ],
)
def test_a_change_is_applied_if_an_apply_reads_it(
    path: str, applied: bool, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path / "repository")
    changed = tmp_path / "repository" / path
    changed.parent.mkdir(parents=True)
    stage.up()
    changed.write_text("changed")

    assert stage.up() is applied


def test_a_dead_engine_is_replaced(stage: Stage) -> None:
    stage.up()
    stage.engines[0].stop()

    assert stage.up()

    assert stage.applies[2:] == [("platform", 2), ("partner", 2)]


def test_a_pid_that_another_process_has_by_now_is_left_alone(stage: Stage) -> None:
    bystander = stage.spawn()
    stage.engines.append(Engine(bystander.pid, bystander.started - 60, port=2))

    assert stage.engines[-1].process() is None
    stage.engines.pop().stop()

    assert bystander.process() is not None


def test_an_apply_that_was_killed_is_made_anew_on_a_new_engine(stage: Stage) -> None:
    stage.fail(SystemExit())

    assert stage.up()

    assert stage.engines[0].process() is None
    assert stage.applies == [("platform", 2), ("partner", 2)]


def test_an_apply_that_failed_goes_on_where_it_was(stage: Stage) -> None:
    stage.fail(TerraformError("failed"))

    assert stage.up()

    assert len(stage.engines) == 1
    assert stage.applies == [("platform", 1), ("partner", 1)]


def test_a_broken_record_is_made_anew(stage: Stage) -> None:
    stage.up()
    (stage.environment.directory / "state.json").write_text('{"engine": {}}')

    assert stage.up()


def test_down_stops_the_engine_and_forgets(stage: Stage) -> None:
    stage.up()

    stage.environment.down()
    stage.environment.down()

    assert stage.engines[0].process() is None
    assert [entry.name for entry in stage.environment.directory.iterdir()] == ["lock"]


@pytest.mark.parametrize("account", ["platform", "partner"])
def test_exports_point_at_the_account(account: str, stage: Stage) -> None:
    stage.up()

    exports = stage.environment.exports(account)

    assert exports == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": {"platform": "111111111111", "partner": "222222222222"}[account],
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def test_exports_of_what_is_not_up(stage: Stage) -> None:
    with pytest.raises(NotUpError, match="run `make up` first"):
        stage.environment.exports("platform")


def test_exports_after_an_apply_that_failed(stage: Stage) -> None:
    stage.fail(TerraformError("failed"))

    with pytest.raises(NotUpError):
        stage.environment.exports("platform")
