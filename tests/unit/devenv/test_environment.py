"""How a local environment starts, stays, heals and stops; its engine is any process that lives."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest

from tools.deploy import package
from tools.deploy.terraform import TerraformError
from tools.devenv import engine, environment
from tools.devenv.engine import Engine
from tools.devenv.environment import Environment, NotAppliedError, NotUpError
from tools.errors import UserError


class Harness:
    """Stands in for what takes long: the engine's program, the buckets, and both applies."""

    def __init__(self, directory: Path) -> None:
        self.environment = Environment(directory / "environment", Path(sys.executable))
        self.package = directory / "package.tfvars.json"
        self.package.write_text("{}")
        self.engines: list[Engine] = []
        self._children: list[subprocess.Popen[bytes]] = []
        self.applies: list[tuple[str, int]] = []
        self.failure: BaseException | None = None
        self.lost_replies = 0

    def spawn(self, *_: object, predecessor: Engine | None = None, **__: object) -> Engine:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        self._children.append(sleeper)
        started = psutil.Process(sleeper.pid).create_time()
        secret = predecessor.secret if predecessor else "secret"
        self.engines.append(Engine(sleeper.pid, started, len(self.engines) + 1, secret))
        return self.engines[-1]

    def clear(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()

    def apply(self, name: str, running: Engine, *__: object) -> dict[str, object]:
        if self.lost_replies:
            self.lost_replies -= 1
            raise TerraformError("apply failed", "Error: creating IAM Role: EntityAlreadyExists")
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
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    harness = Harness(tmp_path)
    monkeypatch.setattr(engine, "spawn", harness.spawn)
    monkeypatch.setattr(engine, "_responds", lambda _: True)
    monkeypatch.setattr(environment, "_make_state_buckets", lambda _: None)
    monkeypatch.setattr(package, "manifest", lambda _: harness.package)
    monkeypatch.setattr(Environment, "_apply_root", harness.apply)
    monkeypatch.setattr(Environment, "_make_queues", lambda *_: None)
    yield harness
    harness.clear()


def test_up_applies_both_roots_once(harness: Harness) -> None:
    first, second = harness.up(), harness.up()

    assert (first, second) == (True, False)
    assert harness.applies == [("platform", 1), ("partner", 1)]
    assert len(harness.engines) == 1


def test_up_applies_nothing_that_the_lint_refuses(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "require_clean", Mock(side_effect=UserError("not clean")))

    with pytest.raises(UserError, match="not clean"):
        harness.up()

    assert (harness.engines, harness.applies) == ([], [])


def test_a_new_package_is_applied_to_the_same_engine(harness: Harness) -> None:
    harness.up()
    harness.package.write_text('{"changed": true}')

    assert harness.up()

    assert harness.applies == [("platform", 1), ("partner", 1)] * 2
    assert len(harness.engines) == 1


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
    path: str, applied: bool, harness: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path / "repository")
    changed = tmp_path / "repository" / path
    changed.parent.mkdir(parents=True)
    harness.up()
    changed.write_text("changed")

    assert harness.up() is applied


def test_a_dead_engine_is_replaced(harness: Harness) -> None:
    harness.up()
    harness.engines[0].stop()

    assert harness.up()

    assert harness.applies[2:] == [("platform", 2), ("partner", 2)]


def test_a_new_engine_in_place_of_another_keeps_its_secret(harness: Harness) -> None:
    harness.up()
    shell = harness.environment.exports("platform")
    harness.engines[0].stop()
    harness.up()

    secret = "AWS_SECRET_ACCESS_KEY"
    assert harness.environment.exports("platform")[secret] == shell[secret]


