"""How a command is told which person is meant."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from config.loading import ConfigurationError, load
from hotline.errors import ConfigurationBroken, SetupError
from hotline.state import StateDirectory
from hotline.storage.persons import Wanted
from hotline.workplace.erase import wanted

_OPTIONS = (
    click.option("--number", help="Telephone number, as 05721 9824."),
    click.option("--household", help="Number of the Bedarfsgemeinschaft."),
    click.option("--receipt", help="Receipt number, as 26-4821-7300."),
)


def person_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--number`, `--household` and `--receipt`, of which exactly one must be given."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wanted_in(state: Path, given: Mapping[str, str | None]) -> Wanted:
    """Whom the options mean, by the rules of that hotline; wrong use when they cannot be anybody."""
    file = StateDirectory(state).config_file
    if not file.exists():
        raise SetupError(f"There is no hotline in {state}: start it once with `make run`, or name another --state.")
    try:
        return wanted(load(file), given["number"], given["household"], given["receipt"])
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
