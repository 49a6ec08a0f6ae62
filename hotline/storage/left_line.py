"""Who has left the line lately, and whether to an agent."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.storage.tables import calls

LONGEST_CALL = timedelta(hours=4)
"""Whoever has called longer ago says nothing of the pace."""
MOST = 2000


class Left(NamedTuple):
    """One caller who is not in the line any more since `at`."""

    at: datetime
    request_type: str | None
    joined_at: datetime
    taken: bool


async def left_line(connection: AsyncConnection, hotline_id: str, since: datetime) -> list[Left]:
    """Since then, in the order in which they left; of more than MOST the last ones."""
    return [Left(*row) for row in reversed((await connection.execute(_rows(hotline_id, since))).all())]


def _rows(hotline_id: str, since: datetime) -> Select[Any]:
    at = func.coalesce(calls.c.answered_at, calls.c.ended_at)
    return (
        select(at, calls.c.request_type, calls.c.joined_at, calls.c.answered_at.is_not(None))
        .where(calls.c.hotline_id == hotline_id, calls.c.started_at >= since - LONGEST_CALL)
        .where(calls.c.joined_at.is_not(None), at >= since)
        .order_by(at.desc())
        .limit(MOST)
    )
