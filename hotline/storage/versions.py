"""Which configurations have been in use, by whom activated, and which one is active."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.tables import audit, config_versions


class ActiveVersion(NamedTuple):
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: int
    author: str
    at: datetime


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
            row = (await connection.execute(query.order_by(config_versions.c.version.desc()))).first()
            return ActiveVersion(*row) if row else None

    async def all(self) -> list[VersionRow]:
        """Every version, newest first."""
        query = select(*config_versions.c["version", "author", "at"])
        query = query.where(config_versions.c.hotline_id == self._hotline)
        async with self._db.read() as connection:
            rows = await connection.execute(query.order_by(config_versions.c.version.desc()))
            return [VersionRow(*row) for row in rows]

    async def activate(self, text: str, author: str, at: datetime) -> int:
        """Make this text the active configuration; returns its version."""
        newest = select(func.max(config_versions.c.version)).where(config_versions.c.hotline_id == self._hotline)
        async with self._db.write() as connection:
            await self._db.one_at_a_time(connection, f"config_versions {self._hotline}")
            version = ((await connection.execute(newest)).scalar() or 0) + 1
            row = {"version": version, "text": text, "author": author, "at": at, "hotline_id": self._hotline}
            await connection.execute(insert(config_versions).values(row))
            done = audit_row(self._hotline, at, author, "config_activated", str(version))
            await connection.execute(insert(audit).values(done))
            return version
