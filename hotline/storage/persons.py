"""What is held about one person: found by number, Bedarfsgemeinschaft or receipt; read out, and erased for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, null, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.schema import Column, Table

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.erasure_file import ErasureFile, Note
from hotline.storage.outbox import ERASED, REFUSED, WAITING
from hotline.storage.promise_events import OPEN
from hotline.storage.tables import (
    PERSONAL,
    audit,
    call_events,
    call_handovers,
    call_persons,
    callback_persons,
    callbacks,
    calls,
    disposition_details,
    dispositions,
    drafts,
    erasures,
    outbox,
    outbox_mails,
    promise_details,
    promise_events,
    promise_texts,
    promises,
    short_message_texts,
    short_messages,
)

Ids = Sequence[str]
Rows = dict[str, list[dict[str, Any]]]
"""By table's name; times as ISO 8601."""
Noted = dict[tuple[str, str], list[Note]]
_CHUNK = 300
"""So many ids stand in one statement."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of these: a number in E.164, the number of a Bedarfsgemeinschaft, or a receipt as it is stored."""

    number: str | None = None
    household: str | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The calls of one person, and what is still going on with them."""

    calls: list[str]
    open_promises: list[str]
    """Receipts."""
    open_callbacks: list[int]
    talking: bool
    """One of the calls is not over."""


def _of_calls(column: ColumnElement[str]) -> Any:
    return lambda ids: column.in_(ids)


def _by(own: ColumnElement[Any], parent: Column[Any], call_id: Column[str]) -> Any:
    return lambda ids: own.in_(select(parent).where(call_id.in_(ids)))


def _by_promise(own: ColumnElement[Any], parent: Column[Any], promise_id: Column[str]) -> Any:
    return lambda ids: own.in_(
        select(parent).where(promise_id.in_(select(promises.c.id).where(promises.c.call_id.in_(ids))))
    )


_PERSONAL: dict[Table, Any] = {
    call_persons: _of_calls(call_persons.c.call_id),
    call_handovers: _of_calls(call_handovers.c.call_id),
    drafts: _of_calls(drafts.c.call_id),
    disposition_details: _by(disposition_details.c.disposition_id, dispositions.c.id, dispositions.c.call_id),
    promise_details: _by(promise_details.c.promise_id, promises.c.id, promises.c.call_id),
    promise_texts: _by_promise(promise_texts.c.event_id, promise_events.c.id, promise_events.c.promise_id),
    outbox_mails: _by_promise(outbox_mails.c.outbox_id, outbox.c.id, outbox.c.promise_id),
    callback_persons: _by(callback_persons.c.callback_id, callbacks.c.id, callbacks.c.call_id),
    short_message_texts: _by_promise(
        short_message_texts.c.message_id, short_messages.c.id, short_messages.c.promise_id
    ),
}
"""Which rows belong to calls: given their ids, the condition."""
_LEDGER: dict[Table, Any] = {
    calls: _of_calls(calls.c.id),
    call_events: _of_calls(call_events.c.call_id),
    dispositions: _of_calls(dispositions.c.call_id),
    promises: _of_calls(promises.c.call_id),
    promise_events: _by(promise_events.c.promise_id, promises.c.id, promises.c.call_id),
    callbacks: _of_calls(callbacks.c.call_id),
}
"""What an export shows besides: times and codes."""


_MADE: dict[Table, Column[datetime]] = {
    disposition_details: dispositions.c.at,
    promise_texts: promise_events.c.at,
    outbox_mails: outbox.c.created_at,
    callback_persons: callbacks.c.requested_at,
    short_message_texts: short_messages.c.created_at,
}
"""When the row was made that a personal row belongs to, where that is named by a number: after a backup is restored the
same number is given to somebody else's row. Other names, as of calls and promises, are never given twice."""
_SENT_LATER: dict[Table, Table] = {outbox_mails: outbox, short_message_texts: short_messages}
"""Texts that may still wait to be sent, and where that stands."""


def keys() -> dict[str, Column[Any]]:
    """The column by which an erased row of each personal table is named in `erasures`."""
    return {table.name: table.c.call_id if table is drafts else next(iter(table.primary_key)) for table in PERSONAL}


