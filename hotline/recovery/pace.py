"""The pace of the line goes on over a restart: who left it in the last half hour is read from the ledger."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from config.schema import HotlineConfig
from hotline.errors import StorageError
from hotline.exchange.progress import Progress
from hotline.storage.left_line import Left
from routing.pace import LOOKED_BACK

log = structlog.get_logger()


class Rows(Protocol):
    """See hotline/storage/ledger.py."""

    async def left_line(self, since: datetime) -> list[Left]: ...


async def remember_pace(
    rows: Rows, progress: Progress, configuration: Callable[[], tuple[int, HotlineConfig]], now: datetime
) -> None:
    """Without the database callers hear no expected wait until enough is known again."""
    config = configuration()[1]
    skills = {kind.key: kind.skill for kind in (*config.request_types, config.unclear)}
    try:
        left = await rows.left_line(now - LOOKED_BACK)
    except StorageError as error:
        log.warning("the pace of the line begins anew", why=str(error))
        return
    for one in left:
        if one.request_type in skills:
            progress.remember(one.at, skills[one.request_type], one.joined_at, taken=one.taken)
