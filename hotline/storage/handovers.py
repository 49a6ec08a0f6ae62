"""What an agent writes down for the next one when handing a caller on; kept, so that no restart loses it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, select

from hotline.storage.database import Database
from hotline.storage.steps import storable
from hotline.storage.tables import call_handovers


@dataclass(frozen=True, slots=True)
class SavedHandover:
    """`agent` by name; `how` is one of hotline.exchange.calls.Handover."""

    agent: str
    how: str
    note: str
    values: Mapping[str, str]


class Handovers:
    """One hotline's; each call has at most one, the latest."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def save(self, call_id: str, handover: SavedHandover) -> None:
        """Replaces what an earlier agent handed on with the same call."""
        row = {
            "call_id": call_id,
            "hotline_id": self._hotline,
            "agent": handover.agent,
            "how": handover.how,
            "note": storable(handover.note),
            "form": {key: storable(value) for key, value in handover.values.items()},
        }
        async with self._db.write() as connection:
            await connection.execute(delete(call_handovers).where(self._of(call_id)))
            await connection.execute(insert(call_handovers).values(row))

    async def latest(self, call_id: str) -> SavedHandover | None:
        """None when nobody has handed this call on, or it was erased."""
        query = select(*call_handovers.c["agent", "how", "note", "form"]).where(self._of(call_id))
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return SavedHandover(row.agent, row.how, row.note or "", row.form) if row else None

    def _of(self, call_id: str) -> ColumnElement[bool]:
        return (call_handovers.c.hotline_id == self._hotline) & (call_handovers.c.call_id == call_id)
