"""Which calls are not done with: without an end, or answered and not disposed of. Read after a restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, exists, func, not_, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.handovers import SavedHandover
from hotline.storage.imports import WITHOUT_SERVICE
from hotline.storage.tables import call_handovers, call_persons, callbacks, calls, dispositions, drafts
from hotline.storage.views import CallRow, call_row
from hotline.storage.written import Written, written_of

WRITE_UP = timedelta(days=7)
"""So long a talk of which nothing was written counts as still to be written up: over weekends, holidays and a machine
that was off."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of the ledger with what the agent's page shows of its caller."""

    row: CallRow
    caller: str | None
    household_number: str | None
    disposed: bool
    """Written up: no further request is being written."""
    written: Sequence[Written]
    """The requests that have their disposition."""
    draft_type: str | None
    """What a further request that is being written is about, as far as the agent has said."""
    callback_asked: bool
    handed: SavedHandover | None
    """What the agent before wrote down for the next one."""


class OpenWork:
    """One hotline's calls that a restart must take up again."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def calls(self, since: datetime) -> list[OpenCall]:
        """Calls without an end, and those that are to be written up (see `to_write_up`); oldest first."""
        async with self._db.read() as connection:
            unwritten = to_write_up(self._hotline, since)
            return await self._found(connection, or_(calls.c.ended_at.is_(None), unwritten))

    async def unended(self) -> list[OpenCall]:
        """Calls without an end, oldest first."""
        async with self._db.read() as connection:
            return await self._found(connection, calls.c.ended_at.is_(None))

    async def _found(self, connection: AsyncConnection, which: ColumnElement[bool]) -> list[OpenCall]:
        rows = (await connection.execute(self._rows(which))).all()
        known = await written_of(connection, self._hotline, [row.id for row in rows])
        return [_open_call(row, [one for one in known if one.call_id == row.id]) for row in rows]

    def _rows(self, which: ColumnElement[bool]) -> Select[Any]:
        draft = (drafts.c.call_id == calls.c.id) & (drafts.c.hotline_id == calls.c.hotline_id)
        asked = exists().where(callbacks.c.call_id == calls.c.id, callbacks.c.hotline_id == calls.c.hotline_id)
        return (
            select(
                calls,
                *call_persons.c["caller", "household_number"],
                _drafted().label("draft_number"),
                drafts.c.fields.label("draft_fields"),
                asked.label("callback_asked"),
                call_handovers.c.agent.label("handed_by"),
                call_handovers.c.how.label("handed_how"),
                call_handovers.c.note.label("handed_note"),
                call_handovers.c.form.label("handed_form"),
            )
            .outerjoin(call_persons, call_persons.c.call_id == calls.c.id)
            .outerjoin(drafts, draft & (drafts.c.agent == calls.c.agent))
            .outerjoin(call_handovers, call_handovers.c.call_id == calls.c.id)
            .where(calls.c.hotline_id == self._hotline, which)
            .order_by(calls.c.started_at, calls.c.id)
        )


def to_write_up(hotline_id: str, since: datetime) -> ColumnElement[bool]:
    """Calls answered since then without a disposition; also earlier ones of which somebody has begun to write.

    Not what the fallback handled to the end: its agents had no page, and have gone on to the next callers.
    """
    alone = func.coalesce(calls.c.how, "").startswith(WITHOUT_SERVICE, autoescape=True)
    current = dispositions.c.replaced_at.is_(None) & (dispositions.c.hotline_id == hotline_id)
    numbers = select(func.coalesce(func.max(dispositions.c.number), 0))
    last = numbers.where(current, dispositions.c.call_id == calls.c.id).correlate(calls).scalar_subquery()
    unwritten = or_(last == 0, _drafted() > last)
    each = calls.alias()
    recent = select(each.c.id).where(each.c.hotline_id == hotline_id, each.c.started_at >= since)
    begun = select(drafts.c.call_id).where(drafts.c.hotline_id == hotline_id)
    return and_(calls.c.id.in_(union(recent, begun)), calls.c.answered_at.is_not(None), unwritten, not_(alone))


def _drafted() -> ScalarSelect[Any]:
    """The last request of the call that anybody has begun to write about."""
    its = (drafts.c.call_id == calls.c.id) & (drafts.c.hotline_id == calls.c.hotline_id)
    return select(func.max(drafts.c.number)).where(its).correlate(calls).scalar_subquery()


def _open_call(row: Row[Any], written: list[Written]) -> OpenCall:
    last = max((one.number for one in written), default=0)
    drafted, asked = (row.draft_number or 0) > last, bool(row.callback_asked)
    draft_type = (row.draft_fields or {}).get("request_type") if drafted and last else None
    handed = None
    if row.handed_by is not None:
        handed = SavedHandover(row.handed_by, row.handed_how, row.handed_note or "", row.handed_form)
    disposed = bool(written) and not drafted
    return OpenCall(
        call_row(row), row.caller, row.household_number, disposed, written, draft_type or None, asked, handed
    )
