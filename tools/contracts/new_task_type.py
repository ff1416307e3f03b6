"""Adds a task type: a copy of templates/task-type with the names filled in."""

import shutil
import tempfile
from pathlib import Path

import jinja2

from tools.contracts import channel_lint, compose, settings, tfvars, tree
from tools.contracts.documents import load
from tools.errors import UserError

TEMPLATE = Path(__file__).parent / "templates" / "task-type"


def add(root: Path, name: str, auth: str = "AWS_IAM", partner: str | None = None) -> None:
    """Write schemas/NAME, whole or not at all.

    Args:
        root: the repository.
        name: the task type, in UPPER_SNAKE_CASE.
        auth: AWS_IAM or OAUTH2.
        partner: who does the work; None is the only one that can.

    Raises:
        UserError: the name or the partner is refused; nothing is written.
    """
    environments = tfvars.environments(root)
    _check_name(root, name)
    partner = _partner(environments, auth, partner)
    channels = {**settings.read(root), name: {"partners": [partner]}}
    for task_type, why in channel_lint.conflicts(root, channels, environments):
        if task_type == name:
            raise UserError(f"{why}: choose another name.")
    scratch = root / ".terraform"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        draft = shutil.copytree(TEMPLATE, Path(folder) / name)
        names = {"auth": auth, "partner": partner, "title": compose.model_name(name, "")}
        for file in draft.rglob("*.json"):
            template = jinja2.Template(
                file.read_text(), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
            )
            file.write_text(template.render(names))
        version = tree.Version(name, "v1")
        envelope, output = (
            load(path).value
            for path in (root / tree.ENVELOPE, draft / "v1" / version.schema("output").name)
        )
        model = compose.model(name, "v1", envelope, output)
        (draft / "v1" / version.model.name).write_text(compose.text(model))
        draft.rename(root / tree.SCHEMAS / name)


def next_steps(name: str) -> str:
    """What is left to do by hand."""
    return f"""\
schemas/{name} and its page in docs/contracts are written. Next:
1. Say in schemas/{name}/v1 what the partner is sent and what it reports, with examples; run \
`make docs lint`.
2. Say in schemas/{name}/channel.json where the payload is (payload_event_key) and how long to \
wait, and let a workflow wait on ${{{name.lower()}_function_arn}}.
3. Run `make test`, then `make apply ENV=dev`, and give the partner what the output channels has \
for it. docs/adding-a-task-type.md shows each step."""


def _check_name(root: Path, name: str) -> None:
    if not tree.TASK_TYPE.fullmatch(name) or len(name) > tree.TASK_TYPE_LENGTH:
        raise UserError(
            f"{name!r} is no name of a task type: use UPPER_SNAKE_CASE of at most "
            f"{tree.TASK_TYPE_LENGTH} characters, such as ORDER_SHIPPING_SERVICE."
        )
    if (root / tree.SCHEMAS / name).exists():
        raise UserError(f"{name} is taken: schemas/{name} exists.")


def _partner(environments: list[tfvars.Environment], auth: str, wish: str | None) -> str:
    """A partner that every environment has, of the kind that the channel needs."""
    able = sorted(set.intersection(*(one.partners(auth) for one in environments)))
    if wish is None and len(able) == 1:
        return able[0]
    if wish is not None and wish in able:
        return wish
    asked = "Say who does the work, PARTNER=" if wish is None else f"{wish!r} cannot do the work"
    have = f"these have: {', '.join(able)}" if able else "none has"
    raise UserError(
        f"{asked}: a partner of a channel with auth {auth} needs {tfvars.NEEDED[auth]} in every "
        f"file of {tfvars.PLATFORM / 'envs'}, and {have}."
    )
