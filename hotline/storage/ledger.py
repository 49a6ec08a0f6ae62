"""What is written about each call while it runs, in which order, and when it is over."""

from datetime import datetime
from typing import Any

from sqlalchemy import Update, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.audit import audit_row
from hotline.storage.call_rows import NewCall, begin_call, end_call
from hotline.storage.database import Database
from hotline.storage.familiar import Familiar, familiar
from hotline.storage.history import earlier, history
from hotline.storage.left_line import Left, left_line
from hotline.storage.steps import Code, step
from hotline.storage.tables import audit, call_events, call_persons, calls, offers
from hotline.storage.views import CallRow, Earlier, History, Step, call_row


class Ledger:
    """One hotline's calls. Each method is one transaction and writes its own step beside the row it changes:

    call_started, language (key), request_type, household_number, joined_line, offer_made, offer_shown, offer_closed
    (outcome), answered, talk_ended, call_ended (how); `note` adds further kinds, hotline/storage/imports.py those of
    the fallback.
    """

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def call_started(
        self,
        call_id: str,
        at: datetime,
        channel: str,
        gateway: str,
        caller: str | None,
        config_version: int,
        *,
        fallback: bool = False,
    ) -> None:
        """A call reached us; `caller` in E.164, or None when withheld. A call that is there already stays as it is.

        `fallback`: it was with Asterisk alone before.
        """
        call = NewCall(call_id, at, channel, gateway, caller, config_version, fallback)
        async with self._db.write() as connection:
            await begin_call(connection, self._hotline, call)

    async def note(self, call_id: str, at: datetime, kind: str, agent: str | None = None, **codes: Code) -> None:
        """Keep a progress event; it is stored with the next write, at the latest 0.2 s later."""
        self._db.behind.add(step(self._hotline, call_id, at, kind, agent, codes))

    async def flush(self) -> None:
        """Store what `note` keeps now."""
        await self._db.flush()

    async def identity_checked(self, call_id: str, at: datetime, agent: str, how: str, *, real: datetime) -> None:
        """The agent may see earlier calls from now on: in the ledger by `at`, in the audit log by `real` time."""
        async with self._db.write() as connection:
            await self._step(connection, call_id, at, "identity_checked", agent, how=how)
            seen = audit_row(self._hotline, real, agent, "identity_checked", call_id)
            await connection.execute(insert(audit).values(seen))

    async def request_type_set(
        self, call_id: str, key: str, at: datetime | None = None, agent: str | None = None
    ) -> None:
        """The request type by menu, or corrected by an agent."""
        async with self._db.write() as connection:
            await connection.execute(self._call(call_id).values(request_type=key))
            if when := at or await self._last_time(connection, call_id):
                await self._step(connection, call_id, when, "request_type", agent, key=key)

    async def language_chosen(self, call_id: str, key: str, at: datetime) -> None:
        """The caller goes on in that language, by its key in the configuration."""
        async with self._db.write() as connection:
            await connection.execute(self._call(call_id).values(language=key))
            await self._step(connection, call_id, at, "language", key=key)

    async def household_number(self, call_id: str, digits: str, at: datetime | None = None) -> None:
        """The number of the Bedarfsgemeinschaft that the caller typed; its digits stay out of the steps."""
        mine = (call_persons.c.hotline_id == self._hotline) & (call_persons.c.call_id == call_id)
        async with self._db.write() as connection:
            await connection.execute(update(call_persons).where(mine).values(household_number=digits))
            if when := at or await self._last_time(connection, call_id):
                await self._step(connection, call_id, when, "household_number", digits=len(digits))

    async def joined_line(self, call_id: str, at: datetime) -> None:
        """The caller waits; the first time counts when a call returns to the line."""
        async with self._db.write() as connection:
            await connection.execute(self._call(call_id).values(joined_at=func.coalesce(calls.c.joined_at, at)))
            await self._step(connection, call_id, at, "joined_line")

    async def offer_made(self, offer_id: str, call_id: str, agent: str, at: datetime) -> None:
        """One call to one agent. What is still open for either (after a crash) is closed as "gone" first."""
        stale = (offers.c.hotline_id == self._hotline) & offers.c.closed_at.is_(None)
        stale &= (offers.c.agent == agent) | (offers.c.call_id == call_id)
        row = {"id": offer_id, "hotline_id": self._hotline, "call_id": call_id, "agent": agent, "made_at": at}
        async with self._db.write() as connection:
            await connection.execute(update(offers).where(stale).values(closed_at=at, outcome="gone"))
            await connection.execute(insert(offers).values(row))
            await self._step(connection, call_id, at, "offer_made", agent)

    async def offer_shown(self, offer_id: str, at: datetime) -> None:
        """The agent's page has rendered the pop."""
        async with self._db.write() as connection:
            await self._change_offer(connection, offer_id, at, "offer_shown", {"shown_at": at})

    async def offer_closed(self, offer_id: str, at: datetime, outcome: str) -> None:
        """How the offer ended: answered, missed, rejected, stale, gone or caller_left. The first end counts."""
        change = {"closed_at": at, "outcome": outcome}
        async with self._db.write() as connection:
            await self._change_offer(connection, offer_id, at, "offer_closed", change, outcome=outcome)

    async def answered(self, call_id: str, agent: str, at: datetime) -> None:
        """Caller and agent speak; the first time counts, the latest agent stands in the row."""
        change = {"agent": agent, "answered_at": func.coalesce(calls.c.answered_at, at)}
        async with self._db.write() as connection:
            await connection.execute(self._call(call_id).values(change))
            await self._step(connection, call_id, at, "answered", agent)

    async def talk_ended(self, call_id: str, at: datetime) -> None:
        """Caller and agent no longer speak; once the call's end is written this comes too late."""
        ended = select(calls.c.id).where(calls.c.hotline_id == self._hotline, calls.c.id == call_id)
        async with self._db.write() as connection:
            if (await connection.execute(ended.where(calls.c.ended_at.is_not(None)))).first():
                return
            await connection.execute(self._call(call_id).values(talk_ended_at=at))
            await self._step(connection, call_id, at, "talk_ended")

    async def call_ended(self, call_id: str, at: datetime, how: str) -> None:
        """The caller's channel is gone. The first end counts, a second one changes nothing."""
        async with self._db.write() as connection:
            await end_call(connection, self._hotline, call_id, at, how)

    async def earlier(self, caller: str | None, except_call: str) -> Earlier:
        """How many earlier calls and open promises that number has; none for a withheld one."""
        async with self._db.read() as connection:
            return await earlier(connection, self._hotline, caller, except_call)

    async def familiar(
        self, caller: str | None, except_call: str, *, promise: bool, since: datetime | None
    ) -> list[Familiar]:
        """Which agents know that number; see hotline/storage/familiar.py."""
        async with self._db.read() as connection:
            return await familiar(connection, self._hotline, caller, except_call, promise=promise, since=since)

    async def history(self, caller: str | None, except_call: str, limit: int = 20) -> History:
        """The contents of earlier calls and promises, newest first: only after the identity tick."""
        async with self._db.read() as connection:
            return await history(connection, self._hotline, caller, except_call, limit)

    async def left_line(self, since: datetime) -> list[Left]:
        """Who has left the line since then, to an agent or not; in the order of that."""
        async with self._db.read() as connection:
            return await left_line(connection, self._hotline, since)

    async def unended(self) -> list[CallRow]:
        """Calls without an end, oldest first: running now, or cut by a crash."""
        query = select(calls).where(calls.c.hotline_id == self._hotline, calls.c.ended_at.is_(None))
        async with self._db.read() as connection:
            rows = await connection.execute(query.order_by(calls.c.started_at, calls.c.id))
            return [call_row(row) for row in rows]

    async def call(self, call_id: str) -> CallRow | None:
        """The row of that call."""
        query = select(calls).where(calls.c.hotline_id == self._hotline, calls.c.id == call_id)
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return call_row(row) if row else None

    async def steps(self, call_id: str) -> list[Step]:
        """What happened to a call, in order; call `flush` first to see the last 0.2 s."""
        mine = (call_events.c.hotline_id == self._hotline) & (call_events.c.call_id == call_id)
        query = select(*call_events.c["at", "kind", "agent", "codes"]).where(mine).order_by(call_events.c.id)
        async with self._db.read() as connection:
            return [Step(*row) for row in await connection.execute(query)]

    async def latest_call_from(self, caller: str, since: datetime) -> str | None:
        """The id of the newest call from that number that began at or after `since`."""
        query = (
            select(calls.c.id)
            .join(call_persons, call_persons.c.call_id == calls.c.id)
            .where(call_persons.c.hotline_id == self._hotline, call_persons.c.caller == caller)
            .where(calls.c.started_at >= since)
            .order_by(calls.c.started_at.desc())
        )
        async with self._db.read() as connection:
            found: str | None = (await connection.execute(query)).scalar()
            return found

    def _call(self, call_id: str) -> Update:
        return update(calls).where(calls.c.hotline_id == self._hotline, calls.c.id == call_id)

    async def _step(
        self,
        connection: AsyncConnection,
        call_id: str,
        at: datetime,
        kind: str,
        agent: str | None = None,
        **codes: Code,
    ) -> None:
        await connection.execute(insert(call_events).values(step(self._hotline, call_id, at, kind, agent, codes)))

    async def _change_offer(
        self, connection: AsyncConnection, offer_id: str, at: datetime, kind: str, change: dict[str, Any], **codes: Code
    ) -> None:
        untouched = next(iter(change))
        query = (
            update(offers)
            .where(offers.c.hotline_id == self._hotline, offers.c.id == offer_id, offers.c[untouched].is_(None))
            .values(change)
            .returning(offers.c.call_id, offers.c.agent)
        )
        if found := (await connection.execute(query)).first():
            await self._step(connection, found.call_id, at, kind, found.agent, **codes)

    async def _last_time(self, connection: AsyncConnection, call_id: str) -> datetime | None:
        mine = (call_events.c.hotline_id == self._hotline) & (call_events.c.call_id == call_id)
        query = select(call_events.c.at).where(mine).order_by(call_events.c.id.desc()).limit(1)
        found: datetime | None = (await connection.execute(query)).scalar()
        return found
