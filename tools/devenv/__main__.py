"""The local environment, and the walkthrough there or on AWS."""

import argparse
import shlex
import sys
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from tools import REPOSITORY, command, show
from tools.deploy import aws
from tools.devenv import ENGINE_PYTHON, smoke
from tools.devenv import show as walk_show
from tools.devenv.environment import Environment
from tools.devenv.review_walkthrough import walk_review
from tools.devenv.state import ACCOUNTS, forget_aws_configuration
from tools.devenv.walkthrough import Step, walk


def main() -> int:
    """Run one command and return the exit status."""
    return command.run(_parser())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.devenv", description=__doc__)
    parser.add_argument(
        "--directory",
        type=Path,
        default=REPOSITORY / ".local",
        help="where the local environment is",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def added(name: str, run: object, description: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=description, description=description)
        parser.set_defaults(run=run)
        return parser

    up = added("up", _up, "start the local environment, or bring it to what the sources say")
    command.add_abandon(up)
    added("down", _down, "stop the local environment and forget it")
    added("demo", _demo, "walk two orders through the local environment")
    env = added("env", _env, "print shell exports that point at the local environment")
    env.add_argument("--account", choices=sorted(ACCOUNTS), default="platform")
    on_aws = added("smoke", _smoke, "walk an order through an environment on AWS")
    on_aws.add_argument("--env", required=True)
    on_aws.add_argument("--platform-profile", help="AWS profile of the platform account")
    on_aws.add_argument(
        "--partner-profile", help="AWS profile of the partner account", required=True
    )
    on_aws.add_argument("--external-id", help="external id of the partner", required=True)
    return parser


def _up(arguments: argparse.Namespace) -> None:
    changed = _local(arguments).up(show.progress, arguments.abandon)
    show.out.print(
        "The environment is up." if changed else "The environment is up; nothing has changed."
    )


def _down(arguments: argparse.Namespace) -> None:
    _local(arguments).down()
    show.out.print("The environment is down.")


def _demo(arguments: argparse.Namespace) -> None:
    environment = _local(arguments)
    environment.up(show.progress)
    found, log = environment.deployment(), environment.directory / "webhook-partner.log"
    _show(chain(walk(found), walk_review(found, environment.webhook_port, log)))


def _env(arguments: argparse.Namespace) -> None:
    exports = _local(arguments).exports(arguments.account)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]
    # A profile must exist, and a token belongs to other keys.
    print("unset AWS_PROFILE AWS_SESSION_TOKEN", *lines, sep="\n")  # noqa: T201


def _smoke(arguments: argparse.Namespace) -> None:
    aws.require(arguments.env, "smoke")
    _show(
        walk(
            smoke.deployment(
                arguments.env,
                arguments.platform_profile,
                arguments.partner_profile,
                arguments.external_id,
            )
        )
    )


def _local(arguments: argparse.Namespace) -> Environment:
    forget_aws_configuration()
    return Environment(arguments.directory.resolve(), ENGINE_PYTHON)


def _show(steps: Iterable[Step]) -> None:
    began, count = time.perf_counter(), 0
    for count, step in enumerate(steps, start=1):
        walk_show.step(count, step)
    show.out.print(f"All {count} steps passed in {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    sys.exit(main())
