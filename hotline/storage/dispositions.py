"""How the disposition of one request is stored, and how a corrected one takes the place of the one before.

Both happen inside the transaction of whoever disposes. Of each request of a call (its number counts from 1) one row
is current: its `replaced_at` is empty. A corrected row stays for the audit, with its details, until they are erased.
"""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.errors import AlreadyWritten, Refused
from hotline.storage.audit import audit_row
from hotline.storage.disposal import Disposal, Person
from hotline.storage.drafts import put_draft
from hotline.storage.promise_events import CORRECTED, NewStep, write_step
from hotline.storage.steps import Code, step, storable
from hotline.storage.tables import (
    audit,
    call_events,
    calls,
    disposition_details,
    dispositions,
    drafts,
    promise_details,
    promises,
)


async def refuse_second(connection: AsyncConnection, hotline: str, disposal: Disposal) -> None:
    """AlreadyWritten when the request has a disposition and this one does not replace it."""
    if disposal.replaces is not None:
        return
    same = (dispositions.c.call_id == disposal.call_id) & (dispositions.c.number == disposal.number)
    query = select(dispositions.c.id).where(_current(hotline), same)
    if (await connection.execute(query)).first():
        raise AlreadyWritten("Dieser Anruf ist schon abgeschlossen; der erste Abschluss gilt.")


async def store_disposition(connection: AsyncConnection, hotline: str, disposal: Disposal) -> int:
    """The row with its details, and what follows from it for call and drafts; returns its id."""
    if disposal.replaces is None:
        stored, number = await _insert(connection, hotline, disposal), disposal.number
        await _conclude(connection, hotline, disposal)
    else:
        before = await _replace(connection, hotline, disposal, disposal.replaces)
        stored, number = await _insert(connection, hotline, disposal, **before._mapping), before.number
        await _move_promise(connection, hotline, disposal, disposal.replaces, stored)
    codes: dict[str, Code] = {"outcome": disposal.outcome, "type": disposal.request_type, "number": number}
    kind = "disposed" if disposal.replaces is None else CORRECTED
    done = step(hotline, disposal.call_id, disposal.at, kind, disposal.agent, codes)
    await connection.execute(insert(call_events).values(done))
    return stored


async def _insert(connection: AsyncConnection, hotline: str, disposal: Disposal, **other: Any) -> int:
    names = ("call_id", "agent", "at", "outcome", "request_type", "number")
    row = {name: getattr(disposal, name) for name in names} | other
    added = insert(dispositions).values(hotline_id=hotline, **row).returning(dispositions.c.id)
    stored: int = (await connection.execute(added)).scalar_one()
    details = {"note": storable(disposal.note) or None, "form": dict(disposal.form), "hotline_id": hotline}
    await connection.execute(insert(disposition_details).values(disposition_id=stored, **details))
    return stored


async def _conclude(connection: AsyncConnection, hotline: str, disposal: Disposal) -> None:
    """What the call came for is its first request. Without a further one nothing is left to be drafted."""
    if disposal.number == 1:
        mine = (calls.c.hotline_id == hotline) & (calls.c.id == disposal.call_id)
        await connection.execute(update(calls).where(mine).values(request_type=disposal.request_type))
    of_call = (drafts.c.hotline_id == hotline) & (drafts.c.call_id == disposal.call_id)
    await connection.execute(delete(drafts).where(of_call))
    if disposal.more:
        key = (disposal.call_id, disposal.agent)
        await put_draft(connection, hotline, *key, disposal.number + 1, {}, disposal.at)


async def _replace(connection: AsyncConnection, hotline: str, disposal: Disposal, old: int) -> Row[Any]:
    """What of the old row stays: its number and its time."""
    this = _current(hotline) & (dispositions.c.id == old) & (dispositions.c.call_id == disposal.call_id)
    end = update(dispositions).where(this).values(replaced_at=disposal.at)
    before = (await connection.execute(end.returning(*dispositions.c["number", "at"]))).first()
    if before is None:
        raise Refused("Dieser Eintrag wurde inzwischen geändert. Bitte die Liste neu laden.")
    real = disposal.real or datetime.now(UTC)
    row = audit_row(hotline, real, disposal.agent, "disposition_corrected", str(old))
    await connection.execute(insert(audit).values(row))
    return before


async def _move_promise(connection: AsyncConnection, hotline: str, disposal: Disposal, old: int, new: int) -> None:
    """A promise that was made belongs to the new row from now on; the case worker reads the corrected words."""
    this = (promises.c.hotline_id == hotline) & (promises.c.disposition_id == old)
    moved = update(promises).where(this).values(disposition_id=new).returning(promises.c.id)
    promise_id = (await connection.execute(moved)).scalar()
    if promise_id is None:
        return
    details: dict[str, Any] = {"form": dict(disposal.form), "note": storable(disposal.note) or None}
    if disposal.person is not None:
        details |= {item.name: getattr(disposal.person, item.name) for item in fields(Person)}
    its = promise_details.c.promise_id == promise_id
    await connection.execute(update(promise_details).where(its).values(details))
    corrected = NewStep(disposal.at, CORRECTED, disposal.agent, {})
    await write_step(connection, hotline, promise_id, corrected)


def _current(hotline: str) -> ColumnElement[bool]:
    return (dispositions.c.hotline_id == hotline) & dispositions.c.replaced_at.is_(None)
