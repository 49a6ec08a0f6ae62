"""Which callers wait for our call, who has taken that on, and how it ended."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import Refused
from hotline.storage.database import Database
from hotline.storage.steps import step, storable
from hotline.storage.tables import call_events, callback_persons, callbacks


@dataclass(frozen=True, slots=True)
class CallbackTask:
    id: int
    call_id: str
    request_type: str | None
    requested_at: datetime
    due_at: datetime
    taken_by: str | None
    number: str | None
    household_number: str | None


class Callbacks:
    """One hotline's callback requests, as tasks for its agents."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def request(
        self,
        call_id: str,
        number: str,
        request_type: str | None,
        at: datetime,
        due: datetime,
        household_number: str | None = None,
    ) -> int:
        """A caller asks to be called at `number` (E.164); returns the task's id."""
        async with self._db.write() as connection:
            return await insert_callback(
                connection,
                self._hotline,
                call_id=call_id,
                number=number,
                request_type=request_type,
                at=at,
                due=due,
                household_number=household_number,
            )

    async def open_tasks(self) -> list[CallbackTask]:
        """Everything unfinished, taken or not, the earliest due first."""
        columns = callbacks.c["id", "call_id", "request_type", "requested_at", "due_at", "taken_by"]
        query = (
            select(*columns, *callback_persons.c["number", "household_number"])
            .outerjoin(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
            .where(callbacks.c.hotline_id == self._hotline, callbacks.c.finished_at.is_(None))
            .order_by(callbacks.c.due_at, callbacks.c.id)
        )
        async with self._db.read() as connection:
            return [CallbackTask(*row) for row in await connection.execute(query)]

    async def take(self, task_id: int, agent: str, at: datetime | None = None) -> None:
        """This agent calls back; Refused when another one has taken it. Taking it twice does no harm."""
        async with self._db.write() as connection:
            found = await self._open(connection, task_id)
            if found.taken_by not in (None, agent):
                raise Refused("Diesen Rückruf hat schon jemand anders übernommen.")
            if found.taken_by is None:
                await self._change(connection, task_id, taken_by=agent, taken_at=at or datetime.now(UTC))

    async def give_back(self, task_id: int, agent: str) -> None:
        """The agent cannot call after all: the task is free again."""
        async with self._db.write() as connection:
            if (await self._open(connection, task_id)).taken_by == agent:
                await self._change(connection, task_id, taken_by=None, taken_at=None)

    async def not_reached(self, task_id: int, agent: str, at: datetime) -> None:
        """Nobody answered: noted, and the task is everybody's again."""
        async with self._db.write() as connection:
            found = await self._open(connection, task_id)
            await self._change(connection, task_id, taken_by=None, taken_at=None)
            tried = step(self._hotline, found.call_id, at, "callback_not_reached", agent, {})
            await connection.execute(insert(call_events).values(tried))

    async def finish(self, task_id: int, agent: str, outcome: str, note: str, at: datetime) -> None:
        """The task is done; the outcome is a code, the note is personal."""
        async with self._db.write() as connection:
            found = await self._open(connection, task_id)
            if found.taken_by not in (None, agent):
                raise Refused("Diesen Rückruf hat schon jemand anders übernommen.")
            await self._change(connection, task_id, taken_by=agent, finished_at=at, outcome=outcome)
            mine = callback_persons.c.callback_id == task_id
            await connection.execute(update(callback_persons).where(mine).values(note=storable(note) or None))
            done = step(self._hotline, found.call_id, at, "callback_finished", agent, {"outcome": outcome})
            await connection.execute(insert(call_events).values(done))

    async def _open(self, connection: AsyncConnection, task_id: int) -> Any:
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.id == task_id)
        found = (await connection.execute(select(callbacks).where(mine).with_for_update())).first()
        if found is None or found.finished_at is not None:
            raise Refused("Dieser Rückruf ist schon erledigt.")
        return found

    async def _change(self, connection: AsyncConnection, task_id: int, **values: Any) -> None:
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.id == task_id)
        await connection.execute(update(callbacks).where(mine).values(values))


async def insert_callback(
    connection: AsyncConnection,
    hotline_id: str,
    *,
    call_id: str,
    number: str,
    request_type: str | None,
    at: datetime,
    due: datetime,
    household_number: str | None,
) -> int:
    """Store a callback request inside a transaction of the caller's."""
    stored = await connection.execute(
        insert(callbacks)
        .values(hotline_id=hotline_id, call_id=call_id, request_type=request_type, requested_at=at, due_at=due)
        .returning(callbacks.c.id)
    )
    task_id: int = stored.scalar_one()
    person = {"number": number, "household_number": household_number, "hotline_id": hotline_id}
    await connection.execute(insert(callback_persons).values(callback_id=task_id, **person))
    asked = step(hotline_id, call_id, at, "callback_requested", None, {"type": request_type})
    await connection.execute(insert(call_events).values(asked))
    return task_id
