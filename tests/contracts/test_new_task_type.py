"""The command that adds a task type: what it writes, and that it writes all or nothing."""

import hashlib
from pathlib import Path

import pytest

from tools.contracts import compose, settings, tree
from tools.contracts.documents import load
from tools.contracts.lint import lint
from tools.contracts.new_task_type import add
from tools.errors import UserError

NAME = "TYPE_THAT_A_TEST_ADDS"


def digest(root: Path) -> dict[Path, str]:
    return {
        path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_writes_a_clean_channel_and_nothing_else(contracts_tree: Path) -> None:
    before, channels = digest(contracts_tree), settings.read(contracts_tree)

    add(contracts_tree, NAME, "OAUTH2")

    folder = tree.SCHEMAS / NAME
    after = digest(contracts_tree)
    assert lint(contracts_tree) == []
    assert {path: at for path, at in after.items() if not path.is_relative_to(folder)} == before
    assert settings.read(contracts_tree) == {
        **channels,
        NAME: settings.complete(
            load(contracts_tree / tree.CHANNEL_SCHEMA).value,
            {
                "auth": "OAUTH2",
                "partners": ["sentinel-review"],
                "payload_event_key": "order_contents",
                "timeout_seconds": 86400,
            },
        ),
    }
    assert (contracts_tree / tree.Version(NAME, "v1").model).exists()
    request = load(contracts_tree / tree.Version(NAME, "v1").schema("request")).value
    assert request["title"] == "TypeThatATestAddsRequest"


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("", {}, "no name of a task type"),
        ("order_gifts", {}, "no name of a task type"),
        ("ORDER__GIFTS", {}, "no name of a task type"),
        ("../ORDER_GIFTS", {}, "no name of a task type"),
        ("O" * 41, {}, "at most 40 characters"),
        ("ORDER_SHIPPING_SERVICE", {}, "is taken"),
        ("ORDERSHIPPING_SERVICE", {}, "the API model of ORDER_SHIPPING_SERVICE"),
        ("EXTERNAL_CALLBACK", {}, "the function external_callback"),
        ("ORDER_PROCESSING", {}, "the workflow order_processing"),
        ("ORDER_SHIPPING_SERVICE_ACME_SHIPPING", {}, "the role of acme-shipping"),
        ("ORDER_" + "G" * 34, {}, "too long"),
        (NAME, {"partner": "nobody"}, "'nobody' cannot do the work"),
        (NAME, {"auth": "OAUTH2", "partner": "acme-shipping"}, "needs webhook_url"),
    ],
)
def test_refuses_and_writes_nothing(
    contracts_tree: Path, name: str, options: dict[str, str], why: str
) -> None:
    before = digest(contracts_tree)

    with pytest.raises(UserError, match=why):
        add(contracts_tree, name, **options)

    assert digest(contracts_tree) == before


def test_asks_who_does_the_work_where_several_can(contracts_tree: Path) -> None:
    for path in (contracts_tree / tree.ROOTS / "platform" / "envs").glob("*.tfvars"):
        path.write_text(
            path.read_text().replace("partners = {", 'partners = {\n  b = { account_id = "1" }')
        )

    with pytest.raises(UserError, match=r"PARTNER=: .* these have: acme-shipping, b"):
        add(contracts_tree, NAME)


def test_leaves_nothing_when_it_is_interrupted(
    contracts_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(contracts_tree)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compose, "text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add(contracts_tree, NAME)

    assert digest(contracts_tree) == before
