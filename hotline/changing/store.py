"""The configuration in use, in its two places: the newest version in the database, and the file as its mirror.

Activation writes both, or neither counts. The row is what counts: the file is written inside its transaction, just
before the commit. So whoever is killed in between leaves a file that differs from the active version, and that is put
right by the next start (`settle`), as is a file that was edited by hand: it never wins silently, and is never lost.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path

import structlog

from config import tree
from config.loading import MAX_BYTES, ConfigurationError, parse
from config.schema import HotlineConfig
from hotline.changing.config_file import BEGUN, as_text, content, keep_beside, put_back, replaceable, write_whole
from hotline.errors import ConfigurationBroken, HotlineError, Refused, SetupError, StorageError
from hotline.logs import log_failure
from hotline.state import EXAMPLE, StateDirectory
from hotline.storage.config_drafts import ConfigDrafts, Stale
from hotline.storage.database import Database
from hotline.storage.versions import ActiveVersion, Versions

log = structlog.get_logger()

FILE_AUTHOR = "file"
"""Who has saved or activated what stood in the file."""
_ID = re.compile(r"[ \t]+id:[ \t]*[\"']?([a-z][a-z0-9_-]*)[\"']?[ \t]*(?:#.*)?")
UNREADABLE = "the version that was active cannot be read by this release"
NOT_WRITTEN = (
    "Die Datei der Konfiguration lässt sich nicht schreiben, es bleibt bei der bisherigen Version: Ist der Datenträger "
    "voll, oder darf die Hotline in {} nicht schreiben?"
)
NOT_REPLACEABLE = (
    "{} lies in {}, where the hotline may not write: no other configuration can be activated until it may, "
    "or until the link gives way to a file."
)


@dataclass(frozen=True, slots=True)
class InUse:
    """`notice`: one sentence about a file that did not win, None when nothing is to be said."""

    version: int
    text: str
    config: HotlineConfig
    notice: str | None = None


class Store:
    """Writes file and version together."""

    def __init__(self, versions: Versions, file: Path) -> None:
        self._versions, self._file = versions, file

    async def put(
        self,
        text: str,
        author: str,
        at: datetime,
        reason: str | None,
        *,
        draft: int | None = None,
        expected: int | None = None,
    ) -> int:
        """Make this text the active configuration; its version.

        Whatever is raised (Refused, StorageError), the one before is active, in the file too.
        """
        try:
            return await self._put(text, author, at, reason, draft, expected)
        except OSError as error:
            raise self._not_written(error) from None

    async def _put(
        self, text: str, author: str, at: datetime, reason: str | None, draft: int | None, expected: int | None
    ) -> int:
        before = await asyncio.to_thread(content, self._file)
        await self._keep_edited(before, text)

        async def write() -> None:
            try:
                await asyncio.to_thread(write_whole, self._file, text.encode())
            except OSError as error:  # otherwise it would be told as the database's
                raise self._not_written(error) from None

        try:
            return await self._versions.activate(
                text, author, at, reason, draft=draft, expected=expected, before_commit=write
            )
        except StorageError as error:
            return await self._after_all(text, before, error)
        except BaseException:
            put_back(self._file, before)
            raise

    def _not_written(self, error: OSError) -> Refused:
        log_failure("the configuration's file was not written", "", error)
        return Refused(NOT_WRITTEN.format(self._file.resolve().parent))

    async def _keep_edited(self, raw: bytes | None, new: str) -> None:
        """The file that is about to be replaced may have been edited by hand since the hotline was started."""
        if raw is None or raw in (b"", EXAMPLE.read_bytes(), new.encode()):
            return
        text = as_text(raw)
        if text is not None and await self._versions.with_text(text) is not None:
            return
        beside = await asyncio.to_thread(keep_beside, self._file, raw)
        log.warning("the configuration's file was changed by hand, that is kept beside it", file=beside.name)

    async def _after_all(self, text: str, before: bytes | None, error: StorageError) -> int:
        """The connection may have been lost when the database had stored everything already: then it is done."""
        active = None
        with suppress(StorageError):
            active = await self._versions.active()
        if active is not None and active.text == text and before != text.encode():
            return active.version
        put_back(self._file, before)
        raise error


async def settle(database: Database, state: StateDirectory, now: datetime) -> InUse:
    """What this start goes by. ConfigurationBroken when nothing that could be used is there, SetupError when the file
    cannot be read, or not be put right.

    A first start takes the file. Later the active version counts, and a file that differs becomes the draft; but the
    file counts when the active version cannot be read any more, as after an update that asks for a change.
    """
    raw = _as_it_is(state.config_file)
    hotline = await whose(database, state, raw)
    versions = Versions(database, hotline) if hotline is not None else None
    active = await versions.active() if versions is not None else None
    if active is None or versions is None or hotline is None:
        return await _from_file(database, raw, state.config_file, now, None)
    try:
        config = await asyncio.to_thread(parse, active.text, str(state.config_file))
    except ConfigurationError as error:
        if raw == active.text.encode():
            raise ConfigurationBroken([str(finding) for finding in error.findings]) from None
        log.warning("the active version cannot be read any more, the file counts", version=active.version)
        return await _from_file(database, raw, state.config_file, now, UNREADABLE, hotline)
    if raw == active.text.encode():
        return InUse(active.version, active.text, config)
    try:
        notice = await _keep(ConfigDrafts(database, hotline), versions, raw, active, state, now)
        await asyncio.to_thread(write_whole, state.config_file, active.text.encode())
    except OSError as error:
        raise SetupError(
            f"{state.config_file} is not the active version {active.version} and cannot be replaced by it "
            f"({error.strerror}): let the hotline write in {state.config_file.resolve().parent}."
        ) from None
    log.warning("the configuration's file was changed by hand, the active version counts", version=active.version)
    return InUse(active.version, active.text, config, notice)


async def settle_file(database: Database, state: StateDirectory, now: datetime) -> str | None:
    """Before anything is made from the file: put it right; a sentence about it if it was changed.

    Nothing is stored before the first start, which the file may still keep from succeeding, as by a port in use.
    """
    hotline, notices = await whose(database, state, _as_it_is(state.config_file)), []
    if hotline is not None and await Versions(database, hotline).active() is not None:
        notices.append((await settle(database, state, now)).notice)
    if not replaceable(state.config_file):
        notices.append(NOT_REPLACEABLE.format(state.config_file, state.config_file.resolve().parent))
    return " ".join(filter(None, notices)) or None


async def take_file(database: Database, state: StateDirectory, now: datetime) -> InUse:
    """The file counts, as a version of its own when it is new: business time is moved, for trying out."""
    raw = _as_it_is(state.config_file)
    config = _parsed(raw, state.config_file)
    active = await Versions(database, config.hotline.id).active()
    if active is not None and active.text.encode() == raw:
        return InUse(active.version, active.text, config)
    return await _from_file(database, raw, state.config_file, now, None)


def _as_it_is(file: Path) -> bytes:
    """Empty when there is none."""
    try:
        return content(file) or b""
    except OSError as error:
        raise SetupError(f"{file} cannot be read ({error.strerror}): correct its owner and rights.") from None


async def whose(database: Database, state: StateDirectory, raw: bytes) -> str | None:
    """The hotline of this state directory, all of whose data belong to this id; None when nobody can know.

    `raw`, the file as it is, is believed only before the first start: another id in it is an edit like any other.
    """
    known = await Versions.hotlines(database)
    begun = _named(content(state.path / BEGUN) or b"")
    if begun is not None and begun in known:
        return begun
    alone = known[0] if len(known) == 1 else None
    if alone is not None and database.is_sqlite:
        return alone
    return _named(raw) or alone


def _named(raw: bytes) -> str | None:
    """The hotline.id in a configuration, also when that is broken."""
    text = raw[:MAX_BYTES].decode("utf-8", "replace")
    if plain := _plain_id(text):
        return plain
    with suppress(AttributeError, TypeError, KeyError):
        found = tree.read(text).data["hotline"]["id"]
        if isinstance(found, str):
            return found
    return None


def _plain_id(text: str) -> str | None:
    """`hotline.id` as it is usually written; reading the whole text takes a second on a small machine."""
    lines = iter(text.splitlines())
    if not any(line.rstrip() == "hotline:" for line in lines):
        return None
    section = takewhile(lambda line: line[:1] in {"", " ", "\t", "#"}, lines)
    return next((found[1] for line in section if (found := _ID.fullmatch(line))), None)


async def _from_file(
    database: Database, raw: bytes, file: Path, now: datetime, reason: str | None, hotline: str | None = None
) -> InUse:
    """`hotline`: whose configuration it has to be. HotlineError, ConfigurationBroken."""
    config, text = _parsed(raw, file), raw.decode()
    if hotline not in (None, config.hotline.id):
        raise HotlineError(f"{file} names another hotline.id, but all data belong to {hotline}: correct it.")
    version = await Versions(database, config.hotline.id).activate(text, FILE_AUTHOR, now, reason)
    return InUse(version, text, config)


def _parsed(raw: bytes, file: Path) -> HotlineConfig:
    try:
        return parse(raw.decode(), str(file))
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None
    except UnicodeDecodeError:
        raise HotlineError(f"{file} is not UTF-8: save it in that encoding.") from None


async def _keep(
    drafts: ConfigDrafts, versions: Versions, raw: bytes, active: ActiveVersion, state: StateDirectory, now: datetime
) -> str:
    """What stood in the file is not lost; one sentence tells where it is."""
    stays = f"Version {active.version} of the configuration stays active."
    text = as_text(raw)
    if text and (same := await versions.with_text(text)) is not None:
        return f"{state.config_file} held version {same}. {stays} `hotline config rollback {same}` goes back to it."
    if raw in (b"", EXAMPLE.read_bytes()):
        return f"{state.config_file} was missing, empty or the shipped example, and is written again. {stays}"
    current = await drafts.current()
    if text is not None and (current is None or current.text == text):
        if current is None:
            with suppress(Stale):
                await drafts.save(text, FILE_AUTHOR, now, None, active.version)
        return f"{state.config_file} was changed by hand and is kept as the draft: check and activate it. {stays}"
    beside = await asyncio.to_thread(keep_beside, state.config_file, raw)
    return f"{state.config_file} was changed by hand and is kept as {beside}, as there is another draft. {stays}"
