"""`hotline config import-case-workers`: case workers from a table (CSV) into the draft of the configuration."""

import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path

import click

from config import case_workers_csv
from config.editing import edited
from config.loading import ConfigurationError, parse
from hotline.cli.opening import opened, state_option, url_in_use
from hotline.errors import ConfigurationBroken, HotlineError
from hotline.state import StateDirectory
from hotline.storage.config_drafts import ConfigDrafts, Stale
from hotline.storage.versions import Versions


@click.command("import-case-workers")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--print", "only_print", is_flag=True, help="Print the whole configuration with them, and save nothing.")
@state_option
def command(file: Path, only_print: bool, state: Path) -> int:
    """Put the case workers in FILE into the draft, in place of those that are there.

    FILE is a table (CSV, UTF-8) with the columns Name;E-Mail;Standorte;Buchstaben;Arten;Telefon;Vertretung;Abwesend
    von;Abwesend bis, of which the first three are needed. A draft is made when there is none; nothing is activated.
    """
    click.echo(asyncio.run(_import(state, file, _read(file), only_print)), nl=not only_print)
    return 0


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(4 * case_workers_csv.MAX_CHARACTERS + 1).decode()
    except OSError as error:
        raise HotlineError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise HotlineError(f"{file} is not UTF-8: save it from the spreadsheet as CSV UTF-8.") from None


async def _import(state: Path, file: Path, table: str, only_print: bool) -> str:
    async with opened(state, url_in_use(StateDirectory(state))) as (database, hotline):
        drafts = ConfigDrafts(database, hotline)
        draft, active = await drafts.current(), await Versions(database, hotline).active()
        if active is None:
            raise HotlineError("No configuration is active yet: start the hotline once.")
        text, count = _with_case_workers(active.text if draft is None else draft.text, file, table)
        if only_print:
            return text
        try:
            seen = None if draft is None else draft.revision
            saved = await drafts.save(text, _author(), datetime.now(UTC), seen, active.version)
        except Stale:
            raise HotlineError("Somebody has changed the draft meanwhile; nothing was saved. Try again.") from None
    return f"{count} entries are in the draft (revision {saved.revision}): see `hotline config diff active draft`."


def _with_case_workers(text: str, file: Path, table: str) -> tuple[str, int]:
    """The configuration's text with them, and how many entries they are."""
    try:
        read = case_workers_csv.read(table, parse(text, "hotline.yaml"))
    except ConfigurationError:
        raise HotlineError("The draft has findings: `hotline config check` names them; correct them first.") from None
    if read.findings:
        raise ConfigurationBroken([f"{file}: {finding}" for finding in read.findings])
    try:
        new = edited(text, case_workers_csv.edits(read))
        parse(new, "case_workers")
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None
    except ValueError as error:
        raise HotlineError(str(error)) from None
    return new, len(read.entries)


def _author() -> str:
    try:
        return getpass.getuser()[:40]
    except (OSError, KeyError):
        return "command line"
