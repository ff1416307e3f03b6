"""Terraform for environments on AWS."""

import argparse
import sys

from tools import command
from tools.deploy import aws


def main() -> int:
    """Run one command and return the exit status."""
    return command.run(_parser())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    bootstrap = commands.add_parser("bootstrap", help="make the bucket for Terraform states")
    bootstrap.add_argument("--env", required=True)
    bootstrap.set_defaults(run=_bootstrap)

    for action in ("plan", "apply", "destroy"):
        terraform = commands.add_parser(action, help=f"{action} a root of an environment")
        terraform.add_argument("--root", choices=aws.ROOT_NAMES, default="platform")
        terraform.add_argument("--env", required=True)
        command.add_abandon(terraform)
        terraform.set_defaults(run=_terraform, action=action)
    return parser


def _bootstrap(arguments: argparse.Namespace) -> None:
    aws.bootstrap(arguments.env)


def _terraform(arguments: argparse.Namespace) -> None:
    aws.terraform(arguments.root, arguments.env, arguments.action, arguments.abandon)


if __name__ == "__main__":
    sys.exit(main())
