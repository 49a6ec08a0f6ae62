"""What is found by a receipt, a telephone number or a Bedarfsgemeinschaft; contents only of what is opened, audited."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, insert, or_, select
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
        known = self._calls_with(number, household)
        wanted = or_(
            _same(promises.c.receipt, receipt),
            _same(promise_details.c.phone, number),
            _same(promise_details.c.household_number, household),
            promises.c.call_id.in_(known),
        )
        rows = await connection.execute(self._promise_rows().where(wanted).limit(MOST_HITS))
        return [_promise(row) for row in rows]

    async def _callbacks(self, connection: AsyncConnection, number: str | None, household: str | None) -> list[Hit]:
        wanted = or_(
            _same(callback_persons.c.number, number),
            _same(callback_persons.c.household_number, household),
            callbacks.c.call_id.in_(self._calls_with(number, household)),
        )
        rows = await connection.execute(self._callback_rows().where(wanted).limit(MOST_HITS))
        return [_callback(row) for row in rows]

    async def _calls(self, connection: AsyncConnection, number: str | None, household: str | None) -> list[Hit]:
        known = self._calls_with(number, household)
        rows = await connection.execute(self._call_rows().where(calls.c.id.in_(known)).limit(MOST_HITS))
        return [_call(row) for row in rows]

    def _calls_with(self, number: str | None, household: str | None) -> Select[tuple[str]]:
        wanted = or_(_same(call_persons.c.caller, number), _same(call_persons.c.household_number, household))
        return select(call_persons.c.call_id).where(call_persons.c.hotline_id == self._hotline, wanted)

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
        row = (await connection.execute(self._promise_rows().where(promises.c.id == row_id))).first()
        if row is None:
            return None
        names = ("family_name", "given_name", "household_number", "phone", "best_time", "responsible_name")
        facts = {name: getattr(row, name) for name in names}
        stands = (await connection.execute(past_promises().where(promises.c.id == row_id))).one()
        steps = await read_steps(connection, self._hotline, row_id)
        notes = [row.note] if row.note else []
        return Opened(_promise(row), row.agent, facts, notes, PastPromise(**stands._mapping), steps)

    async def _open_callback(self, connection: AsyncConnection, row_id: int) -> Opened | None:
        row = (await connection.execute(self._callback_rows().where(callbacks.c.id == row_id))).first()
        if row is None:
            return None
        facts = {"phone": row.number, "household_number": row.household_number, "tries": row.tries}
        return Opened(_callback(row), row.taken_by, facts, [row.note] if row.note else [])

    async def _open_call(self, connection: AsyncConnection, row_id: str) -> Opened | None:
        row = (await connection.execute(self._call_rows().where(calls.c.id == row_id))).first()
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

    # --- rows --------------------------------------------------------------------------------

    def _promise_rows(self) -> Select[Any]:
        details = [column for column in promise_details.c if column.name not in _NOT_READ]
        return (
            select(promises, *details)
            .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
            .where(promises.c.hotline_id == self._hotline)
            .order_by(promises.c.created_at.desc())
        )

    def _callback_rows(self) -> Select[Any]:
        return (
            select(callbacks, *callback_persons.c["number", "household_number", "note"])
            .outerjoin(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
            .where(callbacks.c.hotline_id == self._hotline)
            .order_by(callbacks.c.requested_at.desc())
        )

    def _call_rows(self) -> Select[Any]:
        return (
            select(calls, *call_persons.c["caller", "household_number"])
            .outerjoin(call_persons, call_persons.c.call_id == calls.c.id)
            .where(calls.c.hotline_id == self._hotline)
            .order_by(calls.c.started_at.desc())
        )


def _same(column: ColumnElement[Any], value: str | None) -> ColumnElement[bool]:
    return column == value if value is not None else false()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _promise(row: Any) -> Hit:
    return Hit(PROMISE, row.id, row.created_at, row.request_type, row.status, row.receipt, row.due_at)


def _callback(row: Any) -> Hit:
    return Hit(CALLBACK, str(row.id), row.requested_at, row.request_type, row.outcome, due_at=row.due_at)


def _call(row: Any) -> Hit:
    return Hit(CALL, row.id, row.started_at, row.request_type, row.how)
