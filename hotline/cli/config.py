"""`hotline config`: the history of the configuration, what changed, and how another one comes into use."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from agents.forms import FormError
from config.differences import Change, differences
from config.loading import MAX_BYTES, ConfigurationError, parse
from config.schema import HotlineConfig
from hotline.changing import door
from hotline.changing.changes import read_reason
from hotline.changing.remarks import judged
from hotline.changing.store import Store, whose
from hotline.changing.unified import unified
from hotline.changing.usable import require_usable
from hotline.cli import import_case_workers
from hotline.cli.opening import state_option, url_in_use
from hotline.errors import ConfigurationBroken, HotlineError, Refused, SetupError
from hotline.locks import exclusive_or_refused
from hotline.state import StateDirectory
from hotline.storage.config_drafts import ConfigDrafts, DraftRow
from hotline.storage.database import Database
from hotline.storage.versions import ActiveVersion, VersionRow, Versions

DRAFT, ACTIVE = "draft", "active"
NO_SUCH = "No such version of the configuration: see `hotline config list`."
BY_HAND = "von der Kommandozeile"
"""The reason when none is given; the pages show it."""
_STEPS = {
    "checking": "checking",
    "prompts": "making the prompts",
    "storing": "storing",
    "asterisk": "bringing Asterisk up to date",
    "done": "done",
}
_reason = click.option("--reason", default=BY_HAND, help="Why, in one sentence; stands in the history.")
_text = click.option("--text", "as_text", is_flag=True, help="The lines that differ, as diff -u shows them.")


@click.group()
def command() -> None:
    """Configurations that are or were in use, and how another one comes into use."""


@command.command("list")
@state_option
def list_versions(state: Path) -> int:
    """Every version, newest first; the first one is active. Then the draft, if there is one."""
    for line in asyncio.run(_list(state)):
        click.echo(line)
    return 0


@command.command()
@click.argument("version", required=False, default=ACTIVE)
@state_option
def show(version: str, state: Path) -> int:
    """The text of VERSION: a number, `draft`, or `active`, which is what is shown without it."""
    click.echo(asyncio.run(_texts(state, version))[0], nl=False)
    return 0


@command.command()
@click.argument("old")
@click.argument("new")
@_text
@state_option
def diff(old: str, new: str, as_text: bool, state: Path) -> int:
    """What changes from OLD to NEW: numbers of versions, `draft`, `active`, or files."""
    before, after = asyncio.run(_texts(state, old, new))
    for line in _differing(before, after, old, new, as_text):
        click.echo(line)
    return 0


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@state_option
def check(file: Path | None, state: Path) -> int:
    """Check the configuration in FILE, or the draft; one line per finding, as `hotline check` prints it.

    Warnings, which name what is allowed but perhaps not meant, keep nothing from being activated.
    """
    text = asyncio.run(_texts(state, DRAFT))[0] if file is None else _read(file)
    config = _judged(text, name := DRAFT if file is None else str(file))
    click.echo(f"{name}: in Ordnung ({config.hotline.name})")
    return 0


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@_reason
@state_option
def activate(file: Path | None, reason: str, state: Path) -> int:
    """Make the configuration in FILE, or the draft, the one that new calls begin with.

    Calls that go on keep theirs, and nobody is dropped. When the hotline does not run, it is used from its next start.
    """
    if file is not None:
        text = _read(file)
        wanted = _Wanted({"do": door.ACTIVATE, "text": text}, text, _judged(text, str(file)))
    else:
        draft = asyncio.run(_draft(state))
        asked = {"do": door.ACTIVATE_DRAFT, "revision": draft.revision}
        wanted = _Wanted(asked, draft.text, _judged(draft.text, DRAFT), draft)
    return asyncio.run(_change(StateDirectory(state), wanted, reason))


@command.command()
@click.argument("version", type=int)
@_reason
@state_option
def rollback(version: int, reason: str, state: Path) -> int:
    """Make VERSION the newest one, and with that the active one again."""
    text = asyncio.run(_texts(state, str(version)))[0]
    config = _judged(text, f"version {version}")
    wanted = _Wanted({"do": door.ROLL_BACK, "version": version}, text, config)
    return asyncio.run(_change(StateDirectory(state), wanted, reason))


command.add_command(import_case_workers.command)


# --- reading ---------------------------------------------------------------------------------


async def _list(state: Path) -> list[str]:
    async with _opened(state) as (database, hotline):
        rows, draft = await Versions(database, hotline).all(), await ConfigDrafts(database, hotline).current()
    lines = [_line(row, active=row is rows[0]) for row in rows]
    if draft is not None:
        since = f"from version {draft.base_version}, saved {draft.at:%Y-%m-%d %H:%M} UTC"
        lines.append(f"draft  {since} by {draft.author}")
    return lines


def _line(row: VersionRow, active: bool) -> str:
    told = f"{row.version:5}  {row.at:%Y-%m-%d %H:%M} UTC  {row.author:16} {'active' if active else '':6}"
    return f"{told}  {row.reason or ''}".rstrip()


async def _texts(state: Path, *names: str) -> list[str]:
    """What these names mean. A file is only looked for when the name is no other one."""
    known = [name for name in names if name in (DRAFT, ACTIVE) or name.isdecimal()]
    found = {name: _read(Path(name)) for name in names if name not in known}
    if known:
        async with _opened(state) as (database, hotline):
            found |= {name: await _stored(database, hotline, name) for name in known}
    return [found[name] for name in names]


async def _stored(database: Database, hotline: str, name: str) -> str:
    if name == DRAFT:
        return (await _current(database, hotline)).text
    number = None if name == ACTIVE else int(name)
    if number is not None and number > 2**31 - 1:
        raise HotlineError(NO_SUCH)
    found = await Versions(database, hotline).get(number)
    if found is None:
        raise HotlineError(NO_SUCH)
    return found.text


async def _draft(state: Path) -> DraftRow:
    async with _opened(state) as (database, hotline):
        return await _current(database, hotline)


async def _current(database: Database, hotline: str) -> DraftRow:
    draft = await ConfigDrafts(database, hotline).current()
    if draft is None:
        raise HotlineError("There is no draft of the configuration.")
    return draft


def _read(file: Path) -> str:
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_BYTES:
            raise HotlineError(f"{file} is larger than {MAX_BYTES:,} bytes, so it is no configuration of a hotline.")
        return raw.decode()
    except OSError as error:
        raise HotlineError(f"{file} cannot be read ({error.strerror}): name a file or a version.") from None
    except UnicodeDecodeError:
        raise HotlineError(f"{file} is not UTF-8: save it in that encoding.") from None


def _parsed(text: str, name: str) -> HotlineConfig:
    try:
        return parse(text, name)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None


def _judged(text: str, name: str) -> HotlineConfig:
    """As `_parsed`; says what is allowed but perhaps not meant."""
    config = _parsed(text, name)
    for remark in judged(text, datetime.now(UTC))[1]:
        click.echo(f"{name}:{remark.line}:{remark.col}: {remark.path}: warning: {remark.message}", err=True)
    return config


def _differing(before: str, after: str, old: str, new: str, as_text: bool) -> list[str]:
    if as_text:
        return unified(before, after, old, new).splitlines()
    return [_told(change) for change in differences(_parsed(before, old), _parsed(after, new))]


def _told(change: Change) -> str:
    return f"{change.section}: {change.path}: {change.old or '–'} → {change.new or '–'}"


@asynccontextmanager
async def _opened(state: Path) -> AsyncIterator[tuple[Database, str]]:
    """The database and the hotline's id, also when the file in use is broken just now."""
    directory = StateDirectory(state)
    if not directory.config_file.exists():
        raise SetupError(f"There is no hotline in {state}: start it once with `make run`, or name another --state.")
    database = Database(url_in_use(directory))
    await database.open()
    try:
        found = await whose(database, directory, directory.config_file.read_bytes())
        if found is None:
            raise SetupError(f"{directory.config_file} names no hotline.id: correct it first.")
        yield database, found
    finally:
        await database.close()


