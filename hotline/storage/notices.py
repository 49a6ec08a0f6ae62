"""What the lead tells: messages to all agents, and announcements to callers; who has read a message."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.tables import audit, notices

MESSAGE = "message"
ANNOUNCEMENT = "announcement"
READ = "message_read"
"""Audited for each agent who has read a message; its subject is the number of the message."""
_BEGUN = {MESSAGE: "message_sent", ANNOUNCEMENT: "announcement_on"}
_ENDED = {MESSAGE: "message_ended", ANNOUNCEMENT: "announcement_off"}


@dataclass(frozen=True, slots=True)
class Notice:
    """`until` is business time; after it the notice is over by itself."""

    id: int
    kind: str
    text: str
    author: str
    at: datetime
    until: datetime


class NoticeRows:
    """One hotline's notices. `real` is the audit log's time, all others are business time."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def add(self, kind: str, text: str, author: str, at: datetime, until: datetime, real: datetime) -> Notice:
        """A new notice; of announcements there is one at a time: an earlier one ends."""
        row = {"kind": kind, "text": text, "author": author, "at": at, "until": until}
        async with self._db.write() as connection:
            if kind == ANNOUNCEMENT:
                await self._end(connection, notices.c.kind == ANNOUNCEMENT, author, at)
            added = await connection.execute(
                insert(notices).values(hotline_id=self._hotline, **row).returning(notices.c.id)
            )
            number: int = added.scalar_one()
            await self._audit(connection, real, author, _BEGUN[kind], str(number))
        return Notice(number, kind, text, author, at, until)

    async def end(self, notice: Notice, who: str, at: datetime, real: datetime) -> None:
        """Somebody has ended it before its time; a second end changes nothing."""
        async with self._db.write() as connection:
            if await self._end(connection, notices.c.id == notice.id, who, at):
                await self._audit(connection, real, who, _ENDED[notice.kind], str(notice.id))

    async def read(self, number: int, agent: str, real: datetime) -> None:
        """This agent has read the message."""
        async with self._db.write() as connection:
            await self._audit(connection, real, agent, READ, str(number))

    async def current(self, now: datetime) -> list[Notice]:
        """All that are neither ended nor over by themselves, oldest first."""
        going_on = notices.c.ended_at.is_(None) & (or_(notices.c.until.is_(None), notices.c.until > now))
        query = select(*notices.c["id", "kind", "text", "author", "at", "until"])
        mine = query.where(notices.c.hotline_id == self._hotline, going_on).order_by(notices.c.id)
        async with self._db.read() as connection:
            return [Notice(*row) for row in await connection.execute(mine)]

    async def readers(self, numbers: Iterable[int]) -> dict[int, set[str]]:
        """Who has read each of these messages."""
        subjects = [str(number) for number in numbers]
        query = select(audit.c.subject, audit.c.who).where(
            audit.c.hotline_id == self._hotline, audit.c.action == READ, audit.c.subject.in_(subjects)
        )
        found: dict[int, set[str]] = {int(subject): set() for subject in subjects}
        async with self._db.read() as connection:
            for row in await connection.execute(query):
                found[int(row.subject)].add(row.who)
        return found

    async def _end(self, connection: AsyncConnection, which: ColumnElement[bool], who: str, at: datetime) -> bool:
        mine = (notices.c.hotline_id == self._hotline) & notices.c.ended_at.is_(None)
        ended = await connection.execute(update(notices).where(mine, which).values(ended_at=at, ended_by=who))
        return bool(ended.rowcount)

    async def _audit(self, connection: AsyncConnection, at: datetime, who: str, action: str, subject: str) -> None:
        await connection.execute(insert(audit).values(audit_row(self._hotline, at, who, action, subject)))
