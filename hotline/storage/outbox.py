"""Which mails wait, which are due, which were sent, refused or came back; none is removed before it was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.promise_events import MAIL_BOUNCED, MAIL_REFUSED, MAIL_SERVER, OPEN, NewStep, write_step
from hotline.storage.tables import outbox, outbox_mails, promise_details, promises

WAITING = "waiting"
SENT = "sent"
REFUSED = "refused"
"""By our mail server, for good."""
BOUNCED = "bounced"
"""Our mail server took it, but the case worker's did not; told by `hotline bounce`."""
UNDELIVERED = (REFUSED, BOUNCED)
REPLACED = "replaced"
"""Not delivered, and another mail went to somebody else instead; see `redirects.py`."""
IN_VAIN = 3
"""A mail that was tried so often and still waits is one to be looked at."""
ERASED = "erased"
"""The code of what waited when its text was erased with a person."""


@dataclass(frozen=True, slots=True)
class NewMail:
    """`message_id` is fixed here, so that a repeat is recognised as one; `at` is real time, now if left out."""

    message_id: str
    recipient: str
    subject: str
    body: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxMail:
    id: int
    message_id: str
    attempts: int
    created_at: datetime
    recipient: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class StuckMail:
    """A mail that is not sent, without its text: for the page of open troubles."""

    id: int
    promise_id: str | None
    state: str
    attempts: int
    code: str | None
    created_at: datetime
    next_try: datetime


@dataclass(frozen=True, slots=True)
class UndeliveredMail:
    """A mail to a case worker about an open promise that is refused, came back, or was tried in vain several times.

    `receipt` and `promise_id` are None for a mail without a promise, `recipient` and `responsible` when erased.
    """

    id: int
    state: str
    """`waiting`, `refused` or `bounced`."""
    code: str | None
    """The mail server's answer, as "550" or "5.1.1", or one word of ours, as "timeout"."""
    attempts: int
    created_at: datetime
    promise_id: str | None
    receipt: str | None
    due_at: datetime | None
    recipient: str | None
    responsible: str | None
    to_holder: bool = False
    """It was for whoever is to answer now."""


