"""`hotline run`: the whole hotline in the foreground, Asterisk and service, until Ctrl-C."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from hotline.changing.store import settle_file
from hotline.cli.times import business_clock
from hotline.errors import SetupError
from hotline.locks import exclusive_or_refused
from hotline.parent.launcher import Launcher
from hotline.parent.preparation import configuration_and_source, prepare
from hotline.state import StateDirectory
from hotline.storage.database import Database


@click.command()
@click.option("--state", type=click.Path(path_type=Path), default=Path("var"), show_default=True)
@click.option("--at", "moment", metavar="TIME", help="Move business time to this moment, as 2026-11-23T09:00.")
@click.option("--host", metavar="NAME", help="Serve other machines under this name.")
def command(state: Path, moment: str | None, host: str | None) -> int:
    """Run the whole hotline: Asterisk, the service and, if configured, the demo mailbox.

    Its state lives in the directory --state: the configuration in use, database, prompts, passwords.
    Ctrl-C ends everything that was started here; `hotline drain` does so after the last call.
    """
    if host is not None:
        raise SetupError("Serving other machines needs certificates, which come with a later version: leave HOST= out.")
    directory = StateDirectory(state)
    directory.prepare()
    with exclusive_or_refused(directory.path / "run.lock", lambda process: _runs_already(directory, process)):
        if moment is None:
            asyncio.run(_settle(directory))
        config, source = configuration_and_source(directory)
        clock = business_clock(moment, directory.config_file)
        prepared = prepare(directory, config, clock, _say)
        asyncio.run(Launcher(directory, config, source, clock, prepared, _say).run())
    return 0


async def _settle(directory: StateDirectory) -> None:
    """Before anything is made from the file: it may not be what is in use (hotline/changing/store.py)."""
    database = Database(directory.database_url())
    await database.open()
    try:
        notice = await settle_file(database, directory, datetime.now(UTC))
    finally:
        await database.close()
    if notice is not None:
        _say(notice)


def _runs_already(directory: StateDirectory, process: str) -> SetupError:
    return SetupError(
        f"A hotline already runs with the state in {directory.path} (process {process}): "
        "end it first, or give another directory with --state."
    )


def _say(line: str) -> None:
    click.echo(line)
