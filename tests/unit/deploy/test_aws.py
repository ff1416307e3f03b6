"""What is refused before Terraform is asked anything."""

from unittest.mock import Mock

import pytest

from tools.contracts import revisions
from tools.deploy import aws, package, release
from tools.deploy.terraform import Directory
from tools.errors import UserError


@pytest.fixture
def terraform(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """What would be run, and is not."""
    run = Mock()
    monkeypatch.setattr(Directory, "init", run.init)
    monkeypatch.setattr(Directory, "run", run.run)
    monkeypatch.setattr(package, "manifest", run.manifest)
    return run


@pytest.mark.parametrize("action", ["plan", "apply", "destroy"])
@pytest.mark.parametrize("environment", ["", "dve", "local"])
def test_says_which_environments_there_are(terraform: Mock, action: str, environment: str) -> None:
    with pytest.raises(UserError, match=rf"`make {action} ENV=dev`\. There are: dev, prod\.$"):
        aws.terraform("platform", environment, action, [])

    assert terraform.mock_calls == []


@pytest.mark.parametrize(("action", "stopped"), [("plan", 1), ("apply", 1), ("destroy", 0)])
def test_deploys_nothing_that_the_lint_refuses(
    terraform: Mock, monkeypatch: pytest.MonkeyPatch, action: str, stopped: int
) -> None:
    monkeypatch.setattr(aws, "require_clean", Mock(side_effect=UserError("not clean")))
    terraform.init.side_effect = UserError("initialised")

    with pytest.raises(UserError, match="not clean" if stopped else "initialised"):
        aws.terraform("partner", "dev", action, [])

    assert terraform.init.call_count == 1 - stopped


@pytest.mark.parametrize(
    ("root", "action", "recorded"),
    [("platform", "apply", 1), ("platform", "plan", 0), ("partner", "apply", 0)],
)
@pytest.mark.usefixtures("terraform")
def test_what_is_applied_of_the_platform_is_recorded_as_what_partners_use(
    monkeypatch: pytest.MonkeyPatch, root: str, action: str, recorded: int
) -> None:
    record = Mock(return_value="recorded")
    for module, name in ((aws, "require_clean"), (release, "apply"), (release, "check")):
        monkeypatch.setattr(module, name, Mock())
    monkeypatch.setattr(revisions, "record", record)

    aws.terraform(root, "dev", action, [])

    assert [call.args[1] for call in record.mock_calls] == ["dev"] * recorded


def test_an_apply_that_fails_is_not_recorded(
    terraform: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Mock()
    monkeypatch.setattr(aws, "require_clean", Mock())
    monkeypatch.setattr(release, "apply", Mock(side_effect=UserError("failed")))
    monkeypatch.setattr(revisions, "record", record)

    with pytest.raises(UserError, match="failed"):
        aws.terraform("platform", "dev", "apply", [])

    assert terraform.init.called
    assert record.mock_calls == []