class Persons:
    """One hotline's data, person by person."""

    def __init__(self, db: Database, hotline_id: str, file: ErasureFile | None = None) -> None:
        """`file` also notes what is erased; without it, a restored backup brings it back."""
        self._db = db
        self._hotline = hotline_id
        self._file = file

    async def find(self, wanted: Wanted) -> Person:
        """All calls that belong to the number, Bedarfsgemeinschaft or receipt."""
        async with self._db.read() as connection:
            ids = sorted(await self._calls(connection, wanted))
            return Person(
                ids,
                await self._all(connection, select(promises.c.receipt).where(promises.c.status == OPEN), promises, ids),
                await self._all(
                    connection, select(callbacks.c.id).where(callbacks.c.finished_at.is_(None)), callbacks, ids
                ),
                bool(await self._all(connection, select(calls.c.id).where(calls.c.ended_at.is_(None)), calls, ids)),
            )

    async def export(self, ids: Ids, who: str, at: datetime, subject: str | None) -> Rows:
        """Everything held about these calls; that it was read out is audited first."""
        async with self._db.write() as connection:
            await connection.execute(insert(audit).values(self._done(at, who, "person_exported", subject)))
        found: Rows = {}
        async with self._db.read() as connection:
            for table, of in (_PERSONAL | _LEDGER).items():
                for chunk in _chunks(ids):
                    mine = (table.c.hotline_id == self._hotline) & of(chunk)
                    for row in await connection.execute(select(table).where(mine)):
                        found.setdefault(table.name, []).append(_plain(row._mapping))
        return found

    async def erase(self, ids: Ids, who: str, at: datetime, subject: str | None) -> dict[str, int]:
        """Delete all personal rows of these calls in one transaction, and note which; how many, by table.

        A mail or short message that still waits is refused with the code `erased`.
        """
        gone: dict[str, int] = {}
        notes: list[Note] = []
        async with self._db.write() as connection:
            for table, of in _PERSONAL.items():
                for chunk in _chunks(ids):
                    mine = (table.c.hotline_id == self._hotline) & of(chunk)
                    rows = list(await connection.execute(_rows(table).where(mine)))
                    notes += [_note(table, row.key, row.own, at) for row in rows]
                    if count := await self._drop(connection, table, rows):
                        gone[table.name] = gone.get(table.name, 0) + count
            await self._write_down(connection, notes, who)
            await connection.execute(insert(audit).values(self._done(at, who, "person_erased", subject)))
        return gone

    async def reapply(self) -> int:
        """Delete what was erased once and is here again, as after restoring a backup; how many rows."""
        gone = 0
        async with self._db.write() as connection:
            noted = await self._noted(connection)
            for table in PERSONAL:
                for chunk in _chunks(_named(table, noted)):
                    mine = (table.c.hotline_id == self._hotline) & keys()[table.name].in_(chunk)
                    found = await connection.execute(_rows(table).where(mine))
                    again = [row for row in found if _is_noted(noted[table.name, str(row.key)], row.own)]
                    gone += await self._drop(connection, table, again)
        return gone

    async def scrub(self) -> bool:
        """Let nothing of it stand in the database's journal; False when that must be tried again."""
        return await self._db.scrub()

    async def _noted(self, connection: AsyncConnection) -> Noted:
        """From the database and from the file, by table and name."""
        query = select(*erasures.c["kind", "row_id", "at"]).where(erasures.c.hotline_id == self._hotline)
        notes = [Note(row.kind, row.row_id, row.at) for row in await connection.execute(query)]
        noted: Noted = {}
        for note in [*notes, *(self._file.notes() if self._file else [])]:
            noted.setdefault((note.kind, note.row), []).append(note)
        return noted

    async def _write_down(self, connection: AsyncConnection, notes: Sequence[Note], who: str) -> None:
        if not notes:
            return
        own = {"hotline_id": self._hotline, "who": who}
        rows = [{**own, "kind": note.kind, "row_id": note.row, "at": note.at} for note in notes]
        await connection.execute(insert(erasures), rows)
        if self._file is not None:
            self._file.append(notes)

    async def _drop(self, connection: AsyncConnection, table: Table, rows: Sequence[Row[Any]]) -> int:
        """Delete these rows, found by `_rows`; how many."""
        gone = 0
        for chunk in _chunks(rows):
            names = [row.key for row in chunk]
            if (parent := _SENT_LATER.get(table)) is not None:
                waiting = (parent.c.hotline_id == self._hotline) & (parent.c.state == WAITING) & parent.c.id.in_(names)
                await connection.execute(update(parent).where(waiting).values(state=REFUSED, code=ERASED))
            mine = (table.c.hotline_id == self._hotline) & keys()[table.name].in_(names)
            if table is drafts:
                mine &= drafts.c.saved_at.in_([row.own for row in chunk])
            gone += (await connection.execute(delete(table).where(mine))).rowcount
        return gone

    async def _calls(self, connection: AsyncConnection, wanted: Wanted) -> set[str]:
        found: set[str] = set()
        for query in self._ways(wanted):
            found.update(row[0] for row in await connection.execute(query))
        return found

    def _ways(self, wanted: Wanted) -> list[Select[Any]]:
        """Where a person may be known: as caller, by a callback, in a promise, by a short message."""
        by_callback = select(callbacks.c.call_id).join(
            callback_persons, callback_persons.c.callback_id == callbacks.c.id
        )
        by_promise = select(promises.c.call_id).join(promise_details, promise_details.c.promise_id == promises.c.id)
        by_message = (
            select(promises.c.call_id)
            .join(short_messages, short_messages.c.promise_id == promises.c.id)
            .join(short_message_texts, short_message_texts.c.message_id == short_messages.c.id)
        )
        ways: list[Select[Any]] = []
        if wanted.number is not None:
            ways += [
                select(call_persons.c.call_id).where(call_persons.c.caller == wanted.number),
                by_callback.where(callback_persons.c.number == wanted.number),
                by_promise.where(promise_details.c.phone == wanted.number),
                by_message.where(short_message_texts.c.number == wanted.number),
            ]
        if wanted.household is not None:
            ways += [
                select(call_persons.c.call_id).where(call_persons.c.household_number == wanted.household),
                by_callback.where(callback_persons.c.household_number == wanted.household),
                by_promise.where(promise_details.c.household_number == wanted.household),
            ]
        if wanted.receipt is not None:
            ways.append(select(promises.c.call_id).where(promises.c.receipt == wanted.receipt))
        return [way.where(way.selected_columns[0].table.c.hotline_id == self._hotline) for way in ways]

    async def _all(self, connection: AsyncConnection, query: Select[Any], table: Table, ids: Ids) -> list[Any]:
        call = table.c.id if table is calls else table.c.call_id
        found: list[Any] = []
        for chunk in _chunks(ids):
            mine = query.where(table.c.hotline_id == self._hotline, call.in_(chunk))
            found += (await connection.execute(mine)).scalars().all()
        return found

    def _done(self, at: datetime, who: str, action: str, subject: str | None) -> dict[str, Any]:
        return audit_row(self._hotline, at, who, action, subject)


