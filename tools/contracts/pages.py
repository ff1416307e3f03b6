"""What is made of the contracts: models, a page for each version, OpenAPI, AsyncAPI, keywords."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from tools import REPOSITORY
from tools.contracts import asyncapi, channels, compose, event, openapi, responses, tree
from tools.contracts.channels import Channel, Contract
from tools.contracts.fields import fields
from tools.contracts.keywords import KEYWORDS, LATER_DRAFTS
from tools.contracts.patterns import END
from tools.excerpts import excerpt

KEYWORD_TABLE = Path("docs/json-schema.md")
RESPONSE_TABLE = Path("docs/responses.md")
EXAMPLES = {
    "AWS_IAM": Path("examples/partner_with_aws/service.py"),
    "OAUTH2": Path("examples/partner_without_aws/service.py"),
}


def render(root: Path) -> dict[Path, str]:
    """Path, relative to the repository => content.

    Raises:
        InvalidJsonError: a file is not JSON.
    """
    found = channels.read(root)
    return {
        **compose.render(root),
        tree.PUBLISHED / "openapi.json": _json(openapi.document(found)),
        tree.PUBLISHED / "asyncapi.json": _json(asyncapi.document(found)),
        **{
            tree.Version(channel.task_type, contract.name).page: page(channel, contract)
            for channel in found
            for contract in channel.contracts
        },
        KEYWORD_TABLE: _template("json-schema.md.j2").render(
            keywords=KEYWORDS, later=LATER_DRAFTS, end=END
        ),
        RESPONSE_TABLE: _template("responses.md.j2").render(
            successes=responses.SUCCESSES,
            problems=responses.PROBLEMS,
            unknown=responses.UNKNOWN,
        ),
    }


def page(channel: Channel, contract: Contract) -> str:
    """The page of one version of a channel, for the partner's engineer."""
    event_fields = fields(event.schema(channel, contract))
    example = REPOSITORY / EXAMPLES[channel.settings["auth"]]
    return _template("channel.html.j2").render(
        channel=channel,
        contract=contract,
        event=event.example(channel, contract),
        data_fields=[
            replace(row, depth=row.depth - 1)
            for row in event_fields
            if row.path.startswith("data.")
        ],
        event_fields=[row for row in event_fields if not row.path.startswith("data.")],
        callbacks=event.callbacks(channel, contract),
        callback_fields=fields(contract.model),
        successes=responses.SUCCESSES,
        problems=responses.PROBLEMS,
        unknown=responses.UNKNOWN,
        then=responses.then,
        api_code=excerpt(example.read_text(), "Api"),
        oauth2=channel.settings["auth"] == "OAUTH2",
    )


def write(root: Path) -> list[Path]:
    """Writes all and removes what is no longer published; returns what was written."""
    rendered = render(root)
    (root / tree.PUBLISHED).mkdir(parents=True, exist_ok=True)
    for path in (root / tree.PUBLISHED).iterdir():
        if path.relative_to(root) not in rendered:
            path.unlink()
    for path, content in rendered.items():
        (root / path).write_text(content)
    return list(rendered)


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tools.contracts"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    environment.filters["duration"] = _duration
    environment.filters["code"] = code
    environment.filters["kib"] = lambda size: f"{size / 1024:g} KiB"
    return environment.get_template(name)


def code(text: str) -> Markup:
    """Marks what stands between backquotes as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _duration(seconds: int) -> str:
    """The largest unit that leaves a whole number."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if timedelta(seconds=seconds) % timedelta(seconds=size) == timedelta():
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError(seconds)
