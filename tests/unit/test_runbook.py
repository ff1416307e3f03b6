"""Each alarm links its page of the runbook, and what a page says to run is there to be run."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.support.metrics import EMITTED
from tools import REPOSITORY, hcl
from tools.ops.app import cli

RUNBOOK = REPOSITORY / "docs" / "runbook"
INDEX = "README.md"
# What is done by hand without an alarm that asks for it.
PROCEDURES = {"erase-an-order.md", "find-an-order.md", "lost-table.md", "stop-a-channel.md"}
PAGES = {path.name for path in RUNBOOK.glob("*.md")} - {INDEX}
HEADINGS = ["What it means", "Look", "Do", "Wake"]
LINK = re.compile(r"See \$\{[a-z.]*runbook_url\}/([^\s\"]+\.md)")
COMMAND = re.compile(r"^(callbacks .+)$|`(callbacks [^`]+)`", re.M)
MODULES = sorted((REPOSITORY / "terraform").rglob("*.tf"))


def alarms() -> Iterator[tuple[str, str, str]]:
    """Each alarm's place in the code, its name and its description, as they are written."""
    for path in MODULES:
        for block in hcl.blocks(path.read_bytes()):
            if block.labels[:2] == ["resource", "aws_cloudwatch_metric_alarm"]:
                name, description = (
                    block.attributes[one].value for one in ("alarm_name", "alarm_description")
                )
                yield f"{path.parent.name}.{block.labels[2]}", name, description


def linked(text: str) -> set[str]:
    """The pages that a text links; what stands for several ends in an asterisk's place."""
    patterns = [re.sub(r"\$\{[^}]+\}", "*", link) for link in LINK.findall(text)]
    return {page.name for pattern in patterns for page in RUNBOOK.glob(pattern)} - {INDEX}


def sections(page: str) -> dict[str, str]:
    _, *parts = re.split(r"^## ", (RUNBOOK / page).read_text(), flags=re.M)
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def commands(text: str) -> list[str]:
    return [in_a_block or in_a_line for in_a_block, in_a_line in COMMAND.findall(text)]


def parse(command: click.Command, name: str, arguments: list[str]) -> None:
    """Raises click.UsageError."""
    with command.make_context(name, arguments) as context:
        if isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            found_name, found, rest = command.resolve_command(context, rest)
            assert found is not None
            parse(found, found_name or "", rest)


@pytest.mark.parametrize(("place", "name", "description"), list(alarms()))
def test_an_alarm_s_name_ends_in_its_kind_and_its_description_in_the_page_of_it(
    place: str, name: str, description: str
) -> None:
    link = LINK.search(description)

    assert link, place
    assert description.endswith(link[0])
    assert name.endswith(f"-{link[1].removesuffix('.md')}")
    assert linked(description)


def test_each_page_is_of_an_alarm_a_notice_or_a_procedure() -> None:
    of_alarms = {page for _, _, description in alarms() for page in linked(description)}
    notices = REPOSITORY / "terraform" / "modules" / "platform" / "detection.tf"
    rules = {
        f"{name}.md" for name in re.findall(r"^    ([a-z-]+) = \{$", notices.read_text(), re.M)
    }

    assert rules == {"key-changed.md", "secret-read.md"}
    assert "runbook_url}/${each.value.detection}.md" in notices.read_text()
    assert of_alarms | rules | PROCEDURES == PAGES


def test_the_index_names_each_page() -> None:
    index = (RUNBOOK / INDEX).read_text()

    assert [page for page in sorted(PAGES) if f"]({page})" not in index] == []


def test_what_each_metric_is_stands_where_the_index_says() -> None:
    document, heading = "../architecture.md", "## What is measured\n"
    section = (RUNBOOK / document).read_text().partition(heading)[2].partition("\n## ")[0]
    names = re.findall(r"^\| (`[A-Z].*?) \|", section, re.M)

    assert f"]({document}#what-is-measured)" in (RUNBOOK / INDEX).read_text()
    assert set(re.findall(r"`(\w+)`", "".join(names))) == {name for name, _, _ in EMITTED}


@pytest.mark.parametrize("page", sorted(PAGES - PROCEDURES))
def test_a_page_says_what_it_means_where_to_look_what_to_do_and_whom_to_wake(page: str) -> None:
    said = sections(page)

    assert list(said) == HEADINGS
    assert all(text.strip() for text in said.values())
    assert re.search(r"^```sh\n(callbacks|aws) ", said["Look"], re.M)


@pytest.mark.parametrize("page", sorted({INDEX, *PAGES}))
def test_the_operators_command_understands_what_a_page_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").touch()

    for command in commands((RUNBOOK / page).read_text()):
        name, *arguments = shlex.split(command)
        parse(cli, name, ["--env", "dev", *arguments])


@pytest.mark.parametrize(
    "document", sorted(path.relative_to(REPOSITORY) for path in RUNBOOK.glob("*.md"))
)
def test_links_of_the_runbook_lead_somewhere(document: Path) -> None:
    text = (REPOSITORY / document).read_text()
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]

    assert [link for link in links if not leads_somewhere(REPOSITORY / document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
    return anchor in {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}
