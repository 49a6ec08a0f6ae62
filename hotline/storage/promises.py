"""What an agent decided about a call, stored whole or not at all: disposition, promise and its mail, callback."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import ReceiptTaken, Refused
from hotline.storage.callbacks import insert_callback
from hotline.storage.database import Database
from hotline.storage.disposal import (
    Disposal,
    NewCallback,
    NewPromise,
    Person,
    check,
    new_promise_id,
)
from hotline.storage.history import KEPT, OPEN
from hotline.storage.outbox import NewMail, insert_mail
from hotline.storage.steps import step, storable
from hotline.storage.tables import (
    call_events,
    call_persons,
    calls,
    disposition_details,
    dispositions,
    promise_details,
    promises,
)

__all__ = [
    "Disposal",
    "NewCallback",
    "NewMail",
    "NewPromise",
    "Person",
    "PromiseRow",
    "Promises",
    "new_promise_id",
]


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise with what the case worker needs; the details are empty once they have been erased."""

    id: str
    call_id: str
    receipt: str
    request_type: str
    agent: str
    status: str
    how: str | None
    created_at: datetime
    due_at: datetime
    kept_at: datetime | None
    responsible_name: str | None
    responsible_email: str | None
    rule: str | None
    family_name: str | None
    given_name: str | None
    household_number: str | None
    phone: str | None
    best_time: str | None
    form: Mapping[str, str] | None
    note: str | None
    answer: str | None
    """What the case worker wrote when confirming."""


class Promises:
    """One hotline's dispositions and promises."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def dispose(self, disposal: Disposal) -> None:
        """Store all of it in one transaction. Refused when the call has a disposition already,
        ReceiptTaken when the receipt is in use: then make another one, and its mail, and dispose again."""
        check(disposal)
        try:
            async with self._db.write() as connection:
                await self._refuse_second(connection, disposal.call_id)
                await self._store(connection, disposal)
        except IntegrityError as error:
            await self._explain(disposal, error)

    async def by_id(self, promise_id: str) -> PromiseRow | None:
        """The promise behind a signed link, see `hotline.links`."""
        return await self._one(self._rows().where(promises.c.id == promise_id))

    async def by_receipt(self, receipt: str) -> PromiseRow | None:
        return await self._one(self._rows().where(promises.c.receipt == receipt))

    async def open_for(self, caller: str | None) -> list[PromiseRow]:
        """Open promises that came from calls of that number, the earliest due first."""
        if caller is None:
            return []
        mine = select(call_persons.c.call_id).where(
            call_persons.c.hotline_id == self._hotline, call_persons.c.caller == caller
        )
        query = self._rows().where(promises.c.call_id.in_(mine), promises.c.status == OPEN)
        async with self._db.read() as connection:
            return [_row(row) for row in await connection.execute(query.order_by(promises.c.due_at))]

    async def confirm(self, promise_id: str, at: datetime, how: str, note: str = "") -> bool:
        """The caller was answered; `how` is a code, `note` the case worker's words.

        False when that was confirmed before; Refused for an unknown promise.
        """
        mine = (promises.c.hotline_id == self._hotline) & (promises.c.id == promise_id)
        async with self._db.write() as connection:
            found = (await connection.execute(select(promises).where(mine).with_for_update())).first()
            if found is None:
                raise Refused("Diese Rückfrage gibt es nicht oder nicht mehr.")
            if found.status != OPEN:
                return False
            await connection.execute(update(promises).where(mine).values(status=KEPT, kept_at=at, how=how))
            if note:
                details = promise_details.c.promise_id == promise_id
                await connection.execute(update(promise_details).where(details).values(answer=storable(note)))
            kept = step(self._hotline, found.call_id, at, "promise_kept", None, {"how": how})
            await connection.execute(insert(call_events).values(kept))
            return True

    async def _refuse_second(self, connection: AsyncConnection, call_id: str) -> None:
        query = select(dispositions.c.id).where(
            dispositions.c.hotline_id == self._hotline, dispositions.c.call_id == call_id
        )
        if (await connection.execute(query)).first():
            raise Refused("Dieser Anruf ist schon abgeschlossen; der erste Abschluss gilt.")

    async def _store(self, connection: AsyncConnection, disposal: Disposal) -> None:
        await self._store_disposition(connection, disposal)
        if disposal.promise is not None:
            await self._store_promise(connection, disposal, disposal.promise, disposal.person or Person())
        if disposal.mail is not None:
            promise_id = disposal.promise.id if disposal.promise else None
            await insert_mail(connection, self._hotline, disposal.mail, promise_id)
        if disposal.callback is not None:
            await insert_callback(
                connection,
                self._hotline,
                call_id=disposal.call_id,
                number=disposal.callback.number,
                request_type=disposal.request_type,
                at=disposal.at,
                due=disposal.callback.due,
                household_number=disposal.callback.household_number,
            )
        codes = {"outcome": disposal.outcome, "type": disposal.request_type}
        done = step(self._hotline, disposal.call_id, disposal.at, "disposed", disposal.agent, {**codes})
        await connection.execute(insert(call_events).values(done))

    async def _store_disposition(self, connection: AsyncConnection, disposal: Disposal) -> None:
        row = {name: getattr(disposal, name) for name in ("call_id", "agent", "at", "outcome", "request_type")}
        stored = await connection.execute(
            insert(dispositions).values(hotline_id=self._hotline, **row).returning(dispositions.c.id)
        )
        details = {"note": disposal.note or None, "form": dict(disposal.form), "hotline_id": self._hotline}
        await connection.execute(insert(disposition_details).values(disposition_id=stored.scalar_one(), **details))
        mine = (calls.c.hotline_id == self._hotline) & (calls.c.id == disposal.call_id)
        await connection.execute(update(calls).where(mine).values(request_type=disposal.request_type))

    async def _store_promise(
        self, connection: AsyncConnection, disposal: Disposal, promise: NewPromise, person: Person
    ) -> None:
        await connection.execute(
            insert(promises).values(
                id=promise.id,
                hotline_id=self._hotline,
                call_id=disposal.call_id,
                receipt=promise.receipt,
                request_type=disposal.request_type,
                agent=disposal.agent,
                status=OPEN,
                created_at=disposal.at,
                due_at=promise.due,
            )
        )
        await connection.execute(
            insert(promise_details).values(
                promise_id=promise.id,
                hotline_id=self._hotline,
                responsible_name=promise.responsible_name,
                responsible_email=promise.responsible_email,
                rule=promise.rule,
                form=dict(disposal.form),
                note=disposal.note or None,
                **{item.name: getattr(person, item.name) for item in fields(Person)},
            )
        )

    async def _explain(self, disposal: Disposal, error: IntegrityError) -> None:
        """A constraint held: find out which, in a fresh transaction."""
        async with self._db.read() as connection:
            await self._refuse_second(connection, disposal.call_id)
        if disposal.promise is not None and await self.by_receipt(disposal.promise.receipt):
            raise ReceiptTaken("This receipt number is in use: take another one.") from None
        raise error

    def _rows(self) -> Select[Any]:
        details = [column for column in promise_details.c if column.name not in ("promise_id", "hotline_id")]
        return (
            select(promises, *details)
            .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
            .where(promises.c.hotline_id == self._hotline)
        )

    async def _one(self, query: Select[Any]) -> PromiseRow | None:
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return _row(row) if row else None


def _row(row: Any) -> PromiseRow:
    return PromiseRow(**{item.name: row._mapping[item.name] for item in fields(PromiseRow)})
