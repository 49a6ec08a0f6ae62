"""What becomes of a promise: each step with its change, its words and its mails in one transaction, and only once.

A case worker's step names the link it came by (`holder`: how often the promise had been handed on when the link was
made) and the form it was sent with (`once`, made anew each time the page is shown). A form sent twice, a link that has
been handed on, a promise that is kept: nothing changes.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import Refused
from hotline.storage.database import Database
from hotline.storage.outbox import NewMail, insert_mail
from hotline.storage.promise_events import (
    BY_CASE_WORKER,
    CASE_WORKER,
    ESCALATED,
    HANDED_ON,
    KEPT,
    KEPT_STEP,
    NOT_REACHED,
    OPEN,
    POSTPONED,
    REMINDED,
    SERVICE,
    NewStep,
    PromiseStep,
    read_steps,
    write_step,
)
from hotline.storage.steps import Code, step
from hotline.storage.tables import call_events, promise_details, promise_events, promises

MOST_STEPS = 40
"""So many steps a case worker may take with one promise."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A case worker's form: of which promise, by which link, which one, when, and the words in it."""

    promise_id: str
    holder: int
    once: str
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is to answer from now on."""

    name: str
    email: str
    rule: str
    team: bool


@dataclass(frozen=True, slots=True)
class DuePromise:
    """An open promise as the watch needs it; without name and address once its details are erased."""

    id: str
    receipt: str
    request_type: str
    due: datetime
    since: datetime
    """When it was made, put off or handed on the last time."""
    holder: int
    responsible_email: str | None
    reminded: bool
    escalated: bool
    """For this due time."""


class PromiseSteps:
    """One hotline's promises after they were made."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def of(self, promise_id: str) -> list[PromiseStep]:
        """All steps in their order."""
        async with self._db.read() as connection:
            return await read_steps(connection, self._hotline, promise_id)

    # --- by the case worker ------------------------------------------------------------------

    async def kept(self, sent: Sent, how: str) -> bool:
        """The caller was answered; `how` is a code. False when nothing was to be changed any more."""
        async with self._db.write() as connection:
            found = await self._taken(connection, sent, KEPT_STEP, {"how": how})
            if found is None:
                return False
            await self._change(connection, found.id, status=KEPT, kept_at=sent.at, how=how)
            told = step(self._hotline, found.call_id, sent.at, "promise_kept", None, {"how": how})
            await connection.execute(insert(call_events).values(told))
            return True

    async def not_reached(self, sent: Sent) -> bool:
        """Nobody answered the case worker: counted, the promise stays open."""
        async with self._db.write() as connection:
            found = await self._taken(connection, sent, NOT_REACHED, {})
            if found is not None:
                await self._change(connection, found.id, tries=promises.c.tries + 1)
            return found is not None

    async def postponed(self, sent: Sent, due: datetime) -> bool:
        """It takes longer: from now on `due` is the time by which it is answered."""
        async with self._db.write() as connection:
            found = await self._taken(connection, sent, POSTPONED, {"due": due.isoformat()})
            if found is not None:
                await self._change(connection, found.id, due_at=due)
            return found is not None

    async def handed_on(self, sent: Sent, to: Holder, mail: NewMail) -> bool:
        """Somebody else answers from now on, and gets the mail; the link this came by is worth nothing any more."""
        async with self._db.write() as connection:
            found = await self._taken(connection, sent, HANDED_ON, {"team": to.team})
            if found is None:
                return False
            holder = {"responsible_name": to.name, "responsible_email": to.email, "rule": to.rule}
            its = promise_details.c.promise_id == found.id
            await connection.execute(update(promise_details).where(its).values(holder))
            await insert_mail(connection, self._hotline, mail, found.id)
            return True

    # --- by the service ----------------------------------------------------------------------

    async def due_until(self, latest: datetime, limit: int = 2000) -> list[DuePromise]:
        """Open promises due by then for which a reminder or an escalation may still be missing, earliest first."""
        handed_on = _steps(func.count(), HANDED_ON).label("holder")
        moved_at = _steps(func.max(promise_events.c.at), POSTPONED, HANDED_ON).label("moved_at")
        query = (
            select(
                *promises.c["id", "receipt", "request_type", "due_at", "created_at", "reminded_for", "escalated_for"],
                promise_details.c.responsible_email,
                handed_on,
                moved_at,
            )
            .outerjoin(promise_details, promise_details.c.promise_id == promises.c.id)
            .where(promises.c.hotline_id == self._hotline, promises.c.status == OPEN, promises.c.due_at <= latest)
            .where(or_(promises.c.escalated_for.is_(None), promises.c.escalated_for != promises.c.due_at))
            .order_by(promises.c.due_at, promises.c.id)
            .limit(limit)
        )
        async with self._db.read() as connection:
            return [_due(row) for row in await connection.execute(query)]

    async def remind(self, promise_id: str, due: datetime, at: datetime, mails: list[NewMail]) -> bool:
        """Put these mails into the outbox, once for that due time; False when that was done or is not needed."""
        return await self._tell(promise_id, due, "reminded_for", NewStep(at, REMINDED, SERVICE, {}), mails)

    async def escalate(self, promise_id: str, due: datetime, at: datetime, mails: list[NewMail]) -> bool:
        """As `remind`, for a promise that was not kept in time."""
        return await self._tell(promise_id, due, "escalated_for", NewStep(at, ESCALATED, SERVICE, {}), mails)

    async def _tell(self, promise_id: str, due: datetime, mark: str, told: NewStep, mails: list[NewMail]) -> bool:
        async with self._db.write() as connection:
            found = await self._locked(connection, promise_id)
            if found is None or found.status != OPEN or found.due_at != due or found._mapping[mark] == due:
                return False
            await self._change(connection, promise_id, **{mark: due})
            told = replace(told, codes={"due": due.isoformat(), "mails": len(mails)})
            await write_step(connection, self._hotline, promise_id, told)
            for mail in mails:
                await insert_mail(connection, self._hotline, mail, promise_id)
            return True

    # --- in a transaction --------------------------------------------------------------------

    async def _taken(self, connection: AsyncConnection, sent: Sent, kind: str, codes: dict[str, Code]) -> Any | None:
        """The promise's row after this step was written; None when the form changes nothing any more.

        Refused for a promise that does not exist, and after too many steps.
        """
        found = await self._locked(connection, sent.promise_id)
        if found is None:
            raise Refused("Diese Rückfrage gibt es nicht oder nicht mehr.")
        before = await connection.execute(
            select(*promise_events.c["kind", "codes"]).where(
                promise_events.c.hotline_id == self._hotline,
                promise_events.c.promise_id == sent.promise_id,
                promise_events.c.kind.in_(BY_CASE_WORKER),
            )
        )
        steps = [(row.kind, row.codes) for row in before]
        handed_on = sum(done == HANDED_ON for done, _ in steps)
        if found.status != OPEN or handed_on != sent.holder or any(its.get("once") == sent.once for _, its in steps):
            return None
        if len(steps) >= MOST_STEPS and kind != KEPT_STEP:
            raise Refused("Zu diesem Vorgang gibt es schon sehr viele Einträge. Bitte das Team Telefonservice anrufen.")
        taken = NewStep(sent.at, kind, CASE_WORKER, {**codes, "once": sent.once}, sent.text)
        await write_step(connection, self._hotline, sent.promise_id, taken)
        return found

    async def _locked(self, connection: AsyncConnection, promise_id: str) -> Any | None:
        mine = (promises.c.hotline_id == self._hotline) & (promises.c.id == promise_id)
        return (await connection.execute(select(promises).where(mine).with_for_update())).first()

    async def _change(self, connection: AsyncConnection, promise_id: str, **values: Any) -> None:
        mine = (promises.c.hotline_id == self._hotline) & (promises.c.id == promise_id)
        await connection.execute(update(promises).where(mine).values(values))


def _steps(what: ColumnElement[Any], *kinds: str) -> ScalarSelect[Any]:
    """`what`, of the promise's steps of these kinds."""
    its = (promise_events.c.hotline_id == promises.c.hotline_id) & (promise_events.c.promise_id == promises.c.id)
    query = select(what).select_from(promise_events).where(its, promise_events.c.kind.in_(kinds))
    return query.correlate(promises).scalar_subquery()


def _due(row: Any) -> DuePromise:
    moved: datetime | None = row.moved_at
    return DuePromise(
        row.id,
        row.receipt,
        row.request_type,
        row.due_at,
        moved or row.created_at,
        row.holder,
        row.responsible_email,
        reminded=row.reminded_for == row.due_at,
        escalated=row.escalated_for == row.due_at,
    )
