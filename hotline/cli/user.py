"""`hotline user`: who may log in, in which role, and a new password for someone who lost theirs."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from config.loading import ConfigurationError, load, parse
from hotline.cli.opening import opened, state_option, url_in_use
from hotline.errors import HotlineError, Refused
from hotline.state import StateDirectory
from hotline.storage.accounts import Accounts, Role
from hotline.storage.database import Database
from hotline.storage.versions import Versions
from hotline.workplace.passwords import new_password

AUTHOR = "command line"
CLOSED = "{} is closed: nobody can log in there until an agent of the configuration has this name."
NO_AGENT = "No agent of the configuration is named {}: add the agent there, and the account is made with it."
_NAME = re.compile(r"[a-zäöüß0-9][a-zäöüß0-9._-]{0,39}")
_role = click.argument("role", type=click.Choice([role.value for role in Role]))


@click.group()
def command() -> None:
    """Accounts: list, add and remove them, set role and password; those of the running hotline, also on trial."""


@command.command("list")
@state_option
def list_users(state: Path) -> int:
    """Every account with its role, whether its password must still be changed, and whether nobody can log in there."""
    for line in asyncio.run(_list(state)):
        click.echo(line)
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

    async def change(house: _House) -> None:
        await house.accounts.set_password(name, generated, AUTHOR, must_change=True)

    closed = asyncio.run(_change(state, name, change))
    click.echo(f"{name}: {generated}")
    _say_if(closed, name)
    return 0


@command.command()
@click.argument("name")
@_role
@state_option
def role(name: str, role: str, state: Path) -> int:
    """Let NAME be agent, lead, admin or auditor from now on."""

    async def change(house: _House) -> None:
        placed = role != Role.AGENT or name in await house.agents()
        await house.accounts.set_role(name, Role(role), AUTHOR, placed=placed)

    closed = asyncio.run(_change(state, name, change))
    click.echo(f"{name} is {role} from now on.")
    _say_if(closed, name)
    return 0


@command.command()
@click.argument("name")
@state_option
def remove(name: str, state: Path) -> int:
    """Remove the account NAME and end its sessions; an agent of the configuration gets one again at the next start."""

    async def change(house: _House) -> None:
        await house.accounts.remove(name, AUTHOR)
        if not house.on_trial and name not in await house.agents():
            _forget(house.state, name)

    asyncio.run(_change(state, name, change))
    click.echo(f"{name} can no longer log in.")
    return 0


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter("up to 40 small letters, digits and . _ - are allowed, beginning with a letter")
    return name


def _forget(state: StateDirectory, name: str) -> None:
    try:
        state.forget_secrets_of(name)
    except OSError as error:
        raise HotlineError(
            f"{name} is removed, but the password of the telephone is still in {state.path} ({error.strerror}): "
            "the next start of the hotline forgets it."
        ) from None


def _say_if(closed: bool, name: str) -> None:
    if closed:
        click.echo(CLOSED.format(name))


@dataclass(frozen=True, slots=True)
class _House:
    """The hotline that the command works on."""

    state: StateDirectory
    database: Database
    hotline: str
    accounts: Accounts
    on_trial: bool

    async def agents(self) -> set[str]:
        """Names of those in the configuration in use: the active version's; the file's before the first start."""
        active = await Versions(self.database, self.hotline).active()
        with suppress(ConfigurationError):
            if active is not None:
                return {agent.name for agent in parse(active.text, str(self.state.config_file)).agents}
        return {agent.name for agent in load(self.state.config_file).agents}


@asynccontextmanager
async def _opened(state: Path) -> AsyncIterator[_House]:
    directory = StateDirectory(state)
    url = url_in_use(directory)
    async with opened(state, url) as (database, hotline):
        on_trial = url == directory.database_url(moved=True)
        yield _House(directory, database, hotline, Accounts(database, hotline), on_trial)


async def _list(state: Path) -> list[str]:
    async with _opened(state) as house:
        users = await house.accounts.users()
    told = {user.name: "must change the password" if user.must_change else "" for user in users}
    told |= {user.name: "closed: no agent of the configuration" for user in users if user.closed}
    return [f"{user.name:20} {user.role:8} {told[user.name]}".rstrip() for user in users]


async def _add(state: Path, name: str, generated: str, role: Role) -> None:
    async with _opened(state) as house:
        if role is Role.AGENT and name not in await house.agents():
            raise HotlineError(NO_AGENT.format(name))
        try:
            await house.accounts.add_user(name, generated, role, AUTHOR)
        except Refused:
            raise HotlineError(f"There is an account named {name} already: see `hotline user list`.") from None


async def _change(state: Path, name: str, change: Callable[[_House], Awaitable[None]]) -> bool:
    """Whether the account is closed now."""
    async with _opened(state) as house:
        try:
            await change(house)
        except Refused:
            known = ", ".join(user.name for user in await house.accounts.users()) or "none"
            raise HotlineError(f"There is no account named {name}; known accounts: {known}.") from None
        return any(user.closed for user in await house.accounts.users() if user.name == name)
