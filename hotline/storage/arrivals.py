"""Which calls joined the line and how long everything took, for trying out other staffings; nothing about callers."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from hotline.storage.database import Database
from hotline.storage.tables import agent_states, calls
from routing.simulation.history import Past, PastCall

MOST_CALLS = 200_000
"""The latest so many: four years of the hotline."""
MOST_STATES = 1_000_000
_HUNG_UP = ("left_", "fallback_left_")
"""How the ends of calls begin in which the caller hung up."""
_TALKING, _WRAP_UP = "talking", "wrap_up"
_NO_END = ("lost", _TALKING)
"""States after which the talk goes on."""


class ArrivalRows:
    """One hotline's past; only reads. Times are aware business time."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def past(self, since: datetime, until: datetime) -> Past:
        """Calls that reached us in `since <= t < until` and joined the line, and wrap-ups as far as they are kept."""
        async with self._db.read() as connection:
            rows = (await connection.execute(self.calls_query(since, until))).all()
            states = (await connection.execute(self.states_query(since, until))).all()
        return Past([_past_call(row, until) for row in reversed(rows)], list(_wrap_ups(states)))

    def calls_query(self, since: datetime, until: datetime) -> Select[Any]:
        """The latest first."""
        times = calls.c["joined_at", "answered_at", "talk_ended_at", "ended_at"]
        mine = (calls.c.hotline_id == self._hotline) & (calls.c.started_at >= since) & (calls.c.started_at < until)
        query = select(calls.c.request_type, calls.c.how, *times).where(mine, calls.c.joined_at.is_not(None))
        return query.order_by(calls.c.started_at.desc()).limit(MOST_CALLS)

    def states_query(self, since: datetime, until: datetime) -> Select[Any]:
        columns = agent_states.c["agent", "at", "state"]
        mine = (agent_states.c.hotline_id == self._hotline) & (agent_states.c.at >= since)
        query = select(*columns).where(mine, agent_states.c.at < until)
        return query.order_by(agent_states.c.at, agent_states.c.id).limit(MOST_STATES)


def _past_call(row: Any, until: datetime) -> PastCall:
    over = row.answered_at or row.ended_at or until
    talk_over = row.talk_ended_at or row.ended_at
    talked = row.answered_at is not None and talk_over is not None
    return PastCall(
        row.joined_at,
        row.request_type,
        max(0.0, (over - row.joined_at).total_seconds()),
        max(0.0, (talk_over - row.answered_at).total_seconds()) if talked else None,
        row.answered_at is None and (row.how or "").startswith(_HUNG_UP),
    )


def _wrap_ups(states: Sequence[Any]) -> Iterator[float]:
    """Seconds after each talk until its agent did something else; 0 when all was written during the talk.

    One whose end is not known yet is left out.
    """
    by_agent: dict[str, list[Any]] = {}
    for row in states:
        by_agent.setdefault(row.agent, []).append(row)
    for rows in by_agent.values():
        for before, now, after in zip(rows, rows[1:], [*rows[2:], None], strict=False):
            if before.state != _TALKING or now.state in _NO_END:
                continue
            if now.state != _WRAP_UP:
                yield 0.0
            elif after is not None:
                yield (after.at - now.at).total_seconds()
