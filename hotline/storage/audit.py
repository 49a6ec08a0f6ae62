"""Who saw or changed what: one row each, with codes and ids only."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select

from hotline.storage.database import Database
from hotline.storage.tables import audit

PEOPLE_AT_MOST = 500


class AuditRow(NamedTuple):
    id: int
    at: datetime
    who: str
    action: str
    subject: str | None


class Audit:
    """One hotline's audit log; rows are only added, and deleted when their time is over."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def record(self, at: datetime, who: str, action: str, subject: str | None = None) -> None:
        """`who` a user's name, `action` a code, `subject` an id (a call, a promise, a version)."""
        async with self._db.write() as connection:
            await connection.execute(insert(audit).values(audit_row(self._hotline, at, who, action, subject)))

    async def rows(
        self,
        limit: int,
        *,
        who: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
    ) -> list[AuditRow]:
        """The newest first: by `who`, from `since` on, earlier than `until`, with a smaller id than `before`."""
        query = select(*audit.c["id", "at", "who", "action", "subject"]).where(audit.c.hotline_id == self._hotline)
        if who is not None:
            query = query.where(audit.c.who == who)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        if before is not None:
            query = query.where(audit.c.id < before)
        async with self._db.read() as connection:
            return [AuditRow(*row) for row in await connection.execute(query.order_by(audit.c.id.desc()).limit(limit))]

    async def people(self) -> list[str]:
        """Everybody who occurs, by name."""
        query = select(audit.c.who).where(audit.c.hotline_id == self._hotline).distinct()
        async with self._db.read() as connection:
            return [row.who for row in await connection.execute(query.order_by(audit.c.who).limit(PEOPLE_AT_MOST))]


def audit_row(hotline_id: str, at: datetime, who: str, action: str, subject: str | None) -> dict[str, Any]:
    """A row of the audit log, for a transaction that changes something itself."""
    return {"hotline_id": hotline_id, "at": at, "who": who, "action": action, "subject": subject}
