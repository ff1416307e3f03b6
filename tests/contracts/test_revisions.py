"""Which revision is taken for the one that partners use, and where it is recorded."""

import subprocess
from pathlib import Path

import pytest

from tools.contracts.revisions import NoBaseError, bases, record


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q", "-b", "main")
    _commit(tmp_path)
    return tmp_path


def _git(repository: Path, *arguments: str) -> str:
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    command = ["git", "-C", str(repository), *author, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _commit(repository: Path) -> None:
    _git(repository, "commit", "-q", "--allow-empty", "-m", "More")


def _names(repository: Path) -> list[str]:
    return [base.name for base in bases(repository)]


def test_what_is_deployed_anywhere_is_what_partners_use(repository: Path) -> None:
    record(repository, "prod")
    _commit(repository)
    told = record(repository, "dev")
    _commit(repository)

    assert _names(repository) == ["deployed/dev", "deployed/prod"]
    assert "deployed/dev is HEAD now" in told


def test_another_apply_moves_the_tag(repository: Path) -> None:
    record(repository, "dev")
    _commit(repository)
    record(repository, "dev")

    assert _git(repository, "rev-parse", "deployed/dev") == _git(repository, "rev-parse", "HEAD")


def test_what_was_applied_without_a_commit_is_said(repository: Path) -> None:
    (repository / "new").touch()

    assert "not committed" in record(repository, "dev")


def test_with_nothing_deployed_it_is_what_main_was_before(repository: Path) -> None:
    _commit(repository)

    assert _names(repository) == ["HEAD~1"]


def test_on_a_branch_it_is_where_that_left_main(repository: Path) -> None:
    left = _git(repository, "rev-parse", "HEAD")
    _git(repository, "checkout", "-q", "-b", "branch")
    _commit(repository)
    _commit(repository)

    assert _names(repository) == [left]


def test_a_first_commit_has_nothing_before_it(repository: Path) -> None:
    with pytest.raises(NoBaseError, match="HEAD has no parent"):
        bases(repository)


def test_a_shallow_clone_is_told_to_fetch_the_rest(repository: Path, tmp_path: Path) -> None:
    _commit(repository)
    _git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(tmp_path / "clone"))

    with pytest.raises(NoBaseError, match="the clone is shallow"):
        bases(tmp_path / "clone")


def test_without_a_repository_nothing_is_compared_or_recorded(tmp_path: Path) -> None:
    with pytest.raises(NoBaseError, match="no git repository"):
        bases(tmp_path)
    assert "needs BASE" in record(tmp_path, "dev")
