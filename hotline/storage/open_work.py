"""Which calls are not done with: without an end, or answered and not disposed of. Read after a restart."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from hotline.storage.database import Database
from hotline.storage.tables import call_persons, calls, dispositions
from hotline.storage.views import CallRow, call_row


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of the ledger with what the agent's page shows of its caller."""

    row: CallRow
    caller: str | None
    household_number: str | None
    disposed: bool


class OpenWork:
    """One hotline's calls that a restart must take up again."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def calls(self, since: datetime) -> list[OpenCall]:
        """Calls without an end, and calls answered since then without a disposition; oldest first."""
        async with self._db.read() as connection:
            rows = await connection.execute(self._query(since))
            return [OpenCall(call_row(row), row.caller, row.household_number, row.disposed is not None) for row in rows]

    def _query(self, since: datetime) -> Select[Any]:
        disposed = (dispositions.c.call_id == calls.c.id) & (dispositions.c.hotline_id == calls.c.hotline_id)
        to_write_up = calls.c.answered_at.is_not(None) & dispositions.c.id.is_(None) & (calls.c.started_at >= since)
        return (
            select(calls, *call_persons.c["caller", "household_number"], dispositions.c.id.label("disposed"))
            .outerjoin(call_persons, call_persons.c.call_id == calls.c.id)
            .outerjoin(dispositions, disposed)
            .where(calls.c.hotline_id == self._hotline, or_(calls.c.ended_at.is_(None), to_write_up))
            .order_by(calls.c.started_at, calls.c.id)
        )
