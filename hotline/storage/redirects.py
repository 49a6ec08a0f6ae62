"""A mail that did not arrive, and another one instead of it: that mail, who is to answer and the audit row at once.

Whoever gets the mail in place of the case worker who is to answer is to answer from now on: links made before that
open the promise no more. A reminder or an escalation that goes to somebody else changes nothing about that.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.outbox import REPLACED, UNDELIVERED, WAITING, NewMail, in_trouble, insert_mail
from hotline.storage.promise_events import HANDED_ON, OPEN, NewStep, write_step
from hotline.storage.promise_steps import Holder
from hotline.storage.tables import audit, outbox, outbox_mails, promise_details, promise_events, promises

REDIRECTED = "mail_redirected"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A mail about an open promise that did not arrive; `due` is business time."""

    id: int
    recipient: str
    promise_id: str
    receipt: str
    request_type: str
    due: datetime
    responsible_name: str | None
    responsible_email: str | None
    holder: int
    """How often the promise has been handed on."""

    @property
    def to_holder(self) -> bool:
        """It was for whoever is to answer."""
        return self.recipient == self.responsible_email


@dataclass(frozen=True, slots=True)
class Redirect:
    """Who decided it, when by business and by real time, and the words that go with the promise."""

    who: str
    at: datetime
    real: datetime
    text: str


class Redirects:
    """One hotline's mails to somebody else."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def find(self, mail_id: int) -> Undelivered | None:
        """None when there is no such mail, when it has gone out, when its text is deleted or its promise is kept."""
        handed_on = self._handed_on(promises.c.id).scalar_subquery().label("holder")
        query = (
            select(outbox.c.id, outbox_mails.c.recipient, outbox.c.promise_id)
            .add_columns(*promises.c["receipt", "request_type", "due_at"])
            .add_columns(*promise_details.c["responsible_name", "responsible_email"], handed_on)
            .join(outbox_mails, outbox_mails.c.outbox_id == outbox.c.id)
            .join(promises, promises.c.id == outbox.c.promise_id)
            .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
            .where(outbox.c.hotline_id == self._hotline, outbox.c.id == mail_id, in_trouble())
            .where(promises.c.status == OPEN)
        )
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return None if row is None else Undelivered(*row)

    async def redirect(self, found: Undelivered, to: Holder, mail: NewMail, how: Redirect) -> bool:
        """Put `mail` into the outbox in place of what did not arrive at that address about that promise.

        False, and nothing is changed, when any of it is different by now.
        """
        async with self._db.write() as connection:
            if not await self._is_as_found(connection, found):
                return False
            replaced = await connection.execute(self._replace(found))
            if found.id not in set(replaced.scalars()):
                return False
            if found.to_holder:
                await self._hand_on(connection, found, to, how)
            await insert_mail(connection, self._hotline, mail, found.promise_id)
            noted = audit_row(self._hotline, how.real, how.who, REDIRECTED, found.receipt)
            await connection.execute(insert(audit).values(noted))
            return True

    async def _is_as_found(self, connection: AsyncConnection, found: Undelivered) -> bool:
        mine = (promises.c.hotline_id == self._hotline) & (promises.c.id == found.promise_id)
        query = select(promises.c.status).where(mine).with_for_update()
        if (await connection.execute(query)).scalar() != OPEN:
            return False
        handed_on: int = (await connection.execute(self._handed_on(found.promise_id))).scalar_one()
        return handed_on == found.holder

    def _replace(self, found: Undelivered) -> Any:
        there = select(outbox_mails.c.outbox_id).where(outbox_mails.c.recipient == found.recipient)
        return (
            update(outbox)
            .where(outbox.c.hotline_id == self._hotline, outbox.c.promise_id == found.promise_id)
            .where(outbox.c.state.in_((WAITING, *UNDELIVERED)), outbox.c.id.in_(there))
            .values(state=REPLACED)
            .returning(outbox.c.id)
        )

    async def _hand_on(self, connection: AsyncConnection, found: Undelivered, to: Holder, how: Redirect) -> None:
        holder = {"responsible_name": to.name, "responsible_email": to.email, "rule": to.rule}
        its = promise_details.c.promise_id == found.promise_id
        await connection.execute(update(promise_details).where(its).values(holder))
        told = NewStep(how.at, HANDED_ON, how.who, {"team": to.team, "mail": found.id}, how.text)
        await write_step(connection, self._hotline, found.promise_id, told)

    def _handed_on(self, promise_id: ColumnElement[str] | str) -> Select[Any]:
        """How often it was."""
        its = (promise_events.c.hotline_id == self._hotline) & (promise_events.c.promise_id == promise_id)
        return select(func.count()).select_from(promise_events).where(its, promise_events.c.kind == HANDED_ON)
