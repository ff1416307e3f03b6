"""The command `callbacks`: an environment's tasks, channels, executions and dead letters."""

import json
import sys
from collections.abc import Callable

import click
from botocore.exceptions import BotoCoreError, ClientError
from callbacks.domain.errors import DependencyUnavailable

from tools import show
from tools.errors import UserError
from tools.ops.acting import RefusedError
from tools.ops.channels import NotFoundError
from tools.ops.cli.channel import channel
from tools.ops.cli.console import console
from tools.ops.cli.dead_letter import dead_letter
from tools.ops.cli.delivery import delivery
from tools.ops.cli.execution import execution
from tools.ops.cli.partner import partner
from tools.ops.cli.preflight import preflight
from tools.ops.cli.shared import Operations
from tools.ops.cli.task import task
from tools.ops.place import NoEnvironmentError

FAILED, USAGE, NOT_THERE, REFUSED, INTERRUPTED = 1, 2, 3, 4, 130

EXIT_STATUSES = """\b
Exit status:
  0    done
  1    failed, or AWS could not be reached: look before you repeat it
  2    the command is not understood
  3    there is no such environment, channel, task or queue
  4    the platform refused it, and nothing was done
  5    some of several were refused
  130  interrupted"""


@click.group(epilog=EXIT_STATUSES)
@click.option("--env", help="local, dev, prod ...; without it the local one, if it is up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--profile", help="AWS profile; default: as AWS tools have it.")
@click.option("--region", help="AWS region; default: as AWS tools have it.")
@click.option("--prefix", help="Names begin with it; default: callbacks-ENV.")
@click.pass_context
def cli(
    context: click.Context,
    env: str | None,
    profile: str | None,
    region: str | None,
    prefix: str | None,
    *,
    as_json: bool,
) -> None:
    """Operate callback channels: see what waits, and act on it.

    You read with your own AWS credentials, and never a task token. What changes anything is done
    by the platform's function `operate`, which logs who you are and why.

    Completion: eval "$(_CALLBACKS_COMPLETE=bash_source callbacks)", or zsh_source, fish_source.
    """
    context.obj = Operations(env, prefix, profile, region, as_json)


for command in (channel, console, dead_letter, delivery, execution, partner, preflight, task):
    cli.add_command(command)


def main() -> None:
    """Run the command, and end with its exit status."""
    sys.exit(_status(lambda: cli.main(standalone_mode=False)))


def _status(run: Callable[[], int | None]) -> int:
    try:
        return run() or 0
    except click.exceptions.Abort:
        return _told("Nothing was done.", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return USAGE
    except RefusedError as error:
        return _told(f"Refused ({error.code}): {error}", REFUSED, error.detail)
    except (NoEnvironmentError, NotFoundError) as error:
        return _told(str(error), NOT_THERE)
    except UserError as error:
        return _told(str(error), FAILED, error.detail)
    except (BotoCoreError, ClientError, DependencyUnavailable) as error:
        return _told(f"AWS refused or could not be reached: {error}", FAILED)
    except KeyboardInterrupt:
        return _told("Interrupted.", INTERRUPTED)


def _told(message: str, status: int, detail: str = "") -> int:
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": message, "detail": detail, "status": status}), err=True)
    else:
        show.error(message, detail)
    return status


if __name__ == "__main__":
    main()