def _rows(table: Table) -> Select[Any]:
    """Each row's `key`, and its `own` time by which it is told from another one of that name."""
    key = keys()[table.name].label("key")
    if table is drafts:
        return select(key, drafts.c.saved_at.label("own"))
    if table not in _MADE:
        return select(key, null().label("own"))
    parent = _MADE[table].table.alias()
    own = parent.c[_MADE[table].name].label("own")
    return select(key, own).select_from(table.join(parent, parent.c.id == keys()[table.name]))


def _note(table: Table, key: Any, own: datetime | None, at: datetime) -> Note:
    """Never before the row's own time: the clock may have been set back."""
    at = at if own is None else max(at, own)
    return Note(table.name, str(key), at, own if table in _MADE else None)


def _named(table: Table, noted: Noted) -> list[Any]:
    """The names of that table's noted rows, as they stand in its key."""
    names = [name for kind, name in noted if kind == table.name]
    return [int(name) for name in names if name.isdecimal()] if table in _MADE else names


def _is_noted(notes: Sequence[Note], own: datetime | None) -> bool:
    return any(note.means(own) for note in notes)


def _chunks(ids: Sequence[Any]) -> list[Sequence[Any]]:
    return [ids[first : first + _CHUNK] for first in range(0, len(ids), _CHUNK)]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row as JSON can hold it, without our own hotline's id."""
    return {
        name: value.isoformat() if isinstance(value, datetime | date) else value
        for name, value in row.items()
        if name != "hotline_id" and value is not None
    }
