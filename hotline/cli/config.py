"""`hotline config`: which configurations have been active, and the text of one of them."""

import asyncio
from pathlib import Path

import click

from hotline.cli.opening import opened, state_option
from hotline.errors import HotlineError
from hotline.storage.versions import VersionRow, Versions


@click.group()
def command() -> None:
    """Configurations that are or were in use."""


@command.command("list")
@state_option
def list_versions(state: Path) -> int:
    """Every version, newest first; the first one is active."""
    for line in asyncio.run(_list(state)):
        click.echo(line)
    return 0


@command.command()
@click.argument("version", type=int, required=False)
@state_option
def show(version: int | None, state: Path) -> int:
    """The text of VERSION, or of the active one."""
    click.echo(asyncio.run(_show(state, version)), nl=False)
    return 0


async def _list(state: Path) -> list[str]:
    async with opened(state) as (database, hotline_id):
        rows = await Versions(database, hotline_id).all()
    return [_line(row, active=row is rows[0]) for row in rows]


def _line(row: VersionRow, active: bool) -> str:
    return f"{row.version:5}  {row.at:%Y-%m-%d %H:%M} UTC  {row.author:16} {'active' if active else ''}".rstrip()


async def _show(state: Path, version: int | None) -> str:
    async with opened(state) as (database, hotline_id):
        found = await Versions(database, hotline_id).get(version)
    if found is None:
        raise HotlineError("No such version of the configuration: see `hotline config list`.")
    return found.text
