"""Makes the table into which Asterisk writes what happens without the service (dialplan/happenings.py)."""

import sqlite3
from contextlib import closing
from pathlib import Path

from dialplan import happenings
from hotline.errors import SetupError

DAMAGED = ".damaged"
"""Appended to the name of a file that is no database any more."""


def make(directory: Path) -> None:
    """The file in Asterisk's log directory, for the owner only; one that is there is kept. SetupError.

    A damaged one is put aside: without the table Asterisk would not start at all.
    """
    path = directory / happenings.FILE
    try:
        try:
            _create(path)
        except sqlite3.DatabaseError:
            _put_aside(path)
            _create(path)
    except (OSError, sqlite3.Error) as error:
        raise SetupError(f"{path} cannot be written ({error}): correct the owner of {directory}.") from None


def _create(path: Path) -> None:
    """With a write-ahead log, so that reading never keeps Asterisk from writing."""
    path.touch(0o600)
    columns = ", ".join((happenings.ID, *happenings.COLUMNS))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(happenings.CREATE)
        database.execute(f"SELECT {columns} FROM {happenings.TABLE} LIMIT 1")  # noqa: S608 - our own names


def _put_aside(path: Path) -> None:
    """What belongs to it as well: an old write-ahead log would be taken for the new file's."""
    for part in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))):
        if part.exists():
            part.replace(part.with_name(part.name + DAMAGED))
