"""The commands of the runbook, as its pages have them: what is read at night is what is tried."""

import re
import shlex
from collections.abc import Mapping

from tools import REPOSITORY
from tools.errors import UserError

PAGES = REPOSITORY / "docs" / "runbook"

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
_SPAN = re.compile(r"(?<!`)`(callbacks [^`]+)`(?!`)")
_PLACEHOLDER = re.compile(r"\b[A-Z][A-Z_]*\b")


def commands(page: str) -> list[str]:
    """What a page calls `callbacks` with, in its blocks and then in its sentences.

    Placeholders are in capitals.
    """
    text = (PAGES / f"{page}.md").read_text()
    lines = "".join(_BLOCK.findall(text)).replace("\\\n", "").splitlines()
    in_blocks = [line.strip() for line in lines if line.strip().startswith("callbacks ")]
    spans = _SPAN.findall(_BLOCK.sub("", text))
    return [*in_blocks, *(" ".join(span.split()) for span in spans)]


def command(page: str, verb: str, given: Mapping[str, str]) -> list[str]:
    """The arguments of a page's first command with that verb, such as `dead-letter redrive`.

    `given` has what stands for each placeholder.

    Raises:
        UserError: the page has no such command, or a placeholder that nothing is given for.
    """
    for line in commands(page):
        if f" {verb} " in f"{line} ":
            return [_filled(word, given, line) for word in shlex.split(line)[1:]]
    raise UserError(f"docs/runbook/{page}.md has no command `callbacks {verb}`.")


def _filled(word: str, given: Mapping[str, str], line: str) -> str:
    def stands_for(found: re.Match[str]) -> str:
        if found[0] not in given:
            raise UserError(f"Nothing is given for {found[0]} in `{line}`.")
        return given[found[0]]

    return _PLACEHOLDER.sub(stands_for, word)
