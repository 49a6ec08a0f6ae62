"""What the lead's page counts: one day's calls and their results, open work, and one agent's day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from hotline.storage.database import Database
from hotline.storage.open_work import to_write_up
from hotline.storage.places import CALLBACK_ENTRY
from hotline.storage.tables import (
    UtcTime,
    agent_states,
    call_events,
    callbacks,
    calls,
    dispositions,
    offers,
    promises,
)

Span = tuple[datetime, datetime]
LONGEST_CALL = timedelta(days=1)
"""No call that was answered today began earlier than so long before."""
_HUNG_UP = ("left_", "fallback_left_")
"""How the ends of calls begin in which the caller hung up before anybody had answered."""
_NOT_TAKEN = ("missed", "rejected", "stale", "gone")
MOST_UNWRITTEN = 50


class _SecondsBetween(FunctionElement[float]):
    """Seconds from one moment to a later one, on both databases."""

    inherit_cache = True
    type = Float()


@compiles(_SecondsBetween, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(part, **options) for part in element.clauses)
    return f"round((julianday({end}) - julianday({start})) * 86400.0, 3)"


@compiles(_SecondsBetween, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(part, **options) for part in element.clauses)
    return f"extract(epoch from ({end}) - ({start}))"


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls that began in a day. "Soon" is within the seconds of the service level, counted from joining the line."""

    calls: int
    """All that reached us, at whatever hour."""
    answered: int
    """Callers of the line who have talked with an agent."""
    answered_soon: int
    unanswered_late: int
    """Not answered, and waited longer than the service level allows; those who still wait included."""
    gave_up: int
    """Hung up in the line."""
    gave_up_soon: int
    closed: int
    """Reached us outside of the opening hours."""


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Requests written up in a day; of a corrected one only what stands now."""

    settled: int = 0
    forwarded: int = 0
    callback: int = 0
    no_request: int = 0


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """What is still to be done, whenever it began."""

    promises: int
    promises_overdue: int
    callbacks: int
    callbacks_overdue: int
    callbacks_next: int
    """Whose next try may be made now; a caller just rung in vain is left alone for a while."""


@dataclass(frozen=True, slots=True)
class AgentCounts:
    """One agent's day: calls talked in, and offers not taken by their outcome."""

    calls: int
    not_taken: dict[str, int]


