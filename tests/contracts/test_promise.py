"""What partners see, by the code of each revision, and which changes of that code break them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import REPOSITORY, Json
from tools.contracts import __main__, promise, tree
from tools.contracts.evolution import Comparison, compare
from tools.contracts.revisions import Revision, record

# Message versions are compared by what is in them.
UNNOTICED = {
    "$schema",
    "alarms",
    "message_version",
    "payload_event_key",
    "reserved_concurrency",
    "retry",
}
CODE = (Path("tools"), Path("lambdas"), tree.SCHEMAS, tree.ROOTS, tree.WORKFLOWS)
SETTINGS = tree.channel("ORDER_SHIPPING_SERVICE")


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """The contracts and the code that makes their document, committed."""
    for folder in CODE:
        ignored = shutil.ignore_patterns("__pycache__", ".terraform")
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=ignored)
    _git(tmp_path, "init", "-q")
    _commit(tmp_path)
    return tmp_path


def _git(repository: Path, *arguments: str) -> None:
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", "-C", str(repository), *author, *arguments], check=True)


def _commit(repository: Path) -> None:
    _git(repository, "add", ".")
    _git(repository, "commit", "-q", "-m", "Base")


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def _shorten(repository: Path) -> None:
    _replace(repository / SETTINGS, '"timeout_seconds": 86400', '"timeout_seconds": 60')


def _compare(repository: Path) -> Comparison:
    return compare(repository, Revision(repository, "HEAD"))


def test_each_revision_makes_its_document_by_its_own_code(platform: Path) -> None:
    _replace(platform / promise.MESSAGE, '"workid": work_id,', "")

    comparison = _compare(platform)

    assert comparison.remarks == []
    assert [(found.rule, found.place) for found in comparison.findings] == [
        ("attribute-dropped", f"{promise.MESSAGE}#/workid")
    ]


def test_what_the_model_is_composed_of_is_part_of_the_document(platform: Path) -> None:
    _replace(platform / "tools/contracts/compose.py", '"required": ["task_error"],', "")
    _commit(platform)
    _replace(
        platform / "tools/contracts/compose.py",
        '"enum": ["FAILURE"]}},\n',
        '"enum": ["FAILURE"]}},\n        "required": ["task_error"],\n',
    )

    found = _compare(platform).findings

    assert {(one.rule, one.path.name, one.pointer) for one in found} == {
        ("model-narrowed", "callback.schema.json", "/oneOf")
    }


def test_nothing_stays_of_the_worktree(platform: Path) -> None:
    _compare(platform)

    listed = subprocess.run(
        ["git", "-C", str(platform), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1


def test_a_revision_that_is_older_than_the_document_is_read_with_todays_code(
    platform: Path,
) -> None:
    module = (platform / promise.MODULE).read_text()
    (platform / promise.MODULE).unlink()
    _commit(platform)
    (platform / promise.MODULE).write_text(module)
    _shorten(platform)

    comparison = _compare(platform)

    (remark,) = comparison.remarks
    assert "HEAD does not make its document (it is older than the document)" in remark
    assert [found.rule for found in comparison.findings] == ["timeout-shortened"]


@pytest.fixture
def check(platform: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Runs the command on the copy."""
    monkeypatch.setattr(__main__, "REPOSITORY", platform)
    monkeypatch.setattr(sys, "argv", ["contracts", "check"])
    return __main__.main


