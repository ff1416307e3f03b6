"""What checkov finds in the modules, and in the root that calls none; the others are in plans.

tests/e2e/test_checkov.py has these: only a plan knows what a root gives its modules.
"""

import pytest

from tests.support.policies import checkov
from tools import REPOSITORY
from tools.deploy.terraform import MODULES, ROOTS
from tools.skips import skips


@pytest.fixture(scope="module")
def reports() -> list[checkov.Report]:
    return [checkov.check_code(folder) for folder in (MODULES, ROOTS / "bootstrap")]


def test_each_check_passes_or_is_skipped_beside_its_resource(
    reports: list[checkov.Report],
) -> None:
    assert [report.failed for report in reports] == [set(), set()]
    assert all(report.passed for report in reports)


def test_each_skip_says_why(reports: list[checkov.Report]) -> None:
    found = skips(REPOSITORY)

    assert [skip for skip in found if len(skip.reason.split()) < 5] == []
    # Any that checkov does not know would skip nothing, such as one beside another resource.
    assert {checkov.Finding(skip.check, skip.folder, skip.resource) for skip in found} == set(
        reports[0].skipped | reports[1].skipped
    )
