"""`hotline doctor`: examines every part and says what to do."""

import asyncio
import logging
from datetime import date
from pathlib import Path

import click
import structlog

from hotline.doctor import Verdict, examine_state
from hotline.state import StateDirectory


@click.command()
@click.option("--state", type=click.Path(path_type=Path), default=Path("var"), show_default=True)
def command(state: Path) -> int:
    """Examine Asterisk, gateways, prompts, database, mail and pages, and say what to do.

    Changes nothing and needs nothing to run. Exit code 1 when something is wrong (Fehler), otherwise 0.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    results = asyncio.run(examine_state(StateDirectory(state), date.today()))  # noqa: DTZ011 - the local calendar
    for result in results:
        click.echo("\n".join(result.lines()))
    return 1 if any(result.verdict is Verdict.BAD for result in results) else 0
