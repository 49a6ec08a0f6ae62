"""Silent alarms that agents have raised: stored with their step in the ledger, until somebody has seen them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, insert, select, update

from hotline.storage.audit import audit_row
from hotline.storage.database import Database
from hotline.storage.outbox import NewMail, insert_mail
from hotline.storage.steps import step
from hotline.storage.tables import alarms, audit, call_events, call_persons, calls

THREAT = "threat"
"""The caller threatens somebody: kind of the alarm, and of its step in the ledger."""
OPEN_AT_MOST = 50
"""So many are read at a start; more are still in the table."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`caller` in E.164 is for the lead only; None when withheld or erased."""

    kind: str
    call_id: str
    agent: str
    at: datetime
    caller: str | None = None
    request_type: str | None = None
    seen_by: str | None = None
    seen_at: datetime | None = None
    mailed_at: datetime | None = None
    """When a mail that tells of it was put into the outbox; business time, as the others."""


class AlarmRows:
    """One hotline's alarms; a row is only added, and later marked as seen once."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def add(self, call_id: str, agent: str, at: datetime) -> None:
        """Alarm and step are stored together or not at all."""
        row = {"hotline_id": self._hotline, "kind": THREAT, "call_id": call_id, "agent": agent, "at": at}
        told = step(self._hotline, call_id, at, THREAT, agent, {})
        async with self._db.write() as connection:
            await connection.execute(insert(alarms).values(row))
            await connection.execute(insert(call_events).values(told))

    async def mark_seen(self, alarm: Alarm, who: str, at: datetime, real: datetime) -> None:
        """The first to see it counts; `at` is business time, `real` the audit log's."""
        change = update(alarms).where(self._is(alarm), alarms.c.seen_at.is_(None))
        async with self._db.write() as connection:
            seen = await connection.execute(change.values(seen_by=who, seen_at=at).returning(alarms.c.call_id))
            if found := seen.first():
                done = audit_row(self._hotline, real, who, "alarm_seen", found.call_id)
                await connection.execute(insert(audit).values(done))

    async def mail(self, alarm: Alarm, at: datetime, mail: NewMail) -> datetime | None:
        """Put the mail about it into the outbox, once for each alarm: when that was; None when somebody has seen it."""
        unseen = self._is(alarm) & alarms.c.seen_at.is_(None)
        change = update(alarms).where(unseen, alarms.c.mailed_at.is_(None)).values(mailed_at=at)
        async with self._db.write() as connection:
            if (await connection.execute(change.returning(alarms.c.id))).first() is None:
                before: datetime | None = (await connection.execute(select(alarms.c.mailed_at).where(unseen))).scalar()
                return before
            await insert_mail(connection, self._hotline, mail, None)
            return at

    async def unseen(self) -> list[Alarm]:
        """Those nobody has seen yet, oldest first."""
        query = _with_call().where(alarms.c.hotline_id == self._hotline, alarms.c.seen_at.is_(None))
        async with self._db.read() as connection:
            rows = (await connection.execute(query.order_by(alarms.c.id.desc()).limit(OPEN_AT_MOST))).all()
            return [_alarm(row) for row in reversed(rows)]

    def _is(self, alarm: Alarm) -> ColumnElement[bool]:
        mine = (alarms.c.hotline_id == self._hotline) & (alarms.c.agent == alarm.agent)
        return mine & (alarms.c.call_id == alarm.call_id) & (alarms.c.at == alarm.at)


def _alarm(row: Row[Any]) -> Alarm:
    return Alarm(row.kind, row.call_id, row.agent, row.at, row.caller, row.request_type, mailed_at=row.mailed_at)


def _with_call() -> Select[Any]:
    columns = alarms.c["kind", "call_id", "agent", "at"]
    return (
        select(*columns, call_persons.c.caller, calls.c.request_type, alarms.c.mailed_at)
        .outerjoin(call_persons, call_persons.c.call_id == alarms.c.call_id)
        .outerjoin(calls, calls.c.id == alarms.c.call_id)
        .where(alarms.c.kind == THREAT)
    )