# --- changing --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to come into use: as it is asked of the running service, and itself. `draft`: it is this one."""

    asked: dict[str, Any]
    text: str
    config: HotlineConfig
    draft: DraftRow | None = None


async def _change(state: StateDirectory, wanted: _Wanted, reason: str) -> int:
    """Through the running service; without one, file and version are written here."""
    author = _author()
    try:
        why = read_reason(reason)
    except FormError as error:
        raise HotlineError(" ".join(error.findings.values())) from None
    try:
        return await _through_service(state, {**wanted.asked, "author": author, "reason": why})
    except (FileNotFoundError, ConnectionRefusedError):
        pass
    except OSError as error:
        raise HotlineError(f"The hotline in {state.path} cannot be asked ({error.strerror}).") from None
    with exclusive_or_refused(state.path / "run.lock", lambda _: _starting(state)):
        return await _alone(state, author, why, wanted)


async def _through_service(state: StateDirectory, asked: dict[str, Any]) -> int:
    async with aclosing(door.ask(door.socket_of(state), asked)) as answers:
        said = ""
        async for answer in answers:
            if "activated" in answer:
                return _done(answer["activated"])
            if "refused" in answer:
                more = answer.get("difference")
                raise HotlineError(answer["refused"] + (f"\n{more}" if more else ""))
            said = _progress(answer, said)
    raise HotlineError("The hotline ended meanwhile: `hotline config list` tells what is active.")


