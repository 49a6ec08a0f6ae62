"""What an agent decided about a call, stored whole or not at all: disposition, promise and its mail, callback.

What becomes of a promise afterwards is in `promise_steps.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import ReceiptTaken
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
from hotline.storage.dispositions import refuse_second, store_disposition
from hotline.storage.outbox import NewMail, insert_mail
from hotline.storage.promise_events import HANDED_ON, OPEN
from hotline.storage.promise_rows import insert_promise
from hotline.storage.tables import (
    call_persons,
    promise_details,
    promise_events,
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
    tries: int
    """How often the case worker tried in vain to reach the caller."""
    handed_on: int
    """How often it was handed on to somebody else."""


class Promises:
    """One hotline's dispositions and promises."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def dispose(self, disposal: Disposal) -> None:
        """Store all of it in one transaction. AlreadyWritten when this request of the call has a disposition already,
        Refused when what is to be replaced has been replaced meanwhile,
        ReceiptTaken when the receipt is in use: then make another one, and its mail, and dispose again."""
        check(disposal)
        try:
            async with self._db.write() as connection:
                await refuse_second(connection, self._hotline, disposal)
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

    async def _store(self, connection: AsyncConnection, disposal: Disposal) -> None:
        disposition_id = await store_disposition(connection, self._hotline, disposal)
        if disposal.promise is not None:
            person = disposal.person or Person()
            await insert_promise(connection, self._hotline, disposal, disposal.promise, person, disposition_id)
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

    async def _explain(self, disposal: Disposal, error: IntegrityError) -> None:
        """A constraint held: find out which, in a fresh transaction."""
        async with self._db.read() as connection:
            await refuse_second(connection, self._hotline, disposal)
        if disposal.promise is not None and await self.by_receipt(disposal.promise.receipt):
            raise ReceiptTaken("This receipt number is in use: take another one.") from None
        raise error

    def _rows(self) -> Select[Any]:
        details = [column for column in promise_details.c if column.name not in ("promise_id", "hotline_id")]
        its = (promise_events.c.hotline_id == self._hotline) & (promise_events.c.promise_id == promises.c.id)
        moved = its & (promise_events.c.kind == HANDED_ON)
        handed_on = select(func.count()).select_from(promise_events).where(moved).scalar_subquery()
        return (
            select(promises, *details, handed_on.label("handed_on"))
            .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
            .where(promises.c.hotline_id == self._hotline)
        )

    async def _one(self, query: Select[Any]) -> PromiseRow | None:
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return _row(row) if row else None


def _row(row: Any) -> PromiseRow:
    return PromiseRow(**{item.name: row._mapping[item.name] for item in fields(PromiseRow)})
