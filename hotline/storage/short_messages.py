"""Which receipts are to be sent by short message, as the outbox keeps mails: put in with the promise, sent later.

At most one for each promise. Times are real time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.promise_events import SERVICE, NewStep, write_step
from hotline.storage.tables import short_message_texts, short_messages

WAITING, SENT, REFUSED = "waiting", "sent", "refused"
NOT_CONFIGURED = "not_configured"
STEP_SENT, STEP_REFUSED = "sms_sent", "sms_refused"
"""Kinds of steps of a promise."""


@dataclass(frozen=True, slots=True)
class NewShortMessage:
    """`number` is E.164; `at` is real time, now if left out."""

    number: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShortMessage:
    id: int
    promise_id: str
    attempts: int
    number: str
    text: str


class ShortMessages:
    """One hotline's short messages."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def due(self, now: datetime, limit: int = 20) -> list[ShortMessage]:
        """Waiting ones whose time has come, oldest first."""
        query = (
            select(*short_messages.c["id", "promise_id", "attempts"], *short_message_texts.c["number", "text"])
            .join(short_message_texts, short_message_texts.c.message_id == short_messages.c.id)
            .where(short_messages.c.hotline_id == self._hotline, short_messages.c.state == WAITING)
            .where(short_messages.c.next_try <= now)
            .order_by(short_messages.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [ShortMessage(*row) for row in await connection.execute(query)]

    async def sent(self, message: ShortMessage, at: datetime, provider_id: str) -> None:
        """The provider has taken it over, under that id."""
        values = {"state": SENT, "sent_at": at, "provider_id": provider_id[:64], "code": None}
        await self._change(message, values, NewStep(at, STEP_SENT, SERVICE, {}))

    async def failed(self, message: ShortMessage, code: str, next_try: datetime) -> None:
        """Not sent, for a reason that may pass."""
        await self._change(message, {"code": code[:40], "next_try": next_try})

    async def refused(self, message: ShortMessage, at: datetime, code: str) -> None:
        """It will not be sent; the promise is not touched by that."""
        step = NewStep(at, STEP_REFUSED, SERVICE, {"code": code[:40]})
        await self._change(message, {"state": REFUSED, "code": code[:40]}, step)

    async def refuse_waiting(self, at: datetime) -> int:
        """Short messages are configured no more: what waits will not be sent, and expires; how many it were."""
        waiting = (short_messages.c.hotline_id == self._hotline) & (short_messages.c.state == WAITING)
        change = update(short_messages).where(waiting).values(state=REFUSED, code=NOT_CONFIGURED)
        async with self._db.write() as connection:
            refused = (await connection.execute(change.returning(short_messages.c.promise_id))).scalars().all()
            for promise_id in refused:
                told = NewStep(at, STEP_REFUSED, SERVICE, {"code": NOT_CONFIGURED})
                await write_step(connection, self._hotline, promise_id, told)
        return len(refused)

    async def _change(self, message: ShortMessage, values: dict[str, Any], step: NewStep | None = None) -> None:
        mine = (short_messages.c.hotline_id == self._hotline) & (short_messages.c.id == message.id)
        mine &= short_messages.c.state == WAITING
        change = update(short_messages).where(mine).values(attempts=short_messages.c.attempts + 1, **values)
        async with self._db.write() as connection:
            changed = await connection.execute(change)
            if changed.rowcount and step is not None:
                await write_step(connection, self._hotline, message.promise_id, step)


async def insert_short_message(
    connection: AsyncConnection, hotline_id: str, message: NewShortMessage, promise_id: str
) -> None:
    """Put one in inside the transaction that makes the promise; it is due at once."""
    at = message.at or datetime.now(UTC)
    stored = await connection.execute(
        insert(short_messages)
        .values(hotline_id=hotline_id, promise_id=promise_id, state=WAITING, attempts=0, created_at=at, next_try=at)
        .returning(short_messages.c.id)
    )
    text = {"number": message.number, "text": message.text, "hotline_id": hotline_id}
    await connection.execute(insert(short_message_texts).values(message_id=stored.scalar_one(), **text))