def test_a_change_stays_refused_until_it_is_acknowledged_and_then_lands(
    platform: Path, check: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    record(platform, "dev")
    _shorten(platform)
    place = f"{SETTINGS}#/timeout_seconds"

    assert check() == 1
    told = capsys.readouterr().err
    assert "Partners who use deployed/dev would break:" in told
    assert f"acknowledge: timeout-shortened at {place}\n" in told

    entry = {"rule": "timeout-shortened", "place": place, "reason": "They agreed."}
    (platform / tree.ACKNOWLEDGED).write_text(json.dumps([entry]))
    assert check() == 0
    assert capsys.readouterr().out == "No partner who uses deployed/dev breaks.\n"

    _commit(platform)
    record(platform, "prod")
    assert check() == 0

    record(platform, "dev")
    assert check() == 1
    assert "it has landed, or was never made" in capsys.readouterr().err


def test_with_nothing_to_compare_with_the_command_says_so_and_passes(
    check: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check() == 0
    assert capsys.readouterr().out == "Skipped: HEAD has no parent.\n"


def _both(change: Callable[[Json], Any]) -> list[promise.Change]:
    before = promise.document(REPOSITORY)
    now = json.loads(json.dumps(before))
    change(now)
    return list(dict.fromkeys(promise.changes(before, now, REPOSITORY)))


def _version(document: Json) -> Json:
    version: Json = document["channels"]["ORDER_FRAUD_REVIEW"]["versions"]["v1"]
    return version


@pytest.mark.parametrize(
    ("rule", "pointer", "change"),
    [
        ("channel-removed", "", lambda now: now["channels"].pop("ORDER_FRAUD_REVIEW")),
        ("attribute-dropped", "/time", lambda now: _version(now)["attributes"].remove("time")),
        (
            "attribute-changed",
            "/time",
            lambda now: _version(now)["message"]["required"].remove("time"),
        ),
        (
            "attribute-changed",
            "/type",
            lambda now: _version(now)["message"]["properties"]["type"].update(enum=["other"]),
        ),
        ("model-narrowed", "/oneOf", lambda now: _version(now)["callback"]["oneOf"].pop()),
        ("route-changed", "/versions", lambda now: _version(now).update(route="/elsewhere")),
        (
            "scope-changed",
            "",
            lambda now: now["channels"]["ORDER_FRAUD_REVIEW"].update(scope="other"),
        ),
        ("problem-changed", "/kinds/gone", lambda now: now["problems"].pop("gone")),
        ("problem-changed", "/kinds/gone", lambda now: now["problems"]["gone"].update(status=400)),
        (
            "response-widened",
            "/properties/result/enum",
            lambda now: now["accepted"]["properties"]["result"].update(enum=["DELIVERED", "NEW"]),
        ),
    ],
)
def test_a_change_of_what_the_code_promises(
    rule: str, pointer: str, change: Callable[[Json], Any]
) -> None:
    assert [(found.rule, found.pointer) for found in _both(change)] == [(rule, pointer)]


@pytest.mark.parametrize(
    "change",
    [
        lambda now: _version(now)["attributes"].append("new"),
        lambda now: _version(now)["message"]["properties"].update(new={"type": "string"}),
        lambda now: _version(now)["message"]["properties"]["time"].update(description="Other."),
        lambda now: now["problems"].update(new={"type": "new", "status": 418, "then": "drop"}),
        lambda now: now["channels"].update(NEW={}),
    ],
)
def test_what_is_added_breaks_nobody(change: Callable[[Json], Any]) -> None:
    assert _both(change) == []


def test_a_change_says_its_rule_where_and_what_to_do() -> None:
    def narrow(now: Json) -> None:
        now["channels"]["ORDER_FRAUD_REVIEW"]["settings"]["timeout_seconds"] = 60

    (found,) = _both(narrow)

    where = "schemas/ORDER_FRAUD_REVIEW/channel.json:6: timeout-shortened"
    assert str(found).startswith(f"{where}: ORDER_FRAUD_REVIEW waits 60 s for an outcome;")
    assert '\n    write: "timeout_seconds": 3600, until' in str(found)


def test_each_setting_has_a_rule_or_partners_notice_nothing_of_it() -> None:
    settings = json.loads((REPOSITORY / tree.CHANNEL_SCHEMA).read_text())["properties"]

    assert {rule.setting for rule in promise.RULES.values() if rule.lost} == {*settings} - UNNOTICED
