"""What an agent is just writing about a call: one row per call and agent, gone with the disposition.

A draft belongs to one request of the call. A row for a request after the last disposed one says that the agent has
not finished with the call, also when nothing is in it yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.database import Database
from hotline.storage.steps import storable
from hotline.storage.tables import dispositions, drafts


@dataclass(frozen=True, slots=True)
class Draft:
    """`values` as they stand in the fields of the form, unchecked; `number` of the request within the call, from 1."""

    number: int
    values: Mapping[str, str]
    at: datetime


class Drafts:
    """One hotline's."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def save(self, call_id: str, agent: str, draft: Draft) -> None:
        """Replaces what stood there. A draft of a request that has been disposed of comes too late and is dropped."""
        async with self._db.write() as connection:
            if await written(connection, self._hotline, call_id) < draft.number:
                await put_draft(connection, self._hotline, call_id, agent, draft.number, draft.values, draft.at)

    async def of(self, call_id: str, agent: str) -> Draft | None:
        """None when nothing is kept."""
        query = select(*drafts.c["number", "fields", "saved_at"]).where(_of(self._hotline, call_id, agent))
        async with self._db.read() as connection:
            row = (await connection.execute(query)).first()
            return Draft(*row) if row else None

    async def drop(self, call_id: str) -> None:
        """The call is written up: nothing of it is drafted any more, by nobody."""
        this = (drafts.c.hotline_id == self._hotline) & (drafts.c.call_id == call_id)
        async with self._db.write() as connection:
            await connection.execute(delete(drafts).where(this))


async def written(connection: AsyncConnection, hotline: str, call_id: str) -> int:
    """How many requests of the call have their disposition."""
    current = (dispositions.c.hotline_id == hotline) & dispositions.c.replaced_at.is_(None)
    query = select(func.max(dispositions.c.number)).where(current, dispositions.c.call_id == call_id)
    return (await connection.execute(query)).scalar() or 0


async def put_draft(
    connection: AsyncConnection,
    hotline: str,
    call_id: str,
    agent: str,
    number: int,
    values: Mapping[str, str],
    at: datetime,
) -> None:
    """The one draft of that agent for that call, inside a transaction."""
    await connection.execute(delete(drafts).where(_of(hotline, call_id, agent)))
    row: dict[str, Any] = {"hotline_id": hotline, "call_id": call_id, "agent": agent, "number": number}
    kept = {key: storable(value) for key, value in values.items()}
    await connection.execute(insert(drafts).values(**row, fields=kept, saved_at=at))


def _of(hotline: str, call_id: str, agent: str) -> ColumnElement[bool]:
    return (drafts.c.hotline_id == hotline) & (drafts.c.call_id == call_id) & (drafts.c.agent == agent)
