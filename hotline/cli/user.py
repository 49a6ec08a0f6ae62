"""`hotline user`: who may log in, in which role, and a new password for someone who lost theirs."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from hotline.cli.opening import opened, state_option, url_in_use
from hotline.errors import HotlineError, Refused
from hotline.state import StateDirectory
from hotline.storage.accounts import Accounts, Role, User
from hotline.workplace.passwords import new_password

AUTHOR = "command line"
_NAME = re.compile(r"[a-zäöüß0-9][a-zäöüß0-9._-]{0,39}")
_role = click.argument("role", type=click.Choice([role.value for role in Role]))
Change = Callable[[Accounts], Awaitable[None]]


@click.group()
def command() -> None:
    """Accounts: list, add and remove them, set role and password; those of the running hotline, also on trial."""


@command.command("list")
@state_option
def list_users(state: Path) -> int:
    """Every account with its role, whether its password must still be changed, and whether nobody can log in there."""
    for user in asyncio.run(_all(state)):
        told = "closed: no agent of the configuration" if user.closed else ""
        told = told or ("must change the password" if user.must_change else "")
        click.echo(f"{user.name:20} {user.role:8} {told}".rstrip())
    return 0


@command.command()
@click.argument("name", callback=lambda _ctx, _param, name: _checked(name))
@_role
@state_option
def add(name: str, role: str, state: Path) -> int:
    """A new account NAME with that ROLE; its generated password is printed once and must be changed at first login."""
    generated = new_password()
    asyncio.run(_add(state, name, generated, Role(role)))
    click.echo(f"{name}: {generated}")
    return 0


@command.command()
@click.argument("name")
@state_option
def password(name: str, state: Path) -> int:
    """Give NAME a new generated password, print it once, and end that user's sessions; it must be changed at login."""
    generated = new_password()
    asyncio.run(_change(state, name, lambda accounts: accounts.set_password(name, generated, AUTHOR, must_change=True)))
    click.echo(f"{name}: {generated}")
    return 0


@command.command()
@click.argument("name")
@_role
@state_option
def role(name: str, role: str, state: Path) -> int:
    """Let NAME be agent, lead, admin or auditor from now on."""
    asyncio.run(_change(state, name, lambda accounts: accounts.set_role(name, Role(role), AUTHOR)))
    click.echo(f"{name} is {role} from now on.")
    return 0


@command.command()
@click.argument("name")
@state_option
def remove(name: str, state: Path) -> int:
    """Remove the account NAME and end its sessions; an agent of the configuration gets one again at the next start."""
    asyncio.run(_change(state, name, lambda accounts: accounts.remove(name, AUTHOR)))
    click.echo(f"{name} can no longer log in.")
    return 0


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter("up to 40 small letters, digits and . _ - are allowed, beginning with a letter")
    return name


async def _all(state: Path) -> list[User]:
    async with opened(state, url_in_use(StateDirectory(state))) as (database, hotline_id):
        return await Accounts(database, hotline_id).users()


async def _add(state: Path, name: str, generated: str, role: Role) -> None:
    async with opened(state, url_in_use(StateDirectory(state))) as (database, hotline_id):
        try:
            await Accounts(database, hotline_id).add_user(name, generated, role, AUTHOR)
        except Refused:
            raise HotlineError(f"There is an account named {name} already: see `hotline user list`.") from None


async def _change(state: Path, name: str, change: Change) -> None:
    async with opened(state, url_in_use(StateDirectory(state))) as (database, hotline_id):
        accounts = Accounts(database, hotline_id)
        try:
            await change(accounts)
        except Refused:
            known = ", ".join(user.name for user in await accounts.users()) or "none"
            raise HotlineError(f"There is no account named {name}; known accounts: {known}.") from None
