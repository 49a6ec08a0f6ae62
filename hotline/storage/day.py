"""One agent's day: the calls taken, what was promised in them, the callbacks; and who did not reach us today."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.promise_events import KEPT, OPEN
from hotline.storage.tables import call_events, call_persons, callback_persons, callbacks, calls, dispositions, promises

MOST_ROWS = 200
"""Of each list: more calls than one person takes on a day."""
GAVE_UP = ("left_menu", "left_waiting", "left_offered", "left_lost", "left_outside", "not_served")
GAVE_UP_ALONE = ("fallback_left_early", "fallback_left_queue", "fallback_left_callback")
CLOSED = ("closed", "fallback_closed")
CUT = ("cut_by_asterisk", "failed", "service_restarted")
MISSED = (*GAVE_UP, *GAVE_UP_ALONE, *CLOSED, *CUT)
"""How calls end (`calls.how`) in which nobody spoke with the caller and nothing was agreed."""


@dataclass(frozen=True, slots=True)
class OwnCall:
    id: str
    started_at: datetime
    request_type: str | None
    caller: str | None
    answered_at: datetime | None
    talk_ended_at: datetime | None
    outcomes: tuple[str, ...]
    """In the order of the call's requests; empty while it is not written up."""


@dataclass(frozen=True, slots=True)
class OwnPromise:
    receipt: str
    request_type: str
    status: str
    created_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class OwnCallback:
    id: int
    number: str | None
    request_type: str | None
    due_at: datetime
    finished_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class MissedCall:
    """A caller who gave up, or called while we were closed."""

    id: str
    started_at: datetime
    request_type: str | None
    caller: str | None
    how: str
    served_later: bool
    """The same number has reached somebody since."""
    callback_open: bool
    """Somebody is to ring this number already."""


@dataclass(frozen=True, slots=True)
class Day:
    calls: list[OwnCall]
    promises: list[OwnPromise]
    callbacks: list[OwnCallback]
    missed: list[MissedCall]


