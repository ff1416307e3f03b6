"""How every command ends: with an exit status, and errors told in one sentence."""

import argparse

from botocore.exceptions import BotoCoreError, ClientError

from tools import show
from tools.errors import UserError


def run(parser: argparse.ArgumentParser) -> int:
    """Call the parsed arguments' `run` with them and return the exit status."""
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except UserError as error:
        show.error(str(error), error.detail)
    except (BotoCoreError, ClientError) as error:
        show.error(f"AWS refused or could not be reached: {error}")
    except KeyboardInterrupt:
        show.error("Interrupted.")
    else:
        return 0
    return 1


def add_abandon(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--abandon",
        metavar="TYPE,TYPE",
        type=lambda types: types.split(","),
        default=(),
        help="task types whose open tasks may be given up when their channels go",
    )
