"""How a call's row begins and ends, inside a transaction of whoever writes it: each once, the first one counts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.steps import Code, step
from hotline.storage.tables import call_events, call_persons, calls, offers


@dataclass(frozen=True, slots=True)
class NewCall:
    """What is known of a call when it begins; `caller` in E.164, or None when withheld."""

    id: str
    at: datetime
    channel: str
    gateway: str
    caller: str | None
    config_version: int
    fallback: bool = False
    """It began with Asterisk alone, without the service."""


async def begin_call(connection: AsyncConnection, hotline_id: str, call: NewCall) -> bool:
    """Enter the call; False when it is there already, and then nothing is changed."""
    row = {
        "id": call.id,
        "channel": call.channel,
        "gateway": call.gateway,
        "config_version": call.config_version,
        "started_at": call.at,
        "fallback": call.fallback,
    }
    if not await insert_once(connection, calls, {"hotline_id": hotline_id, **row}):
        return False
    person = {"hotline_id": hotline_id, "call_id": call.id, "caller": call.caller}
    await insert_once(connection, call_persons, person)
    codes: dict[str, Code] = {"gateway": call.gateway, "version": call.config_version}
    began = step(hotline_id, call.id, call.at, "call_started", None, codes)
    await connection.execute(insert(call_events).values(began))
    return True


async def end_call(connection: AsyncConnection, hotline_id: str, call_id: str, at: datetime, how: str) -> bool:
    """Write the end, and close what was still offered; False when it is there already, or the call is unknown."""
    mine = (calls.c.hotline_id == hotline_id) & (calls.c.id == call_id)
    ending = update(calls).where(mine, calls.c.ended_at.is_(None)).values(ended_at=at, how=how)
    if not (await connection.execute(ending)).rowcount:
        return False
    left_open = (offers.c.hotline_id == hotline_id) & (offers.c.call_id == call_id) & offers.c.closed_at.is_(None)
    await connection.execute(update(offers).where(left_open).values(closed_at=at, outcome="gone"))
    ended = step(hotline_id, call_id, at, "call_ended", None, {"how": how})
    await connection.execute(insert(call_events).values(ended))
    return True


async def insert_once(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key is taken; also right when two transactions try it at the same moment."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return bool((await connection.execute(dialect.insert(table).values(row).on_conflict_do_nothing())).rowcount)