class Days:
    """One hotline's days."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def day(self, agent: str, since: datetime, missed_since: datetime | None = None) -> Day:
        """All of this agent from `since` on, and whoever has not reached us, perhaps since an earlier time; the newest
        first, MOST_ROWS each."""
        async with self._db.read() as connection:
            return Day(
                await self._calls(connection, agent, since),
                await self._promises(connection, agent, since),
                await self._callbacks(connection, agent, since),
                await self._missed(connection, missed_since or since),
            )

    async def missed_number(self, call_id: str, since: datetime) -> str | None:
        """The number of that caller who did not reach us since then; None when it is no such call."""
        query = self._missed_rows(since).where(calls.c.id == call_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return None if row is None else row.caller

    async def _calls(self, connection: AsyncConnection, agent: str, since: datetime) -> list[OwnCall]:
        taken = exists().where(
            call_events.c.hotline_id == self._hotline,
            call_events.c.call_id == calls.c.id,
            call_events.c.kind == "answered",
            call_events.c.agent == agent,
        )
        columns = calls.c["id", "started_at", "request_type", "answered_at", "talk_ended_at"]
        query = self._today(since, *columns, call_persons.c.caller).where(or_(calls.c.agent == agent, taken))
        rows = (await connection.execute(query)).all()
        outcomes = await self._outcomes(connection, [row.id for row in rows])
        return [
            OwnCall(
                row.id,
                row.started_at,
                row.request_type,
                row.caller,
                row.answered_at,
                row.talk_ended_at,
                tuple(outcomes[row.id]),
            )
            for row in rows
        ]

    async def _outcomes(self, connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[str]]:
        query = (
            select(*dispositions.c["call_id", "outcome"])
            .where(dispositions.c.hotline_id == self._hotline, dispositions.c.call_id.in_(ids))
            .where(dispositions.c.replaced_at.is_(None))
            .order_by(dispositions.c.number)
        )
        found: dict[str, list[str]] = defaultdict(list)
        for call_id, outcome in await connection.execute(query):
            found[call_id].append(outcome)
        return found

    async def _promises(self, connection: AsyncConnection, agent: str, since: datetime) -> list[OwnPromise]:
        """Those still open, however old, and all of today."""
        columns = promises.c["receipt", "request_type", "status", "created_at", "due_at"]
        own = select(promises.c.id).where(promises.c.hotline_id == self._hotline, promises.c.agent == agent)
        kept_today = own.where(promises.c.status == KEPT, promises.c.created_at >= since)
        wanted = union(own.where(promises.c.status == OPEN), kept_today)
        query = (
            select(*columns)
            .where(promises.c.id.in_(wanted))
            .order_by((promises.c.status == OPEN).desc(), promises.c.due_at)
            .limit(MOST_ROWS)
        )
        return [OwnPromise(*row) for row in await connection.execute(query)]

    async def _callbacks(self, connection: AsyncConnection, agent: str, since: datetime) -> list[OwnCallback]:
        """Those in hand, and those finished today."""
        columns, done = callbacks.c["request_type", "due_at", "finished_at", "outcome"], callbacks.c.finished_at
        own = select(callbacks.c.id).where(callbacks.c.hotline_id == self._hotline, callbacks.c.taken_by == agent)
        query = (
            select(callbacks.c.id, callback_persons.c.number, *columns)
            .outerjoin(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
            .where(callbacks.c.id.in_(union(own.where(done.is_(None)), own.where(done >= since))))
            .order_by(callbacks.c.finished_at.desc(), callbacks.c.due_at)
            .limit(MOST_ROWS)
        )
        return [OwnCallback(*row) for row in await connection.execute(query)]

    async def _missed(self, connection: AsyncConnection, since: datetime) -> list[MissedCall]:
        rows = (await connection.execute(self._missed_rows(since))).all()
        numbers = {row.caller for row in rows if row.caller is not None}
        reached = await self._reached(connection, numbers, since)
        pending = await self._pending(connection, numbers)
        return [
            MissedCall(
                row.id,
                row.started_at,
                row.request_type,
                row.caller,
                row.how,
                row.caller in reached and row.started_at < reached[row.caller],
                row.caller in pending,
            )
            for row in rows
        ]

    def _missed_rows(self, since: datetime) -> Select[Any]:
        """Not those for whom a callback was made of this very call."""
        made = exists().where(callbacks.c.call_id == calls.c.id, callbacks.c.hotline_id == self._hotline)
        alone = calls.c.answered_at.is_(None) & calls.c.how.in_(MISSED)
        columns = calls.c["id", "started_at", "request_type", "how"]
        done = callbacks.c.outcome.is_not(None)
        return self._today(since, *columns, call_persons.c.caller).where(alone, ~made.where(done))

    async def _reached(self, connection: AsyncConnection, numbers: set[str], since: datetime) -> dict[str, datetime]:
        """When somebody last spoke with each of these numbers."""
        query = self._today(since, call_persons.c.caller, calls.c.started_at).where(
            calls.c.answered_at.is_not(None), call_persons.c.caller.in_(numbers)
        )
        latest: dict[str, datetime] = {}
        for number, at in await connection.execute(query):
            latest[number] = max(at, latest.get(number, at))
        return latest

    async def _pending(self, connection: AsyncConnection, numbers: set[str]) -> set[str]:
        query = (
            select(callback_persons.c.number)
            .join(callbacks, callbacks.c.id == callback_persons.c.callback_id)
            .where(callbacks.c.hotline_id == self._hotline, callbacks.c.finished_at.is_(None))
            .where(callback_persons.c.number.in_(numbers))
        )
        return set((await connection.execute(query)).scalars())

    def _today(self, since: datetime, *columns: Any) -> Select[Any]:
        return (
            select(*columns)
            .select_from(calls.outerjoin(call_persons, call_persons.c.call_id == calls.c.id))
            .where(calls.c.hotline_id == self._hotline, calls.c.started_at >= since)
            .order_by(calls.c.started_at.desc())
            .limit(MOST_ROWS)
        )
