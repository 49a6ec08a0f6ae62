"""What is known of earlier calls from one number: the count for everyone, the contents after the identity tick."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.tables import call_persons, calls, disposition_details, dispositions, promises
from hotline.storage.views import Earlier, History, PastCall, PastPromise

OPEN = "open"
KEPT = "kept"


async def earlier(connection: AsyncConnection, hotline: str, caller: str | None, except_call: str) -> Earlier:
    if caller is None:
        return Earlier()
    known = _calls_from(hotline, caller, except_call)
    count = select(func.count()).select_from(known.subquery())
    pending = select(func.count()).where(promises.c.call_id.in_(known), promises.c.status == OPEN)
    return Earlier(
        calls=(await connection.execute(count)).scalar_one(),
        open_promises=(await connection.execute(pending)).scalar_one(),
    )


async def history(
    connection: AsyncConnection, hotline: str, caller: str | None, except_call: str, limit: int
) -> History:
    if caller is None:
        return History([], [])
    known = _calls_from(hotline, caller, except_call)
    past = await connection.execute(_past_calls(known).limit(limit))
    promised = await connection.execute(past_promises().where(promises.c.call_id.in_(known)).limit(limit))
    return History([PastCall(*row) for row in past], [PastPromise(*row) for row in promised])


def past_promises() -> Select[Any]:
    """The columns of `PastPromise`, open ones first, then the newest."""
    columns = promises.c["id", "call_id", "receipt", "request_type", "due_at", "status", "kept_at", "how"]
    return select(*columns).order_by((promises.c.status == OPEN).desc(), promises.c.created_at.desc())


def _calls_from(hotline: str, caller: str, except_call: str) -> Select[tuple[str]]:
    return select(call_persons.c.call_id).where(
        call_persons.c.hotline_id == hotline, call_persons.c.caller == caller, call_persons.c.call_id != except_call
    )


def _past_calls(known: Select[tuple[str]]) -> Select[Any]:
    written = disposition_details.c.disposition_id == dispositions.c.id
    return (
        select(
            calls.c.id,
            calls.c.started_at,
            func.coalesce(dispositions.c.request_type, calls.c.request_type),
            dispositions.c.outcome,
            disposition_details.c.note,
        )
        .outerjoin(dispositions, dispositions.c.call_id == calls.c.id)
        .outerjoin(disposition_details, written)
        .where(calls.c.id.in_(known))
        .order_by(calls.c.started_at.desc())
    )
