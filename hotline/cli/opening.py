"""How a command reaches the database of a state directory, beside a running service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click

from config.loading import ConfigurationError, load
from hotline.errors import ConfigurationBroken, SetupError
from hotline.state import StateDirectory
from hotline.storage.database import Database
from hotline.testcall_way import database_in_use

state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    help="State directory of the hotline.",
)


def url_in_use(directory: StateDirectory) -> str:
    """The database of the running hotline, which may be on trial; without one, that of its next start."""
    try:
        return database_in_use(directory)
    except SetupError:
        return directory.database_url()


@asynccontextmanager
async def opened(state: Path, url: str | None = None) -> AsyncIterator[tuple[Database, str]]:
    """The database (`url`: another than the hotline's own) and the hotline's id; SetupError when none is there."""
    directory = StateDirectory(state)
    if not directory.config_file.exists():
        raise SetupError(f"There is no hotline in {state}: start it once with `make run`, or name another --state.")
    try:
        hotline_id = load(directory.config_file).hotline.id
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None
    database = Database(url or directory.database_url(moved=False))
    await database.open()
    try:
        yield database, hotline_id
    finally:
        await database.close()
