"""The command line: one module a command, each with a click command called `command`."""

import importlib
import sys

import click

from hotline.errors import HotlineError

COMMANDS = (
    *("check", "explain", "run", "drain", "serve", "testcall", "doctor", "prompts", "dialplan", "user", "config"),
    *("export", "erase", "bounce", "simulate"),
)


class Commands(click.Group):
    """Loads a command's module only when it is asked for, so that `--help` and `check` stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"hotline.cli.{cmd_name}")
        command: click.Command = module.command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The telephone service of a Jobcenter."""


def main() -> None:
    """Entry point: exit code 0 fine, 1 finding or failure, 2 wrong use; errors in one plain sentence."""
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(1)
    except HotlineError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
