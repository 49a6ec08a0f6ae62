"""Reads which calls came when, and what they were about: for replaying them, in batches, the newest first."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from hotline.storage.database import Database
from hotline.storage.tables import calls
from routing.replay import PastCall

MOST_CALLS = 200_000
"""A year of a large office; what came before it is left out."""
BATCH = 5_000


class PastCalls:
    """One hotline's calls of the past. Nothing about callers is read."""

    def __init__(self, db: Database, hotline_id: str) -> None:
        self._db = db
        self._hotline = hotline_id

    async def since(self, start: datetime, most: int = MOST_CALLS) -> list[PastCall]:
        """The calls that began then or later, at most so many of the newest; newest first."""
        found: list[PastCall] = []
        async for batch in self.batches(start, most):
            found += batch
        return found

    async def batches(self, start: datetime, most: int = MOST_CALLS) -> AsyncIterator[list[PastCall]]:
        """The same in batches, each read by itself, so that nobody who writes has to wait for all of them."""
        last: PastCall | None = None
        while most > 0:
            batch = await self._batch(start, last, min(BATCH, most))
            if not batch:
                return
            yield batch
            last, most = batch[-1], most - len(batch)

    async def _batch(self, start: datetime, last: PastCall | None, size: int) -> list[PastCall]:
        async with self._db.read() as connection:
            rows = await connection.execute(self._query(start, last).limit(size))
            return [PastCall(row.id, row.started_at, row.request_type) for row in rows]

    def _query(self, start: datetime, last: PastCall | None) -> Select[Any]:
        query = (
            select(*calls.c["id", "started_at", "request_type"])
            .where(calls.c.hotline_id == self._hotline, calls.c.started_at >= start)
            .order_by(calls.c.started_at.desc(), calls.c.id.desc())
        )
        if last is None:
            return query
        earlier = and_(calls.c.started_at == last.at, calls.c.id < last.call_id)
        return query.where(calls.c.started_at <= last.at, or_(calls.c.started_at < last.at, earlier))
