"""Who knows a caller: the agent who took what is still promised to that number, and the one who talked with it last.

A number is no identity, and several people may share one: what is found here only decides who is asked first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.promise_events import OPEN
from hotline.storage.tables import call_persons, calls, promises


class Why(StrEnum):
    """Why an agent knows a caller."""

    PROMISE = "promise"
    """Took a request of that number of which the promise is still open."""
    TALK = "talk"
    """Talked with that number last."""


@dataclass(frozen=True, slots=True)
class Familiar:
    """An agent, by name, who knows the caller."""

    agent: str
    why: Why


async def familiar(
    connection: AsyncConnection,
    hotline_id: str,
    caller: str | None,
    except_call: str,
    *,
    promise: bool,
    since: datetime | None,
) -> list[Familiar]:
    """At most one of each kind, the promise first; nobody for a withheld number.

    `promise`: whether open promises count; `since`: talks answered from then on count, none for None.
    """
    if caller is None:
        return []
    found: list[Familiar] = []
    if promise:
        taker = (await connection.execute(_promised(hotline_id, caller))).scalar()
        found += [Familiar(taker, Why.PROMISE)] if taker is not None else []
    if since is not None:
        talker = (await connection.execute(_talked(hotline_id, caller, except_call, since))).scalar()
        found += [Familiar(talker, Why.TALK)] if talker is not None else []
    return found


def _promised(hotline_id: str, caller: str) -> Select[Any]:
    """Whoever took the newest request of that number that is still promised."""
    return (
        select(promises.c.agent)
        .join(call_persons, call_persons.c.call_id == promises.c.call_id)
        .where(call_persons.c.hotline_id == hotline_id, call_persons.c.caller == caller)
        .where(promises.c.hotline_id == hotline_id, promises.c.status == OPEN)
        .order_by(promises.c.created_at.desc())
        .limit(1)
    )


def _talked(hotline_id: str, caller: str, except_call: str, since: datetime) -> Select[Any]:
    return (
        select(calls.c.agent)
        .join(call_persons, call_persons.c.call_id == calls.c.id)
        .where(call_persons.c.hotline_id == hotline_id, call_persons.c.caller == caller)
        .where(calls.c.id != except_call, calls.c.agent.is_not(None), calls.c.answered_at >= since)
        .order_by(calls.c.answered_at.desc())
        .limit(1)
    )
