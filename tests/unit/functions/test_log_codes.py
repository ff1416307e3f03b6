"""Every code that is logged stands in the runbook, and every code of the runbook is logged."""

import re

from tools import REPOSITORY

LOGGED = re.compile(
    r"\.(?:info|warning|exception|error)\(\s*(.*?)(?:,\s*extra|,\s*exc_info|\))", re.S
)
CODE = re.compile(r'"([A-Z][A-Z_]+[A-Z])"')
ROW = re.compile(r"^\|((?: `[A-Z_]+`,?)+) \|", re.M)


def test_the_runbook_has_every_code_that_is_logged_and_no_other() -> None:
    sources = [path.read_text() for path in (REPOSITORY / "lambdas").rglob("*.py")]
    logged = {
        code for source in sources for call in LOGGED.findall(source) for code in CODE.findall(call)
    }
    text = (REPOSITORY / "docs" / "runbook" / "README.md").read_text()
    told = {code for row in ROW.findall(text) for code in re.findall(r"[A-Z_]+", row)}

    assert len(logged) > 30
    assert told == logged
