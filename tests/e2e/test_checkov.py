"""What checkov finds in the plans of both roots, in which all settings and ARNs are known."""

import pytest

from tests.support.e2e.plans import plan_for_aws
from tests.support.policies import checkov
from tools import REPOSITORY
from tools.deploy.terraform import ROOTS
from tools.devenv.environment import Environment
from tools.devenv.state import ACCOUNTS
from tools.skips import skips


@pytest.mark.parametrize("root", ACCOUNTS)
def test_each_check_of_a_plan_passes_or_is_skipped_beside_its_resource(
    root: str, as_applied: Environment
) -> None:
    report = checkov.check_plan(plan_for_aws(as_applied, root), ROOTS / root)
    skipped = {
        checkov.Finding(skip.check, skip.folder, skip.resource) for skip in skips(REPOSITORY)
    }

    assert report.failed - skipped == set()
    assert report.passed
