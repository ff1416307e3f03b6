"""The revisions that partners use, and what git has of them."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.contracts import tree
from tools.errors import UserError

DEPLOYED = "deployed"
MAIN = "main"


class RevisionError(UserError):
    """Git knows no such revision, or it is too old to be compared with."""


class NoBaseError(Exception):
    """Git has nothing that partners use; the message says why."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A git revision, such as a tag, and the contracts in it."""

    repository: Path
    name: str

    def paths(self) -> set[Path]:
        """All files of the contracts, from the repository.

        Raises:
            RevisionError: git knows no such revision, or its channels cannot be read.
        """
        if not git(self.repository, "rev-parse", "--verify", "--quiet", self._commit):
            raise RevisionError(
                f"BASE={self.name} cannot be read: name the git revision that partners use."
            )
        listed = self._git("ls-tree", "-r", "--name-only", self._commit, "--", str(tree.SCHEMAS))
        paths = {Path(line) for line in listed.splitlines()}
        if tree.CHANNEL_SCHEMA not in paths:
            raise RevisionError(
                f"{self.name} has no {tree.CHANNEL_SCHEMA}, so its channels cannot be read: "
                "compare with a revision that has it."
            )
        return paths

    def read(self, path: Path) -> str:
        return self._git("show", f"{self.name}:{path.as_posix()}")

    @contextmanager
    def checkout(self) -> Iterator[Path]:
        """A git worktree of the revision, which ends with the block."""
        with tempfile.TemporaryDirectory() as folder:
            worktree = str(Path(folder, "tree"))
            no_hooks = ("-c", f"core.hooksPath={os.devnull}")
            self._git(*no_hooks, "worktree", "add", "--quiet", "--detach", worktree, self._commit)
            try:
                yield Path(worktree)
            finally:
                self._git("worktree", "remove", "--force", worktree)

    @property
    def _commit(self) -> str:
        return f"{self.name}^{{commit}}"

    def _git(self, *arguments: str) -> str:
        printed = git(self.repository, *arguments)
        if printed is None:
            raise RevisionError(
                f"Git cannot {arguments[0]} {self.name}: look whether the repository is whole."
            )
        return printed


def bases(repository: Path) -> list[Revision]:
    """What partners use: all that is deployed, or else what the main branch was before.

    Raises:
        NoBaseError: git has neither.
    """
    deployed = (git(repository, "tag", "--list", f"{DEPLOYED}/*") or "").split()
    if deployed:
        return [Revision(repository, name) for name in deployed]
    head = git(repository, "rev-parse", "--verify", "--quiet", "HEAD")
    if head is None:
        raise NoBaseError("there is no git repository with a commit here")
    forked = git(repository, "merge-base", "HEAD", MAIN)
    if forked and forked != head:
        return [Revision(repository, forked.strip())]
    if git(repository, "rev-parse", "--verify", "--quiet", "HEAD~1"):
        return [Revision(repository, "HEAD~1")]
    if git(repository, "rev-parse", "--is-shallow-repository") == "true\n":
        raise NoBaseError("the clone is shallow and has no parent of HEAD: git fetch --unshallow")
    raise NoBaseError("HEAD has no parent")


def record(repository: Path, environment: str) -> str:
    """Tag HEAD, in this clone, as what partners of an environment use; says what came of it."""
    tag = f"{DEPLOYED}/{environment}"
    if git(repository, "update-ref", f"refs/tags/{tag}", "HEAD") is None:
        return f"Git could not tag HEAD as {tag}: `make check-contracts` needs BASE."
    if git(repository, "status", "--porcelain"):
        return (
            f"{tag} is HEAD, but what was applied has changes that are not committed: commit them "
            f"and `git tag --force {tag}`, so that `make check-contracts` compares with them."
        )
    return f"{tag} is HEAD now: `make check-contracts` compares with it. Push the tag for others."


def git(repository: Path, *arguments: str) -> str | None:
    """What a git command prints, or None where it fails or there is no git."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    except FileNotFoundError:
        return None
    return None if done.returncode else done.stdout
