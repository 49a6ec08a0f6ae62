"""Which configurations have been in use, by whom activated and why, and which one is active."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select

from hotline.errors import Refused
from hotline.storage.audit import audit_row
from hotline.storage.config_drafts import forget
from hotline.storage.database import Database
from hotline.storage.steps import storable
from hotline.storage.tables import audit, config_versions

ACTIVATED = "config_activated"
"""Audited with the number of the version."""
MOST_LISTED = 1000


class ActiveVersion(NamedTuple):
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: int
    author: str
    at: datetime
    reason: str | None = None


class Versions:
    """One hotline's configurations; the highest version is the active one."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def active(self) -> ActiveVersion | None:
        return await self.get(None)

    async def get(self, version: int | None) -> ActiveVersion | None:
        """The text of that version; the active one's for None."""
        query = select(*config_versions.c["version", "text"]).where(config_versions.c.hotline_id == self._hotline)
        if version is not None:
            query = query.where(config_versions.c.version == version)
        async with self._db.read() as connection:
            row = (await connection.execute(query.order_by(config_versions.c.version.desc()).limit(1))).first()
            return ActiveVersion(*row) if row else None

    async def row(self, version: int) -> tuple[VersionRow, str] | None:
        """That version with its text."""
        query = select(*config_versions.c["version", "author", "at", "reason", "text"])
        this = (config_versions.c.hotline_id == self._hotline) & (config_versions.c.version == version)
        async with self._db.read() as connection:
            found = (await connection.execute(query.where(this))).first()
            return None if found is None else (VersionRow(*found[:4]), found.text)

    async def with_text(self, text: str) -> int | None:
        """The newest version of this very text."""
        query = select(func.max(config_versions.c.version)).where(config_versions.c.hotline_id == self._hotline)
        async with self._db.read() as connection:
            found: int | None = (await connection.execute(query.where(config_versions.c.text == text))).scalar()
            return found

    @staticmethod
    async def hotlines(db: Database) -> list[str]:
        """The ids of all hotlines that have a configuration in this database."""
        async with db.read() as connection:
            found = await connection.execute(select(config_versions.c.hotline_id).distinct())
            return [row.hotline_id for row in found]

    async def all(self) -> list[VersionRow]:
        """Every version, newest first, MOST_LISTED at most."""
        query = select(*config_versions.c["version", "author", "at", "reason"])
        query = query.where(config_versions.c.hotline_id == self._hotline)
        query = query.order_by(config_versions.c.version.desc()).limit(MOST_LISTED)
        async with self._db.read() as connection:
            return [VersionRow(*row) for row in await connection.execute(query)]

    async def activate(
        self,
        text: str,
        author: str,
        at: datetime,
        reason: str | None = None,
        *,
        draft: int | None = None,
        expected: int | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> int:
        """Make this text the active configuration; returns its version.

        `draft` is the revision of the draft that it was, and is one no longer. Refused when `expected` is not the
        active version any more. What `before_commit` raises undoes everything here.
        """
        newest = select(func.max(config_versions.c.version)).where(config_versions.c.hotline_id == self._hotline)
        async with self._db.write() as connection:
            await self._db.one_at_a_time(connection, f"config_versions {self._hotline}")
            before = (await connection.execute(newest)).scalar() or 0
            if expected is not None and before != expected:
                raise Refused("Inzwischen wurde eine andere Version in Kraft gesetzt: bitte die Seite neu laden.")
            row = {"version": before + 1, "text": text, "author": author, "at": at, "hotline_id": self._hotline}
            why = None if reason is None else storable(reason)
            await connection.execute(insert(config_versions).values(**row, reason=why))
            done = audit_row(self._hotline, at, author, ACTIVATED, str(before + 1))
            await connection.execute(insert(audit).values(done))
            if draft is not None:
                await forget(connection, self._hotline, draft)
            if before_commit is not None:
                await before_commit()
            return before + 1