@dataclass(frozen=True, slots=True)
class StateChange:
    at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A call over for a while of which its agent has not said what became of it."""

    call_id: str
    agent: str
    at: datetime
    """When it was answered."""


class FigureRows:
    """One hotline's figures; only reads. Times are aware business time."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def day(
        self, start: datetime, now: datetime, openings: Sequence[Span], soon: float
    ) -> tuple[CallCounts, OutcomeCounts, OpenCounts]:
        """The day that began at `start`; `soon` in seconds. All three are of one moment of the database."""
        async with self._db.read() as connection:
            counted = await self._calls(connection, start, now, openings, soon)
            return counted, await self._outcomes(connection, start), await self._open(connection, now)

    async def unwritten(self, since: datetime, before: datetime) -> list[Unwritten]:
        """Calls to be written up (see open_work.to_write_up) that ended before `before`: the oldest MOST_UNWRITTEN."""
        mine = (calls.c.hotline_id == self._hotline) & calls.c.agent.is_not(None) & (calls.c.ended_at < before)
        query = select(*calls.c["id", "agent", "answered_at"]).where(mine, to_write_up(self._hotline, since))
        async with self._db.read() as connection:
            rows = await connection.execute(query.order_by(calls.c.answered_at, calls.c.id).limit(MOST_UNWRITTEN))
            return [Unwritten(*row) for row in rows]

    async def agent(self, name: str, start: datetime) -> AgentCounts:
        """One agent's calls and offers since `start`."""
        its = (call_events.c.hotline_id == self._hotline) & (call_events.c.call_id == calls.c.id)
        talked = (
            select(func.count(calls.c.id.distinct()))
            .join(call_events, its)
            .where(calls.c.hotline_id == self._hotline, calls.c.started_at >= start - LONGEST_CALL)
            .where(call_events.c.at >= start, call_events.c.kind == "answered", call_events.c.agent == name)
        )
        ended = (
            select(offers.c.outcome, func.count())
            .where(offers.c.hotline_id == self._hotline, offers.c.agent == name, offers.c.made_at >= start)
            .where(offers.c.outcome.in_(_NOT_TAKEN), ~offers.c.call_id.startswith(CALLBACK_ENTRY))
            .group_by(offers.c.outcome)
        )
        async with self._db.read() as connection:
            number = (await connection.execute(talked)).scalar_one()
            return AgentCounts(number, {str(row[0]): row[1] for row in await connection.execute(ended)})

    async def states(self, name: str, start: datetime) -> list[StateChange]:
        """The agent's changes of state since `start`, in order."""
        mine = (agent_states.c.hotline_id == self._hotline) & (agent_states.c.agent == name)
        query = select(agent_states.c.at, agent_states.c.state).where(mine, agent_states.c.at >= start)
        async with self._db.read() as connection:
            return [StateChange(*row) for row in await connection.execute(query.order_by(agent_states.c.id))]

    async def _calls(
        self, connection: AsyncConnection, start: datetime, now: datetime, openings: Sequence[Span], soon: float
    ) -> CallCounts:
        waited_until = func.coalesce(calls.c.answered_at, calls.c.ended_at, literal(now, UtcTime))
        in_time = _SecondsBetween(calls.c.joined_at, waited_until) <= soon
        joined, answered = calls.c.joined_at.is_not(None), calls.c.answered_at.is_not(None)
        unanswered = and_(joined, calls.c.answered_at.is_(None))
        gave_up = and_(unanswered, calls.c.ended_at.is_not(None), _begins(calls.c.how, _HUNG_UP))
        query = select(
            func.count(),
            _number(and_(joined, answered)),
            _number(and_(joined, answered, in_time)),
            _number(and_(unanswered, ~in_time)),
            _number(gave_up),
            _number(and_(gave_up, in_time)),
            _number(~_within(calls.c.started_at, openings)) if openings else func.count(),
        ).where(calls.c.hotline_id == self._hotline, calls.c.started_at >= start, calls.c.started_at <= now)
        return CallCounts(*(await connection.execute(query)).one())

    async def _outcomes(self, connection: AsyncConnection, start: datetime) -> OutcomeCounts:
        query = (
            select(dispositions.c.outcome, func.count())
            .where(dispositions.c.hotline_id == self._hotline, dispositions.c.at >= start)
            .where(dispositions.c.replaced_at.is_(None))
            .group_by(dispositions.c.outcome)
        )
        found = {row[0]: row[1] for row in await connection.execute(query)}
        known = OutcomeCounts.__dataclass_fields__
        return OutcomeCounts(**{outcome: number for outcome, number in found.items() if outcome in known})

    async def _open(self, connection: AsyncConnection, now: datetime) -> OpenCounts:
        promised = select(func.count(), _number(promises.c.due_at < now)).where(
            promises.c.hotline_id == self._hotline, promises.c.status == "open"
        )
        next_now = callbacks.c.next_try_at.is_(None) | (callbacks.c.next_try_at <= now)
        asked = select(func.count(), _number(callbacks.c.due_at < now), _number(next_now)).where(
            callbacks.c.hotline_id == self._hotline, callbacks.c.finished_at.is_(None)
        )
        open_promises, open_callbacks = (
            (await connection.execute(promised)).one(),
            (await connection.execute(asked)).one(),
        )
        return OpenCounts(*open_promises, *open_callbacks)


def _number(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(which)


def _begins(column: ColumnElement[Any], words: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(column.startswith(word, autoescape=True) for word in words))


def _within(column: ColumnElement[Any], spans: Sequence[Span]) -> ColumnElement[bool]:
    return or_(*(and_(column >= start, column < end) for start, end in spans))