def _progress(answer: dict[str, Any], said: str) -> str:
    line = _STEPS.get(str(answer.get("step")), "")
    if of := answer.get("of"):
        line += f" {answer['done']} of {of}"
    if line and line != said:
        click.echo(line)
    return line


def _done(activated: dict[str, Any]) -> int:
    """Exit code 1 when Asterisk has not taken everything over."""
    click.echo(f"Version {activated['version']} is active: new calls begin with it.")
    if activated["reloaded"]:
        click.echo(f"Asterisk has read anew: {', '.join(activated['reloaded'])}.")
    for account in activated["accounts"]:
        click.echo(f"New account {account['name']}, initial password {account['password']}")
    for sentence in activated.get("people", ()):
        click.echo(sentence)
    if activated["restart"]:
        click.echo(f"From the next start of the hotline on: {', '.join(activated['restart'])}.")
    if outdated := activated.get("outdated"):
        click.echo(f"Callers still hear the own recording of the former text of: {', '.join(outdated)}.")
    for sentence in activated["differs"]:
        click.echo(sentence, err=True)
    return 1 if activated["differs"] else 0


async def _alone(state: StateDirectory, author: str, reason: str, wanted: _Wanted) -> int:
    async with _opened(state.path) as (database, hotline):
        if wanted.config.hotline.id != hotline:
            raise HotlineError(f"hotline.id cannot be changed: all data belong to {hotline}.")
        require_usable(wanted.config, state)
        versions = Versions(database, hotline)
        draft, active = wanted.draft, await versions.active()
        _require_up_to_date(wanted, active)
        try:
            version = await Store(versions, state.config_file).put(
                wanted.text,
                author,
                datetime.now(UTC),
                reason,
                draft=None if draft is None else draft.revision,
                expected=None if active is None else active.version,
            )
        except (Refused, OSError) as error:
            raise HotlineError(str(error)) from None
    click.echo(f"Version {version} is active from the next start of the hotline on.")
    return 0


def _require_up_to_date(wanted: _Wanted, active: ActiveVersion | None) -> None:
    if active is None:
        raise HotlineError("No configuration is active yet: start the hotline once.")
    if active.text == wanted.text:
        raise HotlineError("This is the active version already.")
    if wanted.draft is not None and wanted.draft.base_version != active.version:
        raise HotlineError(
            f"The draft was begun from version {wanted.draft.base_version}, but {active.version} is active meanwhile: "
            "see `hotline config diff active draft`, and save the draft as a file to activate it nevertheless."
        )


def _starting(state: StateDirectory) -> SetupError:
    return SetupError(f"The hotline in {state.path} is just starting or ending: try again in a moment.")


def _author() -> str:
    try:
        return getpass.getuser()[:40]
    except (OSError, KeyError):
        return "command line"
