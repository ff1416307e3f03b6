"""The benchmark that plans many channels, for one and for two."""

from benchmarks.channels import plans
from tools.devenv.environment import Environment


def test_a_new_channel_changes_no_other(as_applied: Environment) -> None:
    planned = list(plans(as_applied, [1, 2]))

    assert [plan.created["aws_sns_topic"] for plan in planned] == [1, 2]
    assert [plan.others for plan in planned] == [[], []]
