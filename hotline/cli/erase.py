"""`hotline erase`: delete what is held about one person."""

import asyncio
from pathlib import Path
from typing import Any

import click

from dialplan import happenings
from hotline.cli.opening import opened, state_option
from hotline.cli.person import person_options, wanted_in
from hotline.errors import HotlineError
from hotline.recovery.happenings_file import HappeningsFile
from hotline.state import StateDirectory
from hotline.storage.erasure_file import ErasureFile
from hotline.storage.persons import Persons, Wanted
from hotline.workplace import erase

AUTHOR = "command line"


@click.command()
@person_options
@click.option("--force", is_flag=True, help="Also while a promise or callback is open.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_option
def command(state: Path, force: bool, yes: bool, **given: Any) -> int:
    """Delete all personal data of one person for good: numbers, names, notes, forms, mails.

    Rows of all calls are meant that belong to the number, the Bedarfsgemeinschaft or the receipt; `hotline export`
    shows them. Times and codes stay for the statistics. A backup that is restored later is cleaned again at the start.
    """
    gone = asyncio.run(_erase(state, wanted_in(state, given), force, yes))
    click.echo(f"Deleted: {', '.join(f'{count} of {table}' for table, count in gone.items()) or 'nothing was left'}.")
    return 0


async def _erase(state: Path, whom: Wanted, force: bool, yes: bool) -> dict[str, int]:
    async with opened(state) as (database, hotline_id):
        persons = Persons(database, hotline_id, ErasureFile(StateDirectory(state).erasures_file, hotline_id))
        found = await erase.find(persons, whom)
        if not force:
            erase.require_nothing_open(found)
        if not yes and not click.confirm(f"Delete all personal data of {found.subject} for good?", err=True):
            raise HotlineError("Nothing was deleted.")
        happened = HappeningsFile(StateDirectory(state).asterisk / "log" / happenings.FILE)
        return await erase.erase(persons, found, AUTHOR, happened.scrub)
