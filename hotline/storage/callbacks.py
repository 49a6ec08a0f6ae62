"""Which callers wait for our call, who has taken that on, how often it was tried, and how it ended.

A callback may keep its place in the line; see hotline/storage/places.py for how such a one is offered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import ReceiptTaken, Refused
from hotline.storage.database import Database
from hotline.storage.disposal import Disposal, Person
from hotline.storage.outbox import insert_mail
from hotline.storage.promise_rows import insert_promise
from hotline.storage.steps import step, storable
from hotline.storage.tables import call_events, call_persons, callback_persons, callbacks, calls, offers
from routing.places import Place

NOT_REACHED = "not_reached"
"""The outcome of a task whose last try was in vain."""
MOST_GIVEN_UP = 50
_NO_PLACE = {"place_at": None, "not_before": None, "not_after": None}
STARTED = "started"
"""How the offer of a callback ended that its agent has started."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The place that a callback keeps in the line: in its turn, or as one who joins when a window begins."""

    place_at: datetime | None = None
    """When the caller joined the line; None for one with a window."""
    not_before: datetime | None = None
    not_after: datetime | None = None
    """The window that the caller has chosen; afterwards it is a callback like others."""


@dataclass(frozen=True, slots=True)
class CallbackTask:
    id: int
    call_id: str
    request_type: str | None
    requested_at: datetime
    due_at: datetime
    taken_by: str | None
    number: str | None
    household_number: str | None
    tries: int = 0
    """How often the caller was rung in vain."""
    next_try_at: datetime | None = None
    """Not before this time; None at once."""
    place_at: datetime | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    """See `Kept`."""
    language: str | None = None
    """Key of the further language that the caller has chosen."""
    taken_at: datetime | None = None

    @property
    def keeps_place(self) -> bool:
        return self.place_at is not None or self.not_before is not None

    @property
    def place(self) -> Place:
        return Place(self.place_at, self.not_before, self.not_after, self.next_try_at)


Unreached = Callable[[CallbackTask], Disposal]
"""What is promised to a caller whom the last try did not reach either: with promise, person and mail."""


