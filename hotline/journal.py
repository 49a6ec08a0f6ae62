"""In which order things reach the ledger: one queue, one writer, so that the ledger tells events as they happened."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

log = structlog.get_logger()

Write = Callable[[], Awaitable[Any]]


class Journal:
    """Writes in order. `later` is for progress, `now` for what must be stored before the next step is taken."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Write, asyncio.Future[Any] | None]] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_all(), name="journal")

    async def close(self) -> None:
        """Write everything that is queued, then stop."""
        if self._writer is not None:
            await self._queue.join()
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def later(self, write: Write) -> None:
        """Queue a write nobody waits for; a failure is logged."""
        self._queue.put_nowait((write, None))

    async def now(self, write: Write) -> Any:
        """Write after all that is queued, and return the result or raise."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((write, done))
        return await asyncio.shield(done)

    async def _write_all(self) -> None:
        while True:
            write, done = await self._queue.get()
            try:
                self._finish(done, await write())
            except Exception as error:
                self._fail(done, error)
            finally:
                self._queue.task_done()

    @staticmethod
    def _finish(done: asyncio.Future[Any] | None, result: Any) -> None:
        if done is not None and not done.done():
            done.set_result(result)

    @staticmethod
    def _fail(done: asyncio.Future[Any] | None, error: Exception) -> None:
        if done is not None and not done.done():
            done.set_exception(error)
        else:
            log.error("ledger entry not written", error=type(error).__name__)
