"""Which mails wait, which are due, which were sent or refused; a mail is never removed before it was sent."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Update, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.tables import outbox, outbox_mails

WAITING = "waiting"
SENT = "sent"
REFUSED = "refused"


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
        """When the earliest waiting mail is due; None when nothing waits."""
        query = select(func.min(outbox.c.next_try)).where(
            outbox.c.hotline_id == self._hotline, outbox.c.state == WAITING
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
        attempts = outbox.c.attempts + 1
        await self._change(mail_id, state=REFUSED, code=code[:40], next_try=at, attempts=attempts)

    async def retry(self, mail_id: int, at: datetime) -> None:
        """Someone saw to the cause: try a refused mail again."""
        await self._change(mail_id, was=REFUSED, state=WAITING, next_try=at)

    async def stuck(self, attempts: int = 3) -> list[StuckMail]:
        """Refused mails, and those tried in vain at least so often."""
        trouble = (outbox.c.state == REFUSED) | ((outbox.c.state == WAITING) & (outbox.c.attempts >= attempts))
        columns = outbox.c["id", "promise_id", "state", "attempts", "code", "created_at", "next_try"]
        query = select(*columns).where(outbox.c.hotline_id == self._hotline, trouble).order_by(outbox.c.id)
        async with self._db.read() as connection:
            return [StuckMail(*row) for row in await connection.execute(query)]

    async def _change(self, mail_id: int, was: str = WAITING, **values: Any) -> None:
        mine = (outbox.c.hotline_id == self._hotline) & (outbox.c.id == mail_id) & (outbox.c.state == was)
        change: Update = update(outbox).where(mine).values(values)
        async with self._db.write() as connection:
            await connection.execute(change)


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
