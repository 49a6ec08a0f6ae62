"""What agents have written about calls: one row for each request, as it reads today, with what was promised."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.tables import (
    call_persons,
    callback_persons,
    callbacks,
    calls,
    disposition_details,
    dispositions,
    promise_details,
    promises,
)

MOST = 200
"""So many rows are listed at most; an agent writes fewer in a day."""


@dataclass(frozen=True, slots=True)
class Written:
    """One disposition. What belongs to a person is None once it was erased; numbers are E.164."""

    id: int
    call_id: str
    agent: str
    number: int
    at: datetime
    outcome: str
    request_type: str
    called_at: datetime | None
    """When an agent answered the call, or else when it came."""
    corrected_at: datetime | None
    """When it was last corrected."""
    caller: str | None
    entered: str | None
    """The number of the Bedarfsgemeinschaft that the caller entered."""
    note: str | None
    form: Mapping[str, str] | None
    promise_id: str | None
    receipt: str | None
    due_at: datetime | None
    status: str | None
    """Of the promise."""
    responsible_name: str | None
    responsible_email: str | None
    rule: str | None
    family_name: str | None
    given_name: str | None
    household_number: str | None
    phone: str | None
    best_time: str | None
    callback_due: datetime | None
    callback_number: str | None


class Writings:
    """One hotline's current dispositions."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def of_call(self, call_id: str) -> list[Written]:
        """In the order of the requests."""
        async with self._db.read() as connection:
            return await written_of(connection, self._hotline, [call_id])

    async def of_agent(self, agent: str, since: datetime, until: datetime) -> list[Written]:
        """What that agent has written from `since` until before `until`, the newest first."""
        mine = (dispositions.c.agent == agent) & (dispositions.c.at >= since) & (dispositions.c.at < until)
        query = _rows(self._hotline).where(mine).order_by(dispositions.c.at.desc(), dispositions.c.number.desc())
        async with self._db.read() as connection:
            return [_written(row) for row in await connection.execute(query.limit(MOST))]

    async def one(self, disposition_id: int) -> Written | None:
        """None when there is none, or another one has taken its place."""
        query = _rows(self._hotline).where(dispositions.c.id == disposition_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return _written(row) if row else None


async def written_of(connection: AsyncConnection, hotline: str, call_ids: list[str]) -> list[Written]:
    """All that was written about these calls, inside a transaction of whoever asks."""
    query = _rows(hotline).where(dispositions.c.call_id.in_(call_ids))
    rows = await connection.execute(query.order_by(dispositions.c.call_id, dispositions.c.number))
    return [_written(row) for row in rows]


def _rows(hotline: str) -> Select[Any]:
    before = dispositions.alias("before")
    same = (before.c.hotline_id == hotline) & (before.c.call_id == dispositions.c.call_id)
    corrected = select(func.max(before.c.replaced_at)).where(same, before.c.number == dispositions.c.number)
    own = dispositions.c["id", "call_id", "agent", "number", "at", "outcome", "request_type"]
    names = ("name", "email")
    who = [promise_details.c[f"responsible_{name}"] for name in names]
    person = promise_details.c["rule", "family_name", "given_name", "household_number", "phone", "best_time"]
    return (
        select(
            *own,
            corrected.correlate(dispositions).scalar_subquery().label("corrected_at"),
            func.coalesce(calls.c.answered_at, calls.c.started_at).label("called_at"),
            call_persons.c.caller,
            call_persons.c.household_number.label("entered"),
            *disposition_details.c["note", "form"],
            promises.c.id.label("promise_id"),
            *promises.c["receipt", "due_at", "status"],
            *who,
            *person,
            _callback(callbacks.c.due_at).label("callback_due"),
            _callback(callback_persons.c.number).label("callback_number"),
        )
        .outerjoin(disposition_details, disposition_details.c.disposition_id == dispositions.c.id)
        .outerjoin(calls, calls.c.id == dispositions.c.call_id)
        .outerjoin(call_persons, call_persons.c.call_id == dispositions.c.call_id)
        .outerjoin(promises, promises.c.disposition_id == dispositions.c.id)
        .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
        .where(dispositions.c.hotline_id == hotline, dispositions.c.replaced_at.is_(None))
    )


def _callback(column: ColumnElement[Any]) -> Any:
    """Of the newest callback of the call; only where the outcome is one."""
    joined = callbacks.outerjoin(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
    its = (callbacks.c.call_id == dispositions.c.call_id) & (callbacks.c.hotline_id == dispositions.c.hotline_id)
    query = select(column).select_from(joined).where(its, dispositions.c.outcome == "callback")
    return query.order_by(callbacks.c.id.desc()).limit(1).correlate(dispositions).scalar_subquery()


def _written(row: Row[Any]) -> Written:
    return Written(**{field.name: row._mapping[field.name] for field in fields(Written)})
