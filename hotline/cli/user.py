"""`hotline user`: who may log in, and a new password for someone who lost theirs."""

import asyncio
import secrets
from pathlib import Path

import click

from hotline.cli.opening import opened, state_option
from hotline.errors import HotlineError, Refused
from hotline.storage.accounts import Accounts


@click.group()
def command() -> None:
    """Accounts: list them, set a new password."""


@command.command("list")
@state_option
def list_users(state: Path) -> int:
    """Every account with its role."""
    for line in asyncio.run(_list(state)):
        click.echo(line)
    return 0


@command.command()
@click.argument("name")
@state_option
def password(name: str, state: Path) -> int:
    """Give NAME a new generated password, print it once, and end that user's sessions."""
    generated = new_password()
    asyncio.run(_set(state, name, generated))
    click.echo(f"{name}: {generated}")
    return 0


def new_password() -> str:
    """Four groups that can be read out and typed; 80 bits without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


async def _list(state: Path) -> list[str]:
    async with opened(state) as (database, hotline_id):
        return [f"{user.name:20} {user.role}" for user in await Accounts(database, hotline_id).users()]


async def _set(state: Path, name: str, generated: str) -> None:
    async with opened(state) as (database, hotline_id):
        accounts = Accounts(database, hotline_id)
        try:
            await accounts.set_password(name, generated, author="command line")
        except Refused:
            known = ", ".join(user.name for user in await accounts.users()) or "none"
            raise HotlineError(f"There is no account named {name}; known accounts: {known}.") from None
