"""Times on the command line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click

from config.loading import load
from hotline.clock import Clock
from routing.moments import parse_moment


def business_clock(text: str | None, config_file: Path) -> Clock:
    """The clock that `--at` asks for: real time when it is left out. BadParameter when it is no time."""
    if text is None:
        return Clock()
    try:
        return Clock.starting_at(parse_moment(text, ZoneInfo(load(config_file).hotline.timezone)))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from error
