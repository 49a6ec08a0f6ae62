"""When progress events are stored: with the next transaction, at the latest a fifth of a second later."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from hotline.errors import StorageError

log = structlog.get_logger()

DELAY = 0.2
"""Seconds an event may wait for company."""
RETRY = 1.0
"""Seconds until the next try after the database refused."""

Row = dict[str, Any]


class WriteBehind:
    """Rows that wait; `take` hands them to a transaction, `put_back` returns them when it failed."""

    def __init__(self, flush: Callable[[], Awaitable[None]]) -> None:
        self._flush = flush
        self._rows: list[Row] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row) -> None:
        self._rows.append(row)
        self._arm(DELAY)

    def take(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    def put_back(self, rows: list[Row]) -> None:
        """Return rows that did not reach the database, ahead of those that came meanwhile."""
        self._rows[:0] = rows
        if self._rows:
            self._arm(RETRY)

    async def close(self) -> None:
        """Stop the timer and let a flush under way end; what is left stays in `take`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._flushing is not None:
            await self._flushing

    def _arm(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._start)

    def _start(self) -> None:
        self._timer = None
        self._flushing = asyncio.create_task(self._run(), name="ledger-flush")

    async def _run(self) -> None:
        try:
            if self._rows:
                await self._flush()
        except StorageError as error:
            log.warning("progress events wait for the database", waiting=len(self), error=str(error))
