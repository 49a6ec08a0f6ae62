"""`hotline export`: all that is held about one person, as JSON."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from hotline.cli.opening import opened, state_option
from hotline.cli.person import person_options, wanted_in
from hotline.storage.persons import Persons, Rows
from hotline.workplace import erase

AUTHOR = "command line"


@click.command()
@person_options
@state_option
def command(state: Path, **given: Any) -> int:
    """Everything that is held about one person, as JSON on standard output; that it was read out is audited.

    Rows of all calls are shown that belong to the number, the Bedarfsgemeinschaft or the receipt: look whether they
    are all of this one person before you give them away.
    """
    found = asyncio.run(_export(state, given))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    return 0


async def _export(state: Path, given: dict[str, str | None]) -> Rows:
    whom = wanted_in(state, given)
    async with opened(state) as (database, hotline_id):
        persons = Persons(database, hotline_id)
        return await erase.export(persons, await erase.find(persons, whom), AUTHOR)
