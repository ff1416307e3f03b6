"""Settings of environments that Terraform would ignore, or only warn about."""

from pathlib import Path

import pytest

from tools.contracts.lint import lint
from tools.contracts.tfvars import environments

PROD = Path("terraform/roots/platform/envs/prod.tfvars")
PARTNER = Path("terraform/roots/partner/envs/dev.tfvars")


@pytest.mark.parametrize(
    ("path", "text", "other", "instead"),
    [
        (PROD, "log_retention_days ", "log_retention_day ", "log_retention_days"),
        (PROD, "role_path ", "Role_path ", "role_path"),
        (PROD, "external_id ", "externalid ", "external_id"),
        (PROD, "webhook_url ", '"webhookurl" ', "webhook_url"),
        (PROD, "burst_limit ", "burst ", "burst_limit"),
        (PROD, "domain_name ", "colour ", "one of certificate_arn, domain_name"),
        (PARTNER, "subscriptions ", "subscription ", "subscriptions"),
        (PARTNER, "topic_arn ", "topic ", "topic_arn"),
    ],
)
def test_refuses_a_setting_that_does_not_exist(
    contracts_tree: Path, path: Path, text: str, other: str, instead: str
) -> None:
    before = (contracts_tree / path).read_text()
    (contracts_tree / path).write_text(before.replace(text, other, 1))

    found = next(found for found in lint(contracts_tree) if "no setting" in found.what)

    assert (found.path, found.what) == (path, f"there is no setting {other.strip().strip('"')}")
    assert found.line == before.partition(text)[0].count("\n") + 1
    assert found.instead == instead


def test_refuses_what_is_no_hcl(contracts_tree: Path) -> None:
    path = contracts_tree / PROD
    before, _, after = path.read_text().partition("role_path            =")
    path.write_text(f"{before}role_path{after}")

    (found,) = [found for found in lint(contracts_tree) if found.path == PROD]

    assert (found.what, found.line) == ("the file is not HCL", before.count("\n") + 1)


def test_reads_who_can_do_the_work(contracts_tree: Path) -> None:
    found = environments(contracts_tree)

    assert [one.path.stem for one in found] == ["dev", "local", "prod"]
    assert {*map(frozenset, (one.partners("AWS_IAM") for one in found))} == {
        frozenset({"acme-shipping"})
    }
    assert {*map(frozenset, (one.partners("OAUTH2") for one in found))} == {
        frozenset({"sentinel-review"})
    }
    assert found[2].settings["throttling"] == {"burst_limit": "500", "rate_limit": "500"}
    assert found[2].settings["alarm_topic_arns"] == [
        "arn:aws:sns:eu-west-1:555555555555:platform-alarms"
    ]


def test_looks_into_objects_that_may_be_omitted(contracts_tree: Path) -> None:
    variables = contracts_tree / PROD.parents[1] / "variables.tf"
    variables.write_text(
        variables.read_text().replace(
            "webhook_url     = optional(string)", "webhook_url = optional(object({ url = string }))"
        )
    )
    path = contracts_tree / PROD
    path.write_text(path.read_text().replace('webhook_url = "', 'webhook_url = { uri = "', 1))
    path.write_text(path.read_text().replace('callback-tasks"', 'callback-tasks" }', 1))

    (found,) = [found for found in lint(contracts_tree) if found.path == PROD]

    assert (found.what, found.instead) == ("there is no setting uri", "url")
