"""An outage of functions and of Step Functions costs orders time, and nothing else."""

from benchmarks import outage
from tools.devenv.walkthrough import Deployment


def test_orders_are_completed_and_their_work_is_done_once(deployment: Deployment) -> None:
    seen = outage.run(deployment, orders=8, seconds=12, turn_seconds=1.5)

    assert seen.statuses == {"COMPLETED": 8}
    assert set(seen.partner.worked.values()) == {1}
    assert seen.refusals.keys() >= {"sns_callback", "external_callback", "Step Functions"}
    assert seen.passed
