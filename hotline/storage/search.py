"""What is found by a receipt, a telephone number or a Bedarfsgemeinschaft; contents only of what is opened, audited."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, insert, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import Refused
from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.history import past_promises
from hotline.storage.promise_events import PromiseStep, read_steps
from hotline.storage.tables import (
    audit,
    call_persons,
    callback_persons,
    callbacks,
    calls,
    disposition_details,
    dispositions,
    promise_details,
    promises,
)
from hotline.storage.views import PastPromise

PROMISE, CALLBACK, CALL = "promise", "callback", "call"
"""The kinds of hits."""
MOST_HITS = 30
MOST_REQUESTS = 20
"""So many requests of one call are shown."""
_NOT_READ = ("promise_id", "hotline_id", "answer")
"""Of a promise's details; nothing is written into `answer`: what a case worker reports are steps."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: ids, times and codes, nothing personal."""

    kind: str
    id: str
    at: datetime
    request_type: str | None
    status: str | None
    """Of a promise its status, of a callback its outcome (None while open), of a call how it ended."""
    receipt: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The contents of one hit: personal, and empty where they have been erased."""

    hit: Hit
    agent: str | None
    facts: Mapping[str, Any]
    notes: list[str]
    promise: PastPromise | None = None
    """How a promise stands."""
    steps: list[PromiseStep] = field(default_factory=list)
    """What happened to a promise, with the words that belong to it."""


class Finder:
    """One hotline's search."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def note_search(self, who: str, at: datetime) -> None:
        """Audited is that somebody searched, not what for."""
        async with self._db.write() as connection:
            await connection.execute(insert(audit).values(audit_row(self._hotline, at, who, "searched", None)))

    async def find(self, receipt: str | None, number: str | None, household: str | None) -> list[Hit]:
        """The newest first, at most MOST_HITS."""
        async with self._db.read() as connection:
            hits = await self._promises(connection, receipt, number, household)
            if number is not None or household is not None:
                hits += await self._callbacks(connection, number, household)
                hits += await self._calls(connection, number, household)
        return sorted(hits, key=lambda hit: hit.at, reverse=True)[:MOST_HITS]

    async def open(self, kind: str, row_id: str, who: str, at: datetime) -> Opened:
        """The contents of a hit; audited in the same transaction. Refused when there is no such thing."""
        async with self._db.write() as connection:
            opened = await self._opened(connection, kind, row_id)
            if opened is None:
                raise Refused("Diesen Eintrag gibt es nicht mehr.")
            subject = f"callback-{row_id}" if kind == CALLBACK else row_id
            await connection.execute(insert(audit).values(audit_row(self._hotline, at, who, "opened", subject)))
            return opened

    # --- hits --------------------------------------------------------------------------------

    async def _promises(
        self, connection: AsyncConnection, receipt: str | None, number: str | None, household: str | None
    ) -> list[Hit]:
        details = ((promise_details.c.phone, number), (promise_details.c.household_number, household))
        wanted = [
            *self._having(promises.c.id, (promises.c.receipt, receipt)),
            *self._having(promise_details.c.promise_id, *details),
            *self._of_calls(promises.c.id, promises.c.call_id, number, household),
        ]
        rows = await connection.execute(self._newest(_promise_rows(), promises.c.id, wanted))
        return [_promise(row) for row in rows]

    async def _callbacks(self, connection: AsyncConnection, number: str | None, household: str | None) -> list[Hit]:
        persons = ((callback_persons.c.number, number), (callback_persons.c.household_number, household))
        wanted = [
            *self._having(callback_persons.c.callback_id, *persons),
            *self._of_calls(callbacks.c.id, callbacks.c.call_id, number, household),
        ]
        rows = await connection.execute(self._newest(_callback_rows(), callbacks.c.id, wanted))
        return [_callback(row) for row in rows]

    async def _calls(self, connection: AsyncConnection, number: str | None, household: str | None) -> list[Hit]:
        rows = await connection.execute(self._newest(_call_rows(), calls.c.id, self._calls_with(number, household)))
        return [_call(row) for row in rows]

    # One query for each column, by that column's index: a condition with "or" over several tables reads all rows.

    def _having(self, key: Column[Any], *wanted: tuple[Column[Any], str | None]) -> list[Select[Any]]:
        """The keys of our rows that have one of these values; None is no value."""
        ours = key.table.c.hotline_id == self._hotline
        return [select(key).where(ours, column == value) for column, value in wanted if value is not None]

    def _calls_with(self, number: str | None, household: str | None) -> list[Select[Any]]:
        wanted = ((call_persons.c.caller, number), (call_persons.c.household_number, household))
        return self._having(call_persons.c.call_id, *wanted)

    def _of_calls(
        self, key: Column[Any], call_id: Column[Any], number: str | None, household: str | None
    ) -> list[Select[Any]]:
        """The keys of our rows that belong to such calls."""
        ours = key.table.c.hotline_id == self._hotline
        return [select(key).where(ours, call_id.in_(known)) for known in self._calls_with(number, household)]

    @staticmethod
    def _newest(rows: Select[Any], key: Column[Any], wanted: list[Select[Any]]) -> Select[Any]:
        """`wanted` holds our keys only: to ask for the hotline again would make SQLite read its rows by time."""
        return rows.where(key.in_(union(*wanted))).limit(MOST_HITS)

    # --- contents ----------------------------------------------------------------------------

    async def _opened(self, connection: AsyncConnection, kind: str, row_id: str) -> Opened | None:
        match kind:
            case "promise":
                return await self._open_promise(connection, row_id)
            case "callback":
                return await self._open_callback(connection, int(row_id)) if _is_number(row_id) else None
            case "call":
                return await self._open_call(connection, row_id)
        return None

    async def _open_promise(self, connection: AsyncConnection, row_id: str) -> Opened | None:
        row = (await connection.execute(_promise_rows().where(self._one(promises.c.id, row_id)))).first()
        if row is None:
            return None
        names = ("family_name", "given_name", "household_number", "phone", "best_time", "responsible_name")
        facts = {name: getattr(row, name) for name in names}
        stands = (await connection.execute(past_promises().where(promises.c.id == row_id))).one()
        steps = await read_steps(connection, self._hotline, row_id)
        notes = [row.note] if row.note else []
        return Opened(_promise(row), row.agent, facts, notes, PastPromise(**stands._mapping), steps)

    async def _open_callback(self, connection: AsyncConnection, row_id: int) -> Opened | None:
        row = (await connection.execute(_callback_rows().where(self._one(callbacks.c.id, row_id)))).first()
        if row is None:
            return None
        facts = {"phone": row.number, "household_number": row.household_number, "tries": row.tries}
        return Opened(_callback(row), row.taken_by, facts, [row.note] if row.note else [])

    async def _open_call(self, connection: AsyncConnection, row_id: str) -> Opened | None:
        row = (await connection.execute(_call_rows().where(self._one(calls.c.id, row_id)))).first()
        if row is None:
            return None
        query = (
            select(dispositions.c.outcome, disposition_details.c.note)
            .outerjoin(disposition_details, disposition_details.c.disposition_id == dispositions.c.id)
            .where(dispositions.c.hotline_id == self._hotline, dispositions.c.call_id == row_id)
            .where(dispositions.c.replaced_at.is_(None))
            .order_by(dispositions.c.number)
            .limit(MOST_REQUESTS)
        )
        written = (await connection.execute(query)).all()
        facts = {"phone": row.caller, "household_number": row.household_number}
        facts["outcomes"] = [one.outcome for one in written]
        return Opened(_call(row), row.agent, facts, [one.note for one in written if one.note])

    def _one(self, key: Column[Any], row_id: str | int) -> ColumnElement[bool]:
        return (key.table.c.hotline_id == self._hotline) & (key == row_id)


# --- rows ------------------------------------------------------------------------------------


def _promise_rows() -> Select[Any]:
    details = [column for column in promise_details.c if column.name not in _NOT_READ]
    return (
        select(promises, *details)
        .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
        .order_by(promises.c.created_at.desc())
    )


def _callback_rows() -> Select[Any]:
    return (
        select(callbacks, *callback_persons.c["number", "household_number", "note"])
        .outerjoin(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
        .order_by(callbacks.c.requested_at.desc())
    )


def _call_rows() -> Select[Any]:
    return (
        select(calls, *call_persons.c["caller", "household_number"])
        .outerjoin(call_persons, call_persons.c.call_id == calls.c.id)
        .order_by(calls.c.started_at.desc())
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _promise(row: Any) -> Hit:
    return Hit(PROMISE, row.id, row.created_at, row.request_type, row.status, row.receipt, row.due_at)


def _callback(row: Any) -> Hit:
    return Hit(CALLBACK, str(row.id), row.requested_at, row.request_type, row.outcome, due_at=row.due_at)


def _call(row: Any) -> Hit:
    return Hit(CALL, row.id, row.started_at, row.request_type, row.how)
