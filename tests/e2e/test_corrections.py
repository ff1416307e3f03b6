"""What is corrected of the engine is as on AWS, and would not be so without the correction."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.e2e.bench import Bench
from tools.devenv import ENGINE_PYTHON, engine
from tools.devenv.state import ACCOUNTS, REGION, forget_aws_configuration
from tools.devenv.walkthrough import until
from tools.errors import UserError


def names_errors_after_their_classes(bench: Bench) -> bool:
    ended = bench.ended(bench.start(Resource=bench.failing_function))

    told = {"errorType": "OutOfStock", "errorMessage": "no parcel is left"}
    return ended["error"] == "OutOfStock" and json.loads(ended["cause"]) == told


def fails_waits_whose_function_fails(bench: Bench) -> bool:
    execution = bench.start(
        Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
        Parameters={"FunctionName": bench.failing_function, "Payload": {}},
        TimeoutSeconds=2,
    )

    return bench.ended(execution)["error"] != "States.Timeout"


def gives_each_attempt_a_token(bench: Bench) -> bool:
    execution = bench.start_wait(Retry=[{"ErrorEquals": ["Again"], "MaxAttempts": 1}])
    first = bench.token()
    bench.stepfunctions.send_task_failure(taskToken=first, error="Again")
    second = bench.token()
    bench.stepfunctions.send_task_success(taskToken=second, output='"done"')

    assert bench.ended(execution)["status"] == "SUCCEEDED"
    return first != second


def enforces_heartbeats(bench: Bench) -> bool:
    execution = bench.start_wait(HeartbeatSeconds=1, TimeoutSeconds=3)
    bench.token()

    return bench.ended(execution)["error"] == "States.HeartbeatTimeout"


def names_senders(bench: Bench) -> bool:
    return bench.sender_id() == f"{bench.role_id}:sender"


def tells_validation_errors(bench: Bench) -> bool:
    return "validationErrorString" not in bench.refused({"order": 1})["detail"]


AS_ON_AWS = [
    names_errors_after_their_classes,
    fails_waits_whose_function_fails,
    gives_each_attempt_a_token,
    enforces_heartbeats,
    names_senders,
    tells_validation_errors,
]


@contextmanager
def running(directory: Path, app: str) -> Iterator[Bench]:
    forget_aws_configuration()
    started = engine.spawn(ENGINE_PYTHON, directory, ACCOUNTS["platform"], REGION, app=app)
    try:
        engine.wait(started, directory)
        yield Bench(started)
    finally:
        started.stop()


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("corrected"), engine.CORRECTED) as bench:
        yield bench


@pytest.fixture(scope="module")
def uncorrected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    directory = tmp_path_factory.mktemp("uncorrected")
    with running(directory, app_of(directory, "from ministack.app import app as engine")) as bench:
        yield bench


def app_of(directory: Path, source: str) -> str:
    """What hypercorn serves: the app that a source calls `engine`, guarded."""
    module = directory / "served.py"
    module.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(engine.__file__).parent)!r})\n"
        f"from guard import guarded\n{source}\napp = guarded(engine)\n"
    )
    return f"{module}:app"


@pytest.mark.parametrize("as_on_aws", AS_ON_AWS)
def test_a_correction_corrects(corrected: Bench, as_on_aws: Callable[[Bench], bool]) -> None:
    assert as_on_aws(corrected)


@pytest.mark.parametrize("as_on_aws", AS_ON_AWS)
def test_a_correction_is_needed(uncorrected: Bench, as_on_aws: Callable[[Bench], bool]) -> None:
    assert not as_on_aws(uncorrected), (
        f"no longer needed, remove it: this engine {as_on_aws.__name__} by itself"
    )


def test_a_wait_lasts_while_heartbeats_come(corrected: Bench) -> None:
    execution = corrected.start_wait(HeartbeatSeconds=1)
    token = corrected.token()
    beyond_two_beats = time.monotonic() + 2

    def beat() -> bool | None:
        corrected.stepfunctions.send_task_heartbeat(taskToken=token)
        return time.monotonic() > beyond_two_beats or None

    until(beat, "heartbeats have come for longer than two of them may take")
    corrected.stepfunctions.send_task_success(taskToken=token, output='"done"')

    assert corrected.ended(execution)["status"] == "SUCCEEDED"


def test_an_engine_that_lacks_what_is_corrected_does_not_start(tmp_path: Path) -> None:
    lacking = app_of(
        tmp_path,
        "from ministack.services import stepfunctions\n"
        "del stepfunctions._call_lambda\n"
        "from corrections import app as engine",
    )

    with pytest.raises(UserError, match="did not start"), running(tmp_path, lacking):
        pass

    assert "does not have _call_lambda" in (tmp_path / "engine.log").read_text()
