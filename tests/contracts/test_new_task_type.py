"""The command that adds a task type: what it writes, and that it writes all or nothing."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tools import REPOSITORY
from tools.contracts import new_task_type, tree
from tools.contracts.lint import lint
from tools.contracts.new_task_type import add, extended
from tools.contracts.task_types import DEFAULTS, evaluate
from tools.errors import UserError

NAME = "TYPE_THAT_A_TEST_ADDS"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in (
        tree.SCHEMAS,
        new_task_type.ENVIRONMENTS,
        new_task_type.FUNCTIONS,
        new_task_type.WORKFLOWS,
    ):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    shutil.copyfile(REPOSITORY / tree.TASK_TYPES, tmp_path / tree.TASK_TYPES)
    return tmp_path


def declared(project: Path) -> dict[str, dict[str, object]]:
    return evaluate((project / tree.TASK_TYPES).read_text())


def digest(project: Path) -> dict[Path, str]:
    return {
        path.relative_to(project): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", [NAME, "A_TYPE_OF_A_TEST", "ZZ_TYPE_OF_A_TEST"])
def test_writes_a_clean_contract_and_one_entry_more(project: Path, name: str) -> None:
    before = declared(project)

    add(project, name, partner="acme-shipping")

    assert lint(project) == []
    assert declared(project) == {
        **before,
        name: {
            **DEFAULTS,
            "auth": "AWS_IAM",
            "partners": ["acme-shipping"],
            "payload_event_key": "order_contents",
            "timeout_seconds": 86400,
        },
    }
    lines = (project / tree.TASK_TYPES).read_text().splitlines()
    entries = [line.split()[0] for line in lines if line.startswith("    ") and line[4].isalpha()]
    assert entries == sorted(entries)
    examples = project / tree.SCHEMAS / name / "v1" / "examples"
    for kind in tree.KINDS:
        assert json.loads((examples / "valid" / f"{kind}.json").read_text())
        assert list((examples / "invalid").glob(f"{kind}.*.json"))


def test_an_entry_goes_above_the_comment_of_the_next() -> None:
    source = (
        "locals {\n  task_types = {\n"
        "    ALPHA = {\n      timeout_seconds = 1\n    }\n\n"
        "    # Why.\n    GAMMA = {\n      timeout_seconds = 3\n    }\n  }\n}\n"
    )

    assert extended(source, "BETA", {"timeout_seconds": 2}) == source.replace(
        "    # Why.", "    BETA = {\n      timeout_seconds = 2\n    }\n\n    # Why."
    )
    assert extended(source, "OMEGA", {"timeout_seconds": 2}) == source.replace(
        "3\n    }\n", "3\n    }\n\n    OMEGA = {\n      timeout_seconds = 2\n    }\n"
    )


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("order_gifts", {}, "no name of a task type"),
        ("ORDER__GIFTS", {}, "no name of a task type"),
        ("../ORDER_GIFTS", {}, "no name of a task type"),
        ("O" * 41, {}, "at most 40 characters"),
        ("ORDER_SHIPPING_SERVICE", {}, "is taken"),
        ("ORDERSHIPPING_SERVICE", {}, "in underscores only"),
        ("EXTERNAL_CALLBACK", {}, "the function external_callback"),
        ("ORDER_PROCESSING", {}, "the workflow order_processing"),
        ("ORDER_SHIPPING_SERVICE_ACME_SHIPPING", {}, "the role of acme-shipping"),
        ("ORDER_" + "G" * 34, {}, "Shorten"),
        (NAME, {"auth": "BASIC"}, "AUTH must be"),
        (NAME, {"partner": "nobody"}, "'nobody' cannot do the work"),
        (NAME, {"auth": "OAUTH2", "partner": "acme-shipping"}, "needs webhook_url"),
    ],
)
def test_refuses_and_writes_nothing(
    project: Path, name: str, options: dict[str, str], why: str
) -> None:
    before = digest(project)

    with pytest.raises(UserError, match=why):
        add(project, name, **{"partner": "acme-shipping", **options})

    assert digest(project) == before


def test_refuses_a_folder_of_someone_else_s(project: Path) -> None:
    (project / tree.SCHEMAS / NAME).mkdir()

    with pytest.raises(UserError, match=f"schemas/{NAME} exists"):
        add(project, NAME, partner="acme-shipping")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("  task_types = {", "  task_types ={"),
        ("timeout_seconds ", "timeout_seconds   "),
    ],
)
def test_refuses_a_file_that_it_cannot_extend_with_certainty(
    project: Path, text: str, other: str
) -> None:
    source = (project / tree.TASK_TYPES).read_text()
    (project / tree.TASK_TYPES).write_text(source.replace(text, other, 1))
    before = digest(project)

    with pytest.raises(UserError, match="make format"):
        add(project, NAME, partner="acme-shipping")

    assert digest(project) == before


def test_leaves_nothing_when_it_is_interrupted(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(project)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add(project, NAME, partner="acme-shipping")

    assert digest(project) == before


def test_goes_on_from_a_run_that_was_killed(project: Path) -> None:
    declared_before = (project / tree.TASK_TYPES).read_text()
    add(project, NAME, partner="acme-shipping")
    declared_after = (project / tree.TASK_TYPES).read_text()
    (project / tree.TASK_TYPES).write_text(declared_before)

    add(project, NAME, partner="acme-shipping")

    assert (project / tree.TASK_TYPES).read_text() == declared_after
