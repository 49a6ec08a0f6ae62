"""Which calls are not done with: without an end, or answered and not disposed of. Read after a restart."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, not_, or_, select

from hotline.storage.database import Database
from hotline.storage.handovers import SavedHandover
from hotline.storage.imports import WITHOUT_SERVICE
from hotline.storage.tables import call_handovers, call_persons, callbacks, calls, dispositions
from hotline.storage.views import CallRow, call_row


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of the ledger with what the agent's page shows of its caller."""

    row: CallRow
    caller: str | None
    household_number: str | None
    disposed: bool
    callback_asked: bool
    handed: SavedHandover | None
    """What the agent before wrote down for the next one."""


class OpenWork:
    """One hotline's calls that a restart must take up again."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def calls(self, since: datetime) -> list[OpenCall]:
        """Calls without an end, and calls answered since then without a disposition; oldest first."""
        async with self._db.read() as connection:
            which = or_(calls.c.ended_at.is_(None), self._to_write_up(since))
            return [_open_call(row) for row in await connection.execute(self._rows(which))]

    async def unended(self) -> list[OpenCall]:
        """Calls without an end, oldest first."""
        async with self._db.read() as connection:
            rows = await connection.execute(self._rows(calls.c.ended_at.is_(None)))
            return [_open_call(row) for row in rows]

    def _to_write_up(self, since: datetime) -> ColumnElement[bool]:
        """Not what the fallback handled to the end: its agents had no page, and have gone on to the next callers."""
        alone = func.coalesce(calls.c.how, "").startswith(WITHOUT_SERVICE, autoescape=True)
        return and_(
            calls.c.answered_at.is_not(None), dispositions.c.id.is_(None), calls.c.started_at >= since, not_(alone)
        )

    def _rows(self, which: ColumnElement[bool]) -> Select[Any]:
        disposed = (dispositions.c.call_id == calls.c.id) & (dispositions.c.hotline_id == calls.c.hotline_id)
        asked = exists().where(callbacks.c.call_id == calls.c.id, callbacks.c.hotline_id == calls.c.hotline_id)
        return (
            select(
                calls,
                *call_persons.c["caller", "household_number"],
                dispositions.c.id.label("disposed"),
                asked.label("callback_asked"),
                call_handovers.c.agent.label("handed_by"),
                call_handovers.c.how.label("handed_how"),
                call_handovers.c.note.label("handed_note"),
                call_handovers.c.form.label("handed_form"),
            )
            .outerjoin(call_persons, call_persons.c.call_id == calls.c.id)
            .outerjoin(dispositions, disposed)
            .outerjoin(call_handovers, call_handovers.c.call_id == calls.c.id)
            .where(calls.c.hotline_id == self._hotline, which)
            .order_by(calls.c.started_at, calls.c.id)
        )


def _open_call(row: Row[Any]) -> OpenCall:
    disposed, asked = row.disposed is not None, bool(row.callback_asked)
    handed = None
    if row.handed_by is not None:
        handed = SavedHandover(row.handed_by, row.handed_how, row.handed_note or "", row.handed_form)
    return OpenCall(call_row(row), row.caller, row.household_number, disposed, asked, handed)
