"""`hotline serve`: the service alone; `hotline run` starts it together with Asterisk."""

import asyncio
from pathlib import Path

import click

from hotline.cli.times import business_clock
from hotline.logs import configure_logs
from hotline.service import serve
from hotline.state import StateDirectory


@click.command()
@click.option("--state", type=click.Path(path_type=Path), default=Path("var"), show_default=True)
@click.option("--at", "moment", metavar="TIME", help="Move business time to this moment, as 2026-11-23T09:00.")
@click.option("--begun", type=click.Path(path_type=Path), help="The configuration that the whole hotline began with.")
@click.option("--drain", is_flag=True, help="Take no new calls, and end when the last one is over; as after SIGUSR1.")
def command(state: Path, moment: str | None, begun: Path | None, drain: bool) -> None:
    """Run the service: AGI, AMI, pages, mail. Asterisk must run already."""
    configure_logs()
    directory = StateDirectory(state)
    asyncio.run(serve(directory, business_clock(moment, directory.config_file), drain=drain, begun=begun))