class Outbox:
    """One hotline's mails. Times are real time."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def due(self, now: datetime, limit: int = 50) -> list[OutboxMail]:
        """Waiting mails whose time has come, in the order in which they were promised."""
        query = (
            select(*outbox.c["id", "message_id", "attempts", "created_at"])
            .add_columns(*outbox_mails.c["recipient", "subject", "body"])
            .join(outbox_mails, outbox_mails.c.outbox_id == outbox.c.id)
            .where(outbox.c.hotline_id == self._hotline, outbox.c.state == WAITING, outbox.c.next_try <= now)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [OutboxMail(*row) for row in await connection.execute(query)]

    async def next_try(self) -> datetime | None:
        """When the earliest waiting mail is due that `due` can give; None when nothing waits."""
        query = (
            select(func.min(outbox.c.next_try))
            .join(outbox_mails, outbox_mails.c.outbox_id == outbox.c.id)
            .where(outbox.c.hotline_id == self._hotline, outbox.c.state == WAITING)
        )
        async with self._db.read() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
            return found

    async def sent(self, mail_id: int, at: datetime) -> None:
        """The mail server has taken it over."""
        await self._change(mail_id, state=SENT, sent_at=at, code=None, attempts=outbox.c.attempts + 1)

    async def failed(self, mail_id: int, at: datetime, code: str, next_try: datetime) -> None:
        """Not sent at `at`, for a reason that may pass; `code` is the server's or one word of ours."""
        if next_try < at:
            raise ValueError("the next try lies before this one")
        await self._change(mail_id, code=code[:40], next_try=next_try, attempts=outbox.c.attempts + 1)

    async def refused(self, mail_id: int, at: datetime, code: str) -> None:
        """The server refused this mail for good; it stays visible in `stuck` until `retry`."""
        mine = outbox.c.id == mail_id
        await self._undelivered(mine, (WAITING,), at, REFUSED, MAIL_REFUSED, code, attempts=outbox.c.attempts + 1)

    async def bounced(self, message_ids: Sequence[str], at: datetime, code: str) -> int:
        """The mail with one of these Message-IDs came back; `code` as in "5.1.1". Returns how many that are news."""
        mine = outbox.c.message_id.in_(message_ids)
        return await self._undelivered(mine, (SENT, WAITING), at, BOUNCED, MAIL_BOUNCED, code)

    async def retry(self, mail_id: int, at: datetime) -> bool:
        """Someone saw to the cause: try a mail at once that was refused, came back or waits; tries count anew.

        False for a mail that was sent, does not exist, or whose text is deleted.
        """
        again = {"state": WAITING, "next_try": at, "sent_at": None, "attempts": 0}
        return await self._change(mail_id, was=(WAITING, *UNDELIVERED), only=_WRITTEN, **again)

    async def stuck(self, attempts: int = IN_VAIN) -> list[StuckMail]:
        """Refused mails, those that came back, and those tried in vain at least so often."""
        trouble = in_trouble(attempts)
        columns = outbox.c["id", "promise_id", "state", "attempts", "code", "created_at", "next_try"]
        query = select(*columns).where(outbox.c.hotline_id == self._hotline, trouble).order_by(outbox.c.id)
        async with self._db.read() as connection:
            return [StuckMail(*row) for row in await connection.execute(query)]

    async def stuck_mails(self, attempts: int = IN_VAIN, limit: int = 100) -> list[UndeliveredMail]:
        """As `stuck`, for people: with receipt and addressee, and without those whose promise is kept; oldest first."""
        query = (
            select(*outbox.c["id", "state", "code", "attempts", "created_at", "promise_id"])
            .add_columns(promises.c.receipt, promises.c.due_at)
            .add_columns(outbox_mails.c.recipient, promise_details.c.responsible_name, _TO_HOLDER)
            .outerjoin(promises, promises.c.id == outbox.c.promise_id)
            .outerjoin(outbox_mails, outbox_mails.c.outbox_id == outbox.c.id)
            .outerjoin(promise_details, promise_details.c.promise_id == outbox.c.promise_id)
            .where(outbox.c.hotline_id == self._hotline, in_trouble(attempts))
            .where(promises.c.status.is_(None) | (promises.c.status == OPEN))
            .order_by(outbox.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [UndeliveredMail(*row) for row in await connection.execute(query)]

    async def _undelivered(
        self,
        which: ColumnElement[bool],
        was: Sequence[str],
        at: datetime,
        state: str,
        kind: str,
        code: str,
        **more: Any,
    ) -> int:
        """Change those mails, and note it with their promises."""
        mine = (outbox.c.hotline_id == self._hotline) & which & outbox.c.state.in_(was)
        values = {"state": state, "code": code[:40], "next_try": at, **more}
        change = update(outbox).where(mine).values(values).returning(outbox.c.id, outbox.c.promise_id)
        async with self._db.write() as connection:
            changed = list(await connection.execute(change))
            for mail in changed:
                if mail.promise_id is not None:
                    told = NewStep(at, kind, MAIL_SERVER, {"mail": mail.id, "code": code[:40]})
                    await write_step(connection, self._hotline, mail.promise_id, told)
            return len(changed)

    async def _change(
        self, mail_id: int, was: Sequence[str] = (WAITING,), only: ColumnElement[bool] | None = None, **values: Any
    ) -> bool:
        """Whether there is such a mail in one of these states."""
        mine = (outbox.c.hotline_id == self._hotline) & (outbox.c.id == mail_id) & outbox.c.state.in_(was)
        mine = mine if only is None else mine & only
        change = update(outbox).where(mine).values(values).returning(outbox.c.id)
        async with self._db.write() as connection:
            return (await connection.execute(change)).first() is not None


_WRITTEN = outbox.c.id.in_(select(outbox_mails.c.outbox_id))
"""Its text is still there."""
_TO_HOLDER = func.coalesce(outbox_mails.c.recipient == promise_details.c.responsible_email, false())


def in_trouble(attempts: int = IN_VAIN) -> ColumnElement[bool]:
    """Of mails: refused, came back, or tried in vain at least so often."""
    in_vain = (outbox.c.state != WAITING) | (outbox.c.attempts >= attempts)
    return outbox.c.state.in_((WAITING, *UNDELIVERED)) & in_vain


async def insert_mail(connection: AsyncConnection, hotline_id: str, mail: NewMail, promise_id: str | None) -> None:
    """Put a mail into the outbox inside the transaction that makes it necessary; it is due at once."""
    at = mail.at or datetime.now(UTC)
    stored = await connection.execute(
        insert(outbox)
        .values(hotline_id=hotline_id, promise_id=promise_id, message_id=mail.message_id)
        .values(state=WAITING, attempts=0, created_at=at, next_try=at)
        .returning(outbox.c.id)
    )
    text = {"recipient": mail.recipient, "subject": mail.subject, "body": mail.body, "hotline_id": hotline_id}
    await connection.execute(insert(outbox_mails).values(outbox_id=stored.scalar_one(), **text))
