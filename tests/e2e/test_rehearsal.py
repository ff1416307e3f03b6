"""The runbook on a real environment: what is broken is mended by the commands of its pages."""

from tools.devenv.environment import Environment
from tools.ops.rehearsal import INCIDENTS, rehearse


def test_the_runbooks_commands_mend_what_is_broken(environment: Environment) -> None:
    rehearsed = list(rehearse(environment))

    assert [each.incident for each in rehearsed] == [*INCIDENTS]
    assert all(each.seen for each in rehearsed)
