"""How the database is opened, read and written: one writer on SQLite, row locks on PostgreSQL, both by URL."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, insert, select
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hotline.errors import StorageError
from hotline.storage.migrate import upgrade
from hotline.storage.tables import call_events
from hotline.storage.write_behind import WriteBehind

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
READERS = 4


class Database:
    """One database. `write()` and `read()` are transactions; `write()` commits when its block ends well.

    Whatever waits in `behind` is stored first in each write, so that the ledger keeps the order of events.
    """

    def __init__(self, url: str, lock_seconds: float = 5.0) -> None:
        self._url = checked_url(url)
        self._lock_seconds = lock_seconds
        self._one_writer = asyncio.Semaphore(1 if self.is_sqlite else READERS)
        self._writer: AsyncEngine | None = None
        self._reader: AsyncEngine | None = None
        self.behind = WriteBehind(self.flush)

    @property
    def is_sqlite(self) -> bool:
        return self._url.drivername.startswith("sqlite")

    @property
    def place(self) -> str:
        """What to call this database in a message; never a password."""
        return str(self._url.database) if self.is_sqlite else self._url.render_as_string(hide_password=True)

    async def open(self) -> None:
        """Connect and bring the tables up to date; StorageError when that cannot be done."""
        if self.is_sqlite:
            _create_private(Path(str(self._url.database)), self.place)
        self._writer = self._engine(begin="BEGIN IMMEDIATE", size=1)
        self._reader = self._engine(begin="BEGIN", size=READERS) if self.is_sqlite else self._writer
        try:
            async with self.write() as connection:
                await connection.run_sync(upgrade, self.place)
        except BaseException:
            await self._dispose()
            raise

    async def close(self) -> None:
        """Store what waits, then let go of every connection."""
        await self.behind.close()
        try:
            if len(self.behind):
                await self.flush()
        finally:
            await self.behind.close()
            await self._dispose()

    async def flush(self) -> None:
        """Store the waiting progress events now."""
        async with self.write():
            pass

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. On SQLite there is never a second one, so a read in it stays true."""
        async with self._one_writer:
            rows = self.behind.take()
            try:
                with _plain_errors(self.place):
                    async with _opened(self._writer).begin() as connection:
                        if rows:
                            await connection.execute(insert(call_events), rows)
                        yield connection
            except BaseException:
                self.behind.put_back(rows)
                raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, beside the writer; it sees one moment of the database."""
        with _plain_errors(self.place):
            async with _opened(self._reader).connect() as connection:
                yield connection

    async def scrub(self) -> bool:
        """Let nothing that was deleted stand in the journal any more; False while a reader still needs it.

        In the file itself SQLite has written zeros over it already; PostgreSQL's vacuum does both by itself.
        """
        if not self.is_sqlite:
            return True
        async with self._one_writer:
            with _plain_errors(self.place):
                async with _opened(self._writer).connect() as connection:
                    raw = (await connection.get_raw_connection()).driver_connection
                    cursor = await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
                    busy, _, _ = await cursor.fetchone()
                    await cursor.close()
                    return not busy

    async def one_at_a_time(self, connection: AsyncConnection, what: str) -> None:
        """Let no other transaction do `what` until this one ends: for rows that do not exist yet."""
        if not self.is_sqlite:
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))

    def _engine(self, begin: str, size: int) -> AsyncEngine:
        if not self.is_sqlite:
            return create_async_engine(self._url, hide_parameters=True, pool_pre_ping=True, pool_size=2 * READERS)
        engine = create_async_engine(
            self._url,
            hide_parameters=True,
            pool_size=size,
            max_overflow=0,
            connect_args={"timeout": self._lock_seconds, "isolation_level": None},
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", lambda connection: _begin(connection, begin))
        return engine

    async def _dispose(self) -> None:
        for engine in (self._reader, self._writer):
            if engine is not None:
                await engine.dispose()
        self._reader = self._writer = None


class _plain_errors:  # noqa: N801 - reads as a statement
    """Turns what the driver says into one plain sentence; parameters never appear in it."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, IntegrityError | ProgrammingError) or error is None:
            return
        if isinstance(error, DataError):  # the driver quotes the value, which may be personal
            raise StorageError(f"The database {self._place} refused a value that does not fit its column.") from None
        if isinstance(error, DBAPIError):
            raise StorageError(_sentence(self._place, str(error.orig))) from error
        if isinstance(error, OSError | PoolTimeout):
            raise StorageError(_sentence(self._place, str(error))) from error


ADVICE = {
    "locked": "another program holds it; end that program, or wait until it is done",
    "not a database": "the file is damaged or no database; restore the last backup or move the file away",
    "readonly": "make the file and its directory writable for the hotline's user",
    "unable to open": "check that the directory exists and is writable for the hotline's user",
    "is full": "free some space on the disk",
    "I/O": "the disk refuses to be read or written; look at its space and at the system's log",
    "password": "check user and password in its address",
}


def _sentence(place: str, reason: str) -> str:
    first = (reason.splitlines() or [""])[0].rpartition(">: ")[2] or "no answer"
    advice = next((advice for word, advice in ADVICE.items() if word in first), "check that it runs and is reachable")
    return f"The database {place} cannot be used ({first}): {advice}."


def checked_url(text_url: str) -> URL:
    """The address with the driver we use for it; StorageError when it is none."""
    try:
        url = make_url(text_url)
        url = url.set(drivername=DRIVERS[url.drivername])
    except (ArgumentError, KeyError) as error:
        raise StorageError(
            "The address of the database is not understood: write sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from error
    if not url.database or url.database == ":memory:":
        raise StorageError("The address of the database names no database: add its file or name.")
    return url


def _create_private(file: Path, place: str) -> None:
    """The file holds personal data: nobody but its owner reads it, its journal included."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StorageError(
            f"The database {place} cannot be opened ({error.strerror}): "
            "check that the directory exists and that both are writable for the hotline's user."
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)


def _opened(engine: AsyncEngine | None) -> AsyncEngine:
    if engine is None:
        raise StorageError("The database is not open: the hotline is starting or stopping.")
    return engine
