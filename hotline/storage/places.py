"""Which agent is offered a callback that keeps its place, and how that offer ended; read again after a restart.

Such an offer is a row among the others, `offers`, whose constraints hold for it too: at most one open offer for each
agent and for each callback. How it is started, and so ended, is in hotline/storage/callbacks.py.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select, update

from hotline.errors import Refused
from hotline.storage.database import Database
from hotline.storage.steps import step
from hotline.storage.tables import call_events, callbacks, offers

CALLBACK_ENTRY = "callback:"
"""So the entries of callbacks begin, where calls have their ids."""


@dataclass(frozen=True, slots=True)
class OpenOffer:
    id: str
    task_id: int
    agent: str
    at: datetime


def entry_of(task_id: int) -> str:
    """The callback's name in the line, where calls have their ids, and in the rows of its offers."""
    return f"{CALLBACK_ENTRY}{task_id}"


class PlaceOffers:
    """One hotline's offers of callbacks."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def made(self, offer_id: str, task_id: int, agent: str, at: datetime) -> None:
        """Refused when the callback is done, or somebody has taken it. An open offer of before is closed."""
        entry = entry_of(task_id)
        stale = (offers.c.hotline_id == self._hotline) & offers.c.closed_at.is_(None)
        stale &= or_(offers.c.agent == agent, offers.c.call_id == entry)
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.id == task_id)
        row = {"id": offer_id, "hotline_id": self._hotline, "call_id": entry, "agent": agent, "made_at": at}
        async with self._db.write() as connection:
            task = (await connection.execute(select(callbacks).where(mine).with_for_update())).first()
            if task is None or task.finished_at is not None or task.taken_by is not None:
                raise Refused("Dieser Rückruf ist schon erledigt oder übernommen.")
            await connection.execute(update(offers).where(stale).values(closed_at=at, outcome="gone"))
            await connection.execute(insert(offers).values(row))
            due = step(self._hotline, task.call_id, at, "callback_due", agent, {})
            await connection.execute(insert(call_events).values(due))

    async def closed(self, offer_id: str, call_id: str | None, at: datetime, outcome: str) -> None:
        """How it ended; the first end counts. `call_id`: the call in which the callback was asked for, if known."""
        mine = (offers.c.hotline_id == self._hotline) & (offers.c.id == offer_id) & offers.c.closed_at.is_(None)
        ending = update(offers).where(mine).values(closed_at=at, outcome=outcome).returning(offers.c.agent)
        async with self._db.write() as connection:
            ended = (await connection.execute(ending)).first()
            if ended is not None and call_id is not None:
                codes = {"outcome": outcome}
                over = step(self._hotline, call_id, at, "callback_due_ended", ended.agent, dict(codes))
                await connection.execute(insert(call_events).values(over))

    async def open(self) -> list[OpenOffer]:
        """Those that an earlier run of the service has left open."""
        its = (offers.c.hotline_id == self._hotline) & offers.c.closed_at.is_(None)
        query = select(*offers.c["id", "call_id", "agent", "made_at"]).where(
            its, offers.c.call_id.startswith(CALLBACK_ENTRY)
        )
        async with self._db.read() as connection:
            found = await connection.execute(query.order_by(offers.c.made_at))
            return [
                OpenOffer(row.id, int(row.call_id.removeprefix(CALLBACK_ENTRY)), row.agent, row.made_at)
                for row in found
            ]
