"""What is known of earlier calls from one number: the count for everyone, the contents after the identity tick."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.alarms import THREAT
from hotline.storage.promise_events import OPEN
from hotline.storage.standing import standing_columns
from hotline.storage.tables import (
    alarms,
    call_persons,
    calls,
    disposition_details,
    dispositions,
    promise_details,
    promises,
)
from hotline.storage.views import Earlier, History, PastCall, PastPromise

PEOPLE_AT_MOST = 200
"""So many promises of one number are looked at for the people behind them: a home or a lawyer's office has many."""


async def earlier(connection: AsyncConnection, hotline: str, caller: str | None, except_call: str) -> Earlier:
    if caller is None:
        return Earlier()
    known = _calls_from(hotline, caller, except_call)
    count = select(func.count()).select_from(known.subquery())
    pending = select(func.count()).where(_promised(hotline, known), promises.c.status == OPEN)
    return Earlier(
        calls=(await connection.execute(count)).scalar_one(),
        open_promises=(await connection.execute(pending)).scalar_one(),
        people=len({_same(name) for _, _, name in await _people(connection, _promised(hotline, known))}),
    )


async def history(
    connection: AsyncConnection, hotline: str, caller: str | None, except_call: str, limit: int
) -> History:
    if caller is None:
        return History([], [])
    known = _calls_from(hotline, caller, except_call)
    theirs = _promised(hotline, known)
    past = await connection.execute(_past_calls(hotline, known).limit(limit))
    promised = await connection.execute(past_promises().where(theirs).limit(limit))
    people = await _people(connection, theirs)
    by_promise = {promise: name for promise, _, name in people}
    return History(
        [_with_people(PastCall(*row), people) for row in past],
        [replace(one, person=by_promise.get(one.id)) for one in (PastPromise(**row._mapping) for row in promised)],
    )


def _promised(hotline: str, known: Select[tuple[str]]) -> ColumnElement[bool]:
    """Something was promised in these calls."""
    return (promises.c.hotline_id == hotline) & promises.c.call_id.in_(known)


async def _people(connection: AsyncConnection, theirs: ColumnElement[bool]) -> list[tuple[str, str, str]]:
    """Promise, call and name of everybody something was promised to there, the newest first.

    Different spellings of one name are one person, written as the last time.
    """
    query = (
        select(promises.c.id, promises.c.call_id, promise_details.c.given_name, promise_details.c.family_name)
        .join(promise_details, promise_details.c.promise_id == promises.c.id)
        .where(theirs)
        .order_by(promises.c.created_at.desc())
        .limit(PEOPLE_AT_MOST)
    )
    written: dict[str, str] = {}
    found = []
    for promise, call, given, family in await connection.execute(query):
        name = " ".join(f"{given} {family}".split())
        if name:
            found.append((promise, call, written.setdefault(_same(name), name)))
    return found


def _same(name: str) -> str:
    return name.casefold()


def _with_people(call: PastCall, people: list[tuple[str, str, str]]) -> PastCall:
    names = dict.fromkeys(name for _, call_id, name in people if call_id == call.call_id)
    return replace(call, people=tuple(names))


def past_promises() -> Select[Any]:
    """The columns of `PastPromise`, open ones first, then the newest."""
    columns = promises.c["id", "call_id", "receipt", "request_type", "due_at", "status", "kept_at", "how"]
    order = ((promises.c.status == OPEN).desc(), promises.c.created_at.desc())
    return select(*columns, *standing_columns()).order_by(*order)


def _calls_from(hotline: str, caller: str, except_call: str) -> Select[tuple[str]]:
    return select(call_persons.c.call_id).where(
        call_persons.c.hotline_id == hotline, call_persons.c.caller == caller, call_persons.c.call_id != except_call
    )


def _past_calls(hotline: str, known: Select[tuple[str]]) -> Select[Any]:
    current = dispositions.c.replaced_at.is_(None)
    of_call = (dispositions.c.hotline_id == hotline) & (dispositions.c.call_id == calls.c.id) & current
    written = disposition_details.c.disposition_id == dispositions.c.id
    return (
        select(
            calls.c.id,
            calls.c.started_at,
            func.coalesce(dispositions.c.request_type, calls.c.request_type),
            dispositions.c.outcome,
            disposition_details.c.note,
            exists().where(alarms.c.call_id == calls.c.id, alarms.c.kind == THREAT),
        )
        .outerjoin(dispositions, of_call)
        .outerjoin(disposition_details, written)
        .where(calls.c.id.in_(known))
        .order_by(calls.c.started_at.desc(), dispositions.c.number)
    )