def test_only_its_owner_reads_the_secret(harness: Harness) -> None:
    harness.up()

    holding = [
        path
        for path in harness.environment.directory.rglob("*")
        if path.is_file() and "secret" in path.read_text()
    ]

    assert [path.name for path in holding] == ["state.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600


def test_an_engine_of_an_earlier_version_is_stopped_and_replaced(harness: Harness) -> None:
    harness.up()
    record = harness.environment.directory / "state.json"
    document = json.loads(record.read_text())
    del document["engine"]["secret"]
    record.write_text(json.dumps({**document, "engine_version": "earlier"}))

    assert harness.up()
    assert [engine.process() is None for engine in harness.engines] == [True, False]


def test_a_pid_that_another_process_has_by_now_is_left_alone(harness: Harness) -> None:
    bystander = harness.spawn()
    harness.engines.append(Engine(bystander.pid, bystander.started - 60, port=2))

    assert harness.engines[-1].process() is None
    harness.engines.pop().stop()

    assert bystander.process() is not None


def test_an_apply_that_was_killed_is_made_anew_on_a_new_engine(harness: Harness) -> None:
    harness.fail(SystemExit())

    assert harness.up()

    assert harness.engines[0].process() is None
    assert harness.applies == [("platform", 2), ("partner", 2)]


def test_an_apply_that_failed_goes_on_where_it_was(harness: Harness) -> None:
    harness.fail(TerraformError("failed"))

    assert harness.up()

    assert len(harness.engines) == 1
    assert harness.applies == [("platform", 1), ("partner", 1)]


def test_a_broken_record_is_made_anew(harness: Harness) -> None:
    harness.up()
    (harness.environment.directory / "state.json").write_text('{"engine": {}}')

    assert harness.up()


def test_down_stops_the_engine_and_forgets(harness: Harness) -> None:
    harness.up()

    harness.environment.down()
    harness.environment.down()

    assert harness.engines[0].process() is None
    assert [entry.name for entry in harness.environment.directory.iterdir()] == ["lock"]


@pytest.mark.parametrize("account", ["platform", "partner"])
def test_exports_point_at_the_account(account: str, harness: Harness) -> None:
    harness.up()

    exports = harness.environment.exports(account)

    assert exports == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": {"platform": "111111111111", "partner": "222222222222"}[account],
        "AWS_SECRET_ACCESS_KEY": "secret",
        "TF_DATA_DIR": str(harness.environment.directory / "terraform" / account),
    }


def test_exports_of_what_is_not_up(harness: Harness) -> None:
    with pytest.raises(NotUpError, match="run `make up` first"):
        harness.environment.exports("platform")


def test_exports_of_what_has_died(harness: Harness) -> None:
    harness.up()
    harness.engines[0].stop()

    with pytest.raises(NotUpError):
        harness.environment.exports("platform")


@pytest.mark.parametrize("failure", [TerraformError("failed"), SystemExit()])
def test_an_environment_is_reached_after_a_first_apply_that_failed(
    failure: BaseException, harness: Harness
) -> None:
    harness.fail(failure)

    assert harness.environment.exports("platform")["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert harness.environment.root("platform").environ["AWS_ACCESS_KEY_ID"] == "111111111111"
    with pytest.raises(NotAppliedError, match="run `make up`"):
        harness.environment.deployment()


def test_an_environment_keeps_its_outputs_when_a_later_apply_fails(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Mock()
    monkeypatch.setattr(environment, "deployment", found)
    harness.up()
    harness.package.write_text('{"changed": true}')
    harness.fail(TerraformError("failed"))

    harness.environment.deployment()

    assert found.call_args.args[2] == {"channels": {}}


def test_a_new_environment_whose_engine_lost_a_reply_is_started_afresh(harness: Harness) -> None:
    harness.lost_replies = environment.FRESH_STARTS

    assert harness.up()

    assert len(harness.engines) == environment.FRESH_STARTS + 1
    assert {port for _, port in harness.applies} == {environment.FRESH_STARTS + 1}


def test_an_engine_that_always_loses_replies_is_given_up(harness: Harness) -> None:
    harness.lost_replies = environment.FRESH_STARTS + 1

    with pytest.raises(TerraformError):
        harness.up()


def test_an_environment_that_holds_something_is_never_started_afresh(harness: Harness) -> None:
    harness.up()
    harness.package.write_text("{ }")
    harness.lost_replies = 1

    with pytest.raises(TerraformError):
        harness.up()

    assert len(harness.engines) == 1
