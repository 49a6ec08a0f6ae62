"""The file in which Asterisk writes down what it does by itself: reads new rows, and deletes what is in the ledger.

Asterisk's module waits a second at most for the file, then the row is lost: nothing here keeps a lock for longer
than a small transaction. Everything blocks, so call it in a thread; errors are sqlite3's.
"""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dialplan import happenings

BUSY_SECONDS = 1.0
"""How long Asterisk may hold the file before we give up for this time."""
SCRUB_MILLISECONDS = 200
"""How long Asterisk may have to wait for its next row while the journal is emptied."""
BATCH = 500
_IDENTITY = "identity"
"""Our table in Asterisk's file: who the file is, so that a new one is not taken for the old one."""
_SELECT = (
    f"SELECT {happenings.ID}, {', '.join(happenings.COLUMNS)} FROM {happenings.TABLE} "  # noqa: S608 - our own names
    f"WHERE {happenings.ID} > ? ORDER BY {happenings.ID} LIMIT {BATCH}"
)


class Written(NamedTuple):
    """One row as Asterisk wrote it; nothing in it is checked yet."""

    place: int
    event: Any
    at: Any
    channel: Any
    uniqueid: Any
    linkedid: Any
    extra: Any


class HappeningsFile:
    """Asterisk creates the file; without one nothing has happened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def source(self) -> str | None:
        """Who the file is: a random id that it keeps for life; None when there is no file."""
        with self._open() as file:
            return None if file is None else _identity(file)

    def after(self, cursor: int) -> list[Written]:
        """At most BATCH rows behind the cursor, in order."""
        with self._open() as file:
            return [] if file is None else [Written(*row) for row in file.execute(_SELECT, (cursor,))]

    def went_back(self, cursor: int) -> bool:
        """Whether the file never came as far as the cursor: somebody has put an older copy in its place."""
        with self._open() as file:
            if file is None:
                return False
            found = file.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (happenings.TABLE,)).fetchone()
            return (found[0] if found else 0) < cursor

    def rename(self) -> str | None:
        """Give the file a new id: what is in it is new."""
        with self._open() as file:
            if file is None:
                return None
            file.execute(f"DROP TABLE IF EXISTS {_IDENTITY}")
            return _identity(file)

    def forget(self, up_to: int) -> bool:
        """Delete rows that are in the ledger, and overwrite what callers' devices sent; False when that must be tried
        again, see `scrub`."""
        with self._open() as file:
            if file is None:
                return True
            file.execute("PRAGMA secure_delete = ON")
            file.execute(f"DELETE FROM {happenings.TABLE} WHERE {happenings.ID} <= ?", (up_to,))  # noqa: S608
            return _scrub(file)

    def scrub(self) -> bool:
        """Let nothing that was deleted stand in the journal any more, which Asterisk keeps open; False while somebody
        still needs it."""
        with self._open() as file:
            return file is None or _scrub(file)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.exists():
            yield None
            return
        file = sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            yield file
        finally:
            file.close()


def _scrub(file: sqlite3.Connection) -> bool:
    file.execute(f"PRAGMA busy_timeout = {SCRUB_MILLISECONDS}")
    busy, _, _ = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _identity(file: sqlite3.Connection) -> str:
    file.execute("BEGIN IMMEDIATE")
    try:
        file.execute(f"CREATE TABLE IF NOT EXISTS {_IDENTITY} (id TEXT NOT NULL)")
        found = file.execute(f"SELECT id FROM {_IDENTITY}").fetchone()  # noqa: S608
        name: str = found[0] if found else secrets.token_hex(16)
        if not found:
            file.execute(f"INSERT INTO {_IDENTITY} VALUES (?)", (name,))  # noqa: S608
    except BaseException:
        file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")
    return name