class Callbacks:
    """One hotline's callback requests, as tasks for its agents."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def request(
        self,
        call_id: str,
        number: str,
        request_type: str | None,
        at: datetime,
        due: datetime,
        household_number: str | None = None,
        kept: Kept | None = None,
        language: str | None = None,
    ) -> int:
        """A caller asks to be called at `number` (E.164), perhaps in their turn; returns the task's id.

        Asked again with the same time, as when the answer of the database was lost, it is the same task.
        """
        async with self._db.write() as connection:
            known = await self._requested(connection, call_id, number, at)
            return known or await insert_callback(
                connection,
                self._hotline,
                call_id=call_id,
                number=number,
                request_type=request_type,
                at=at,
                due=due,
                household_number=household_number,
                kept=kept,
                language=language,
            )

    async def _requested(self, connection: AsyncConnection, call_id: str, number: str, at: datetime) -> int | None:
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.call_id == call_id)
        query = (
            select(callbacks.c.id)
            .join(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
            .where(mine, callbacks.c.requested_at == at, callback_persons.c.number == number)
        )
        found: int | None = (await connection.execute(query.limit(1))).scalar_one_or_none()
        return found

    async def open_tasks(self) -> list[CallbackTask]:
        """Everything unfinished, taken or not, the earliest due first."""
        query = self._tasks().where(callbacks.c.finished_at.is_(None)).order_by(callbacks.c.due_at, callbacks.c.id)
        async with self._db.read() as connection:
            return [CallbackTask(*row) for row in await connection.execute(query)]

    async def given_up(self, since: datetime) -> list[CallbackTask]:
        """Those closed since then because the caller was not reached, the newest first; at most MOST_GIVEN_UP."""
        ended = (callbacks.c.outcome == NOT_REACHED) & (callbacks.c.finished_at >= since)
        query = self._tasks().where(ended).order_by(callbacks.c.finished_at.desc()).limit(MOST_GIVEN_UP)
        async with self._db.read() as connection:
            return [CallbackTask(*row) for row in await connection.execute(query)]

    def _tasks(self) -> Select[Any]:
        columns = callbacks.c["id", "call_id", "request_type", "requested_at", "due_at", "taken_by"]
        persons, tries = callback_persons.c["number", "household_number"], callbacks.c["tries", "next_try_at"]
        kept = callbacks.c["place_at", "not_before", "not_after", "language", "taken_at"]
        return (
            select(*columns, *persons, *tries, *kept)
            .outerjoin(callback_persons, callback_persons.c.callback_id == callbacks.c.id)
            .where(callbacks.c.hotline_id == self._hotline)
        )

    async def for_call(self, call_id: str, agent: str, at: datetime, due: datetime) -> int:
        """Make a task of a call whose caller did not reach us; whether its number may be rung is known already.

        Refused when the call has no number, or when somebody is to be rung under that number already.
        """
        mine = (calls.c.hotline_id == self._hotline) & (calls.c.id == call_id)
        query = (
            select(calls.c.request_type, call_persons.c.caller, call_persons.c.household_number)
            .join(call_persons, call_persons.c.call_id == calls.c.id)
            .where(mine)
        )
        async with self._db.write() as connection:
            found = (await connection.execute(query)).first()
            if found is None or found.caller is None:
                raise Refused("Zu diesem Anruf ist keine Rufnummer bekannt.")
            await self._numbers_alone(connection)
            await self._refuse_second(connection, found.caller)
            task_id = await insert_callback(
                connection,
                self._hotline,
                call_id=call_id,
                number=found.caller,
                request_type=found.request_type,
                at=at,
                due=due,
                household_number=found.household_number,
            )
            offered = step(self._hotline, call_id, at, "callback_offered", agent, {})
            await connection.execute(insert(call_events).values(offered))
            return task_id

    async def _refuse_second(self, connection: AsyncConnection, number: str) -> None:
        open_ones = self._tasks().where(callbacks.c.finished_at.is_(None), callback_persons.c.number == number)
        if (await connection.execute(open_ones)).first():
            raise Refused("Für diese Nummer steht schon ein Rückruf auf der Liste.")

    async def take(self, task_id: int, agent: str, at: datetime | None = None) -> None:
        """This agent calls back, with all that is open for the same number: a caller is rung by one agent only.

        Refused when another one has taken any of it. Taking it twice does no harm.
        """
        async with self._db.write() as connection:
            await self._take(connection, task_id, agent, at or datetime.now(UTC))

    async def start(self, task_id: int, agent: str, offer_id: str, at: datetime) -> None:
        """The agent starts what was offered: theirs as by `take`, and the offer is over. Refused as there, and when
        the offer is over already."""
        mine = (offers.c.hotline_id == self._hotline) & (offers.c.id == offer_id) & offers.c.closed_at.is_(None)
        async with self._db.write() as connection:
            found = await self._take(connection, task_id, agent, at)
            closed = await connection.execute(update(offers).where(mine).values(closed_at=at, outcome=STARTED))
            if closed.rowcount != 1:
                raise Refused("Dieser Rückruf ist nicht mehr bei Ihnen.")
            started = step(self._hotline, found.call_id, at, "callback_started", agent, {})
            await connection.execute(insert(call_events).values(started))

    async def _take(self, connection: AsyncConnection, task_id: int, agent: str, at: datetime) -> Any:
        await self._numbers_alone(connection)
        found, twins = await self._of(connection, task_id, agent), await self._twins(connection, task_id)
        if any(one.taken_by not in (None, agent) for one in twins):
            raise Refused("Einen Rückruf zu dieser Nummer hat schon jemand anders übernommen.")
        for one in (found, *twins):
            if one.taken_by is None:
                await self._change(connection, one.id, taken_by=agent, taken_at=at)
        return found

    async def give_back(self, task_id: int, agent: str, *, keeps_place: bool = True) -> None:
        """The agent cannot call after all: what they have taken of this number is free again, as `take` took it.

        Without `keeps_place` it is a callback like others from now on: the caller may have been rung.
        """
        async with self._db.write() as connection:
            await self._give_back(connection, task_id, agent, keeps_place=keeps_place)

    async def _give_back(self, connection: AsyncConnection, task_id: int, agent: str, *, keeps_place: bool) -> None:
        await self._numbers_alone(connection)
        free = {"taken_by": None, "taken_at": None} | ({} if keeps_place else _NO_PLACE)
        for one in (await self._open(connection, task_id), *await self._twins(connection, task_id)):
            if one.taken_by == agent:
                await self._change(connection, one.id, **free)

    async def give_back_idle(self, task_id: int, agent: str) -> None:
        """As `give_back`, of what the agent does not ring; it keeps no place if the agent has rung that number since
        taking it: what came of that was never said."""
        async with self._db.write() as connection:
            await self._numbers_alone(connection)
            found = await self._open(connection, task_id)
            if found.taken_by != agent:
                return
            theirs = [found, *(twin for twin in await self._twins(connection, task_id) if twin.taken_by == agent)]
            steps = (call_events.c.hotline_id == self._hotline) & (call_events.c.agent == agent)
            steps &= call_events.c.call_id.in_([one.call_id for one in theirs])
            steps &= call_events.c.kind == "callback_ringing"
            since = select(call_events.c.id).where(steps, call_events.c.at >= (found.taken_at or found.requested_at))
            rung = (await connection.execute(since.limit(1))).first() is not None
            await self._give_back(connection, task_id, agent, keeps_place=not rung)

    async def drop_place(self, task_id: int) -> None:
        """A callback like others from now on. Refused when it is done."""
        async with self._db.write() as connection:
            await self._open(connection, task_id)
            await self._change(connection, task_id, **_NO_PLACE)

    async def ringing(self, task_id: int, agent: str) -> None:
        """Refused unless the task is open and this agent's: nobody else rings the caller."""
        async with self._db.write() as connection:
            if (await self._open(connection, task_id)).taken_by != agent:
                raise Refused("Bitte übernehmen Sie den Rückruf erst.")

    async def not_reached(
        self,
        task_id: int,
        agent: str,
        at: datetime,
        after: Callable[[int], datetime | None],
        note: str = "",
        unreached: Unreached | None = None,
    ) -> datetime | None:
        """Nobody answered. `after` gives the time of the next try after so many: then the task is everybody's again.

        Without a next one the task is closed, and what `unreached` says is promised instead: ReceiptTaken when its
        receipt is in use, then all of it is to be said again with another one. The time of the next try, or None.
        Refused unless the task is this agent's: said twice, it is one try. It counts for all that this agent has taken
        of the same number.
        """
        try:
            async with self._db.write() as connection:
                await self._numbers_alone(connection)
                found = await self._of(connection, task_id, agent)
                if found.taken_by is None:
                    raise Refused("Dieser Rückruf liegt nicht mehr bei Ihnen. Bitte übernehmen Sie ihn noch einmal.")
                await self._keep_note(connection, task_id, note)
                theirs = [twin for twin in await self._twins(connection, task_id) if twin.taken_by == agent]
                again = [await self._tried(connection, one, agent, at, after) for one in (found, *theirs)]
                closed = [one for one, next_try in zip((found, *theirs), again, strict=True) if next_try is None]
                if unreached is not None:
                    await self._promise_instead(connection, closed, unreached)
                return again[0]
        except IntegrityError as error:
            if unreached is None:
                raise
            raise ReceiptTaken("This receipt number is in use: take another one.") from error

    async def _promise_instead(self, connection: AsyncConnection, closed: list[Any], unreached: Unreached) -> None:
        """One promise for each matter, however often the caller has asked about it."""
        for closed_id in {one.request_type: one.id for one in reversed(closed)}.values():
            row = (await connection.execute(self._tasks().where(callbacks.c.id == closed_id))).one()
            disposal = unreached(CallbackTask(*row))
            if disposal.promise is None or disposal.mail is None:
                raise ValueError("whoever was not reached gets a promise, and its mail is sent")
            person = disposal.person or Person()
            await insert_promise(connection, self._hotline, disposal, disposal.promise, person)
            await insert_mail(connection, self._hotline, disposal.mail, disposal.promise.id)

    async def _tried(
        self, connection: AsyncConnection, found: Any, agent: str, at: datetime, after: Callable[[int], datetime | None]
    ) -> datetime | None:
        tries = found.tries + 1
        again = after(tries)
        if again is None:
            closed = {"taken_by": agent, "finished_at": at, "outcome": NOT_REACHED}
            await self._change(connection, found.id, tries=tries, next_try_at=None, **closed)
        else:
            await self._change(connection, found.id, tries=tries, next_try_at=again, taken_by=None, taken_at=None)
        kind = "callback_not_reached" if again is not None else "callback_given_up"
        tried = step(self._hotline, found.call_id, at, kind, agent, {"tries": tries})
        await connection.execute(insert(call_events).values(tried))
        return again

    async def finish(self, task_id: int, agent: str, outcome: str, note: str, at: datetime) -> None:
        """The task is done; the outcome is a code, the note is personal."""
        async with self._db.write() as connection:
            found = await self._of(connection, task_id, agent)
            await self._change(connection, task_id, taken_by=agent, finished_at=at, outcome=outcome)
            await self._keep_note(connection, task_id, note)
            done = step(self._hotline, found.call_id, at, "callback_finished", agent, {"outcome": outcome})
            await connection.execute(insert(call_events).values(done))

    async def _of(self, connection: AsyncConnection, task_id: int, agent: str) -> Any:
        """The open task, which is this agent's or nobody's."""
        found = await self._open(connection, task_id)
        if found.taken_by not in (None, agent):
            raise Refused("Diesen Rückruf hat schon jemand anders übernommen.")
        return found

    async def _twins(self, connection: AsyncConnection, task_id: int) -> list[Any]:
        """Further open tasks with the same number; none when it is not known."""
        persons = callback_persons.c
        number = select(persons.number).where(persons.callback_id == task_id, persons.number != "").scalar_subquery()
        ours = (persons.hotline_id == self._hotline) & (persons.callback_id != task_id)
        same = select(persons.callback_id).where(ours, persons.number == number)
        mine = (callbacks.c.hotline_id == self._hotline) & callbacks.c.finished_at.is_(None)
        query = select(callbacks).where(mine, callbacks.c.id.in_(same)).order_by(callbacks.c.id).with_for_update()
        return list(await connection.execute(query))

    async def _numbers_alone(self, connection: AsyncConnection) -> None:
        """Several rows of one number are changed by one transaction at a time."""
        await self._db.one_at_a_time(connection, f"callback to a number of {self._hotline}")

    async def _keep_note(self, connection: AsyncConnection, task_id: int, note: str) -> None:
        """What was noted before stays when there is nothing new."""
        mine = callback_persons.c.callback_id == task_id
        if written := storable(note):
            await connection.execute(update(callback_persons).where(mine).values(note=written))

    async def _open(self, connection: AsyncConnection, task_id: int) -> Any:
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.id == task_id)
        found = (await connection.execute(select(callbacks).where(mine).with_for_update())).first()
        if found is None or found.finished_at is not None:
            raise Refused("Dieser Rückruf ist schon erledigt.")
        return found

    async def _change(self, connection: AsyncConnection, task_id: int, **values: Any) -> None:
        mine = (callbacks.c.hotline_id == self._hotline) & (callbacks.c.id == task_id)
        await connection.execute(update(callbacks).where(mine).values(values))


async def insert_callback(
    connection: AsyncConnection,
    hotline_id: str,
    *,
    call_id: str,
    number: str,
    request_type: str | None,
    at: datetime,
    due: datetime,
    household_number: str | None,
    kept: Kept | None = None,
    language: str | None = None,
) -> int:
    """Store a callback request inside a transaction of the caller's."""
    row = {"hotline_id": hotline_id, "call_id": call_id, "request_type": request_type, "language": language}
    kept = kept or Kept()
    place = {"place_at": kept.place_at, "not_before": kept.not_before, "not_after": kept.not_after}
    stored = await connection.execute(
        insert(callbacks).values(**row, **place, requested_at=at, due_at=due).returning(callbacks.c.id)
    )
    task_id: int = stored.scalar_one()
    person = {"number": number, "household_number": household_number, "hotline_id": hotline_id}
    await connection.execute(insert(callback_persons).values(callback_id=task_id, **person))
    asked = step(hotline_id, call_id, at, "callback_requested", None, {"type": request_type})
    await connection.execute(insert(call_events).values(asked))
    return task_id
