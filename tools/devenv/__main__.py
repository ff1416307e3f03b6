"""The local environment, Terraform for AWS, and the walkthrough on either."""

import argparse
import shlex
import sys
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local import ENGINE_PYTHON, REPOSITORY, aws, show
from local.environment import ACCOUNTS, Environment, forget_aws_configuration
from local.errors import UserError
from local.review_walkthrough import walk_review
from local.terraform import TerraformError
from local.walkthrough import Step, StepFailedError, walk


def main() -> int:
    """Run one command and return the exit status."""
    arguments = _parser().parse_args()
    try:
        arguments.run(arguments)
    except TerraformError as error:
        show.error(str(error), error.output)
    except (UserError, StepFailedError) as error:
        show.error(str(error))
    except (BotoCoreError, ClientError) as error:
        show.error(f"AWS refused or could not be reached: {error}")
    except KeyboardInterrupt:
        show.error("Interrupted.")
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument(
        "--directory",
        type=Path,
        default=REPOSITORY / ".local",
        help="where the local environment is",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, description: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=description, description=description)
        added.set_defaults(run=run)
        return added

    up = command("up", _up, "start the local environment, or bring it to what the sources say")
    command("down", _down, "stop the local environment and forget it")
    command("demo", _demo, "walk two orders through the local environment")
    env = command("env", _env, "print shell exports that point at the local environment")
    env.add_argument("--account", choices=sorted(ACCOUNTS), default="platform")
    smoke = command("smoke", _smoke, "walk an order through an environment on AWS")
    smoke.add_argument("--env", choices=aws.ENVIRONMENTS, required=True)
    smoke.add_argument("--platform-profile", help="AWS profile of the platform account")
    smoke.add_argument(
        "--partner-profile", help="AWS profile of the partner account", required=True
    )
    smoke.add_argument("--external-id", help="external id of the partner", required=True)

    bootstrap = command("bootstrap", _bootstrap, "make the bucket for Terraform states on AWS")
    bootstrap.add_argument("--env", choices=aws.ENVIRONMENTS, required=True)

    terraform = command("terraform", _terraform, "run Terraform for an environment on AWS")
    terraform.add_argument("action", choices=("plan", "apply", "destroy"))
    terraform.add_argument("--root", choices=aws.ROOT_NAMES, default="platform")
    terraform.add_argument("--env", choices=aws.ENVIRONMENTS, required=True)
    for added in (up, terraform):
        added.add_argument(
            "--abandon",
            metavar="TYPE,TYPE",
            type=lambda types: types.split(","),
            default=(),
            help="task types whose open tasks may be given up when their channels go",
        )
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
    deployment, log = environment.deployment(), environment.directory / "webhook-partner.log"
    _show(chain(walk(deployment), walk_review(deployment, environment.webhook_port, log)))


def _env(arguments: argparse.Namespace) -> None:
    for name, value in _local(arguments).exports(arguments.account).items():
        print(f"export {name}={shlex.quote(value)}")  # noqa: T201


def _smoke(arguments: argparse.Namespace) -> None:
    deployment = aws.deployment(
        arguments.env, arguments.platform_profile, arguments.partner_profile, arguments.external_id
    )
    _show(walk(deployment))


def _bootstrap(arguments: argparse.Namespace) -> None:
    aws.bootstrap(arguments.env)


def _terraform(arguments: argparse.Namespace) -> None:
    aws.terraform(
        arguments.root, arguments.env, arguments.action, arguments.abandon, show.out.print
    )


def _local(arguments: argparse.Namespace) -> Environment:
    forget_aws_configuration()
    return Environment(arguments.directory.resolve(), ENGINE_PYTHON)


def _show(steps: Iterable[Step]) -> None:
    began = time.perf_counter()
    for number, step in enumerate(steps, start=1):
        show.step(number, step)
    show.out.print(f"All is as it should be, in {time.perf_counter() - began:.1f} s.")


if __name__ == "__main__":
    sys.exit(main())
