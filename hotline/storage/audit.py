"""Who saw or changed what: one row each, with codes and ids only."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert

from hotline.storage.database import Database
from hotline.storage.tables import audit


class Audit:
    """One hotline's audit log; rows are only added."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def record(self, at: datetime, who: str, action: str, subject: str | None = None) -> None:
        """`who` a user's name, `action` a code, `subject` an id (a call, a promise, a version)."""
        async with self._db.write() as connection:
            await connection.execute(insert(audit).values(audit_row(self._hotline, at, who, action, subject)))


def audit_row(hotline_id: str, at: datetime, who: str, action: str, subject: str | None) -> dict[str, Any]:
    """A row of the audit log, for a transaction that changes something itself."""
    return {"hotline_id": hotline_id, "at": at, "who": who, "action": action, "subject": subject}
