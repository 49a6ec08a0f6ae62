"""What Asterisk did without the service, entered into the ledger: each happening once, however often it is brought.

A source counts its happenings upwards. Their effects and the number of the last one, the cursor, are one
transaction: after a crash at any point the next run goes on behind the cursor. A happening that the database
refuses is rolled back by itself, counted and passed over, so that it holds nothing else back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, Update, func, insert, or_, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.call_rows import NewCall, begin_call, end_call, insert_once
from hotline.storage.callbacks import insert_callback
from hotline.storage.database import Database
from hotline.storage.entries import Answered, Arrived, CallbackAsked, Ended, Entry, Passed, Queued
from hotline.storage.steps import Code, step
from hotline.storage.tables import call_events, call_persons, callback_persons, callbacks, calls, imports, offers

log = structlog.get_logger()

LONGEST_CALL = timedelta(hours=24)
WITHOUT_SERVICE = "fallback_"
"""How `calls.how` begins when the call ended with Asterisk alone."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What one transaction has come to."""

    cursor: int
    """Up to this number all is in the ledger."""
    calls: int = 0
    """Calls that were with the fallback."""
    callbacks: int = 0
    refused: int = 0
    """Happenings that the database did not take."""


class Imports:
    """One hotline's imports. `may_call_back` tells whether we may ring a number (routing.numbers)."""

    def __init__(self, db: Database, hotline_id: str, may_call_back: Callable[[str | None], bool]) -> None:
        self._db = db
        self._hotline = hotline_id
        self._may_call_back = may_call_back

    async def cursor(self, source: str) -> int:
        """The number of the last happening of this source that is in the ledger; 0 for a new source."""
        async with self._db.read() as connection:
            return await self._cursor(connection, source)

    async def store(self, source: str, up_to: int, entries: Sequence[Entry]) -> Stored:
        """Enter what is new of these happenings (in the source's order); afterwards the cursor is at `up_to`."""
        async with self._db.write() as connection:
            await self._db.one_at_a_time(connection, f"import {self._hotline}")
            cursor = await self._cursor(connection, source)
            if up_to <= cursor:
                return Stored(cursor)
            fresh = [entry for entry in entries if cursor < entry.place <= up_to]
            refused = [await self._refused(connection, entry) for entry in fresh].count(True)
            await self._move(connection, source, up_to)
        arrived = {entry.call_id for entry in fresh if isinstance(entry, Arrived)}
        asked = sum(isinstance(entry, CallbackAsked) for entry in fresh)
        return Stored(up_to, len(arrived), asked, refused)

    async def _cursor(self, connection: AsyncConnection, source: str) -> int:
        found = await connection.execute(select(imports.c.cursor).where(self._source(source)))
        return int(found.scalar() or 0)

    async def _move(self, connection: AsyncConnection, source: str, cursor: int) -> None:
        row = {"hotline_id": self._hotline, "source": source, "cursor": cursor}
        if not await insert_once(connection, imports, row):
            await connection.execute(update(imports).where(self._source(source)).values(cursor=cursor))

    def _source(self, source: str) -> Any:
        return (imports.c.hotline_id == self._hotline) & (imports.c.source == source)

    async def _refused(self, connection: AsyncConnection, entry: Entry) -> bool:
        try:
            async with connection.begin_nested():
                await self._enter(connection, entry)
        except (StatementError, ValueError, TypeError, OverflowError) as error:
            if not _of_the_row(error):
                raise
            log.error("happening not entered into the ledger", call=entry.call_id, error=type(error).__name__)
            return True
        return False

    # --- one happening each -------------------------------------------------------------------

    async def _enter(self, connection: AsyncConnection, entry: Entry) -> None:
        match entry:
            case Arrived():
                await self._arrived(connection, entry)
            case Passed():
                await self._begun(connection, entry)
                await self._step(connection, entry, entry.kind)
            case Queued():
                await self._queued(connection, entry)
            case Answered():
                await self._answered(connection, entry)
            case CallbackAsked():
                await self._callback(connection, entry)
            case Ended():
                await self._ended(connection, entry)

    async def _begun(
        self, connection: AsyncConnection, entry: Entry, gateway: str = "", caller: str | None = None
    ) -> None:
        """Every call that reached us is in the ledger, whichever of its happenings comes first."""
        alone = not isinstance(entry, Ended) or bool(entry.lane)
        call = NewCall(entry.call_id, entry.at, entry.channel, gateway, caller, entry.config_version, fallback=alone)
        await begin_call(connection, self._hotline, call)

    async def _arrived(self, connection: AsyncConnection, entry: Arrived) -> None:
        await self._begun(connection, entry, entry.gateway, entry.caller)
        await connection.execute(self._change(entry).values(fallback=True))
        await self._step(connection, entry, "fallback", channel_id=entry.channel_id)

    async def _queued(self, connection: AsyncConnection, entry: Queued) -> None:
        await self._begun(connection, entry)
        joined = func.coalesce(calls.c.joined_at, calls.c.started_at if entry.from_start else entry.at)
        await connection.execute(self._change(entry).values(joined_at=joined))
        await self._step(connection, entry, "fallback_queued")

    async def _answered(self, connection: AsyncConnection, entry: Answered) -> None:
        entry = replace(entry, call_id=await self._known_as(connection, entry))
        await self._begun(connection, entry)
        answered = func.coalesce(calls.c.answered_at, entry.at)
        await connection.execute(self._change(entry).values(agent=entry.agent, answered_at=answered))
        await self._step(connection, entry, "answered", entry.agent, fallback=True)

    async def _known_as(self, connection: AsyncConnection, entry: Answered) -> str:
        """The id of the call that came to the fallback on that channel."""
        came = (
            select(call_events.c.call_id, call_events.c.codes)
            .join(calls, calls.c.id == call_events.c.call_id)
            .where(calls.c.hotline_id == self._hotline, calls.c.fallback, call_events.c.kind == "fallback")
            .where(or_(calls.c.ended_at.is_(None), calls.c.started_at >= entry.at - LONGEST_CALL))
        )
        known: dict[str, str] = {row.codes.get("channel_id", ""): row.call_id for row in await connection.execute(came)}
        return known.get(entry.call_id, entry.call_id)

    async def _callback(self, connection: AsyncConnection, entry: CallbackAsked) -> None:
        """One for each call. What the service knows of the request and the household goes with it."""
        await self._begun(connection, entry)
        if await self._asked_for_callback(connection, entry):
            return
        call, person = await self._call(connection, entry), await self._person(connection, entry)
        shown = person.caller if person is not None and self._may_call_back(person.caller) else None
        task = await insert_callback(
            connection,
            self._hotline,
            call_id=entry.call_id,
            number=entry.number or shown or "",
            request_type=call.request_type if call is not None else None,
            at=entry.at,
            due=entry.due,
            household_number=person.household_number if person is not None else None,
        )
        mine = callback_persons.c.callback_id == task
        await connection.execute(update(callback_persons).where(mine).values(note=entry.note))

    async def _ended(self, connection: AsyncConnection, entry: Ended) -> None:
        if entry.known:
            await self._begun(connection, entry)
        call = await self._call(connection, entry)
        if call is None or call.ended_at is not None:
            return
        if entry.talked_since is not None and call.answered_at is None and not entry.lane:
            call = await self._answered_unheard(connection, entry, entry.talked_since)
        how = entry.how or await self._how(connection, entry, call)
        if how.endswith("talked") and call.talk_ended_at is None:
            await connection.execute(self._change(entry).values(talk_ended_at=entry.at))
            await self._step(connection, entry, "talk_ended", call.agent)
        await end_call(connection, self._hotline, entry.call_id, entry.at, how)

    async def _answered_unheard(self, connection: AsyncConnection, entry: Ended, since: datetime) -> Row[Any]:
        """The agent who was rung last has talked with the caller while the service was away."""
        offered = await self._open_offer(connection, entry)
        agent = offered.agent if offered is not None else None
        await connection.execute(self._change(entry).values(agent=agent, answered_at=since))
        told = step(self._hotline, entry.call_id, since, "answered", agent, {})
        await connection.execute(insert(call_events).values(told))
        return (await connection.execute(select(calls).where(self._mine(entry)))).one()

    # --- how it ended -------------------------------------------------------------------------

    async def _how(self, connection: AsyncConnection, entry: Ended, call: Row[Any]) -> str:
        if entry.lane:
            return WITHOUT_SERVICE + await self._how_alone(connection, entry)
        if call.answered_at is not None:
            return "talked"
        if await self._asked_for_callback(connection, entry):
            return "callback_requested"
        if await self._open_offer(connection, entry) is not None:
            return "left_offered"
        return "left_waiting" if call.joined_at is not None else "left_menu"

    async def _how_alone(self, connection: AsyncConnection, entry: Ended) -> str:
        if await self._talked_alone(connection, entry):
            return "talked"
        if await self._asked_for_callback(connection, entry):
            return "callback_requested"
        return {"closed": "closed", "queue": "left_queue", "callback": "left_callback"}.get(entry.lane, "left_early")

    async def _talked_alone(self, connection: AsyncConnection, entry: Entry) -> bool:
        mine = (call_events.c.hotline_id == self._hotline) & (call_events.c.call_id == entry.call_id)
        steps = await connection.execute(select(call_events.c.codes).where(mine, call_events.c.kind == "answered"))
        return any(codes.get("fallback") for codes in steps.scalars())

    async def _asked_for_callback(self, connection: AsyncConnection, entry: Entry) -> bool:
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.call_id == entry.call_id)
        return (await connection.execute(select(callbacks.c.id).where(mine))).first() is not None

    async def _open_offer(self, connection: AsyncConnection, entry: Entry) -> Row[Any] | None:
        mine = (offers.c.hotline_id == self._hotline) & (offers.c.call_id == entry.call_id)
        return (await connection.execute(select(offers).where(mine, offers.c.closed_at.is_(None)))).first()

    # --- rows ---------------------------------------------------------------------------------

    def _mine(self, entry: Entry) -> Any:
        return (calls.c.hotline_id == self._hotline) & (calls.c.id == entry.call_id)

    def _change(self, entry: Entry) -> Update:
        return update(calls).where(self._mine(entry))

    async def _call(self, connection: AsyncConnection, entry: Entry) -> Row[Any] | None:
        return (await connection.execute(select(calls).where(self._mine(entry)).with_for_update())).first()

    async def _person(self, connection: AsyncConnection, entry: Entry) -> Row[Any] | None:
        mine = (call_persons.c.hotline_id == self._hotline) & (call_persons.c.call_id == entry.call_id)
        return (await connection.execute(select(call_persons).where(mine))).first()

    async def _step(
        self, connection: AsyncConnection, entry: Entry, kind: str, agent: str | None = None, **codes: Code
    ) -> None:
        told = step(self._hotline, entry.call_id, entry.at, kind, agent, codes)
        await connection.execute(insert(call_events).values(told))


def _of_the_row(error: Exception) -> bool:
    """Whether another try would fail again: the database works, and does not take this value."""
    if isinstance(error, DBAPIError):
        refused = str(getattr(error.orig, "sqlstate", "") or "").startswith("22")  # PostgreSQL's class "data exception"
        return refused or isinstance(error, DataError | IntegrityError | ProgrammingError)
    return True
