"""In which order things reach the ledger, and what waits when the database does not answer.

One queue, one writer: the ledger tells events as they happened. A database that is locked, full or gone must
never freeze a caller: what only has to be stored is kept in the queue and tried again until it is; who needs the
result gets an error instead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from hotline.errors import StorageError

log = structlog.get_logger()

Write = Callable[[], Awaitable[Any]]

SOON_SECONDS = 1.0
"""How long the next step of a call waits for its entry to be stored."""
NOW_SECONDS = 8.0
"""How long a person waits for the answer that something is stored."""
BEGUN_SECONDS = 6.0
"""So much longer when it is just being written: a lock is waited for 5 s. The page itself gives up after 15 s."""
CLOSE_SECONDS = 5.0
_SLOW = "no answer within a second"
RETRY_SECONDS = 0.5


@dataclass(eq=False)
class _Entry:
    write: Write
    done: asyncio.Future[Any]
    persistent: bool
    """Tried again until it is stored; otherwise its caller is told of the failure."""
    begun: bool = False
    given_up: bool = False
    """Its caller was told that it is not stored: it never will be."""


class Journal:
    """`later` for progress, `soon` for what should be stored before the next step, `now` for what must be."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Entry] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self.behind = False
        """The database does not answer; entries wait."""

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_all(), name="journal")

    async def close(self) -> None:
        """Write what is queued, for at most CLOSE_SECONDS, then stop."""
        if self._writer is None:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._queue.join()
        except TimeoutError:
            log.error("the database did not answer: entries are lost", entries=self._queue.qsize() + 1)
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    def later(self, write: Write) -> None:
        """Queue a write nobody waits for."""
        self._enqueue(write, persistent=True)

    async def soon(self, write: Write) -> bool:
        """Queue a write and wait a moment for it; False when it is not stored yet. Never raises for the database."""
        return await self.begun(self.begin(write))

    def begin(self, write: Write) -> asyncio.Future[Any]:
        """Queue a write at once, whose storing is awaited later by `begun`."""
        return self._enqueue(write, persistent=True)

    async def begun(self, done: asyncio.Future[Any]) -> bool:
        if self.behind and not done.done():
            return False
        await asyncio.wait([done], timeout=SOON_SECONDS)
        return done.done() and not done.cancelled() and done.exception() is None

    async def now(self, write: Write) -> Any:
        """Write after all that is queued, and return the result. Raises what the write raises, or StorageError.

        What a person was told is not stored will not be stored later: they are going to try it again.
        """
        entry = self._put(write, persistent=False)
        await asyncio.wait([entry.done], timeout=NOW_SECONDS)
        if entry.begun:
            await asyncio.wait([entry.done], timeout=BEGUN_SECONDS)
        if not entry.done.done():
            entry.given_up = True
            raise StorageError("The database does not answer: look at its disk and its log.")
        return entry.done.result()

    def _enqueue(self, write: Write, *, persistent: bool) -> asyncio.Future[Any]:
        return self._put(write, persistent=persistent).done

    def _put(self, write: Write, *, persistent: bool) -> _Entry:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_retrieve)
        entry = _Entry(write, done, persistent)
        self._queue.put_nowait(entry)
        return entry

    async def _write_all(self) -> None:
        while True:
            entry = await self._queue.get()
            try:
                if not entry.given_up:
                    await self._write(entry)
            finally:
                self._queue.task_done()

    async def _write(self, entry: _Entry) -> None:
        entry.begun = True
        while True:
            try:
                with self._noticing_slowness():
                    result = await entry.write()
            except StorageError as error:
                self._fall_behind(error)
                if not entry.persistent:
                    return _fail(entry, error)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:
                return _fail(entry, error)
            else:
                self._catch_up()
                return _finish(entry, result)

    @contextmanager
    def _noticing_slowness(self) -> Iterator[None]:
        """A database that does not answer need not say so: one that is locked lets us wait before it does."""
        timer = asyncio.get_running_loop().call_later(SOON_SECONDS, self._fall_behind, _SLOW)
        try:
            yield
        finally:
            timer.cancel()

    def _fall_behind(self, why: StorageError | str) -> None:
        if not self.behind:
            log.error("the database does not answer, entries wait", why=str(why))
        self.behind = True

    def _catch_up(self) -> None:
        if self.behind:
            log.info("the database answers again", waiting=self._queue.qsize())
        self.behind = False


def _finish(entry: _Entry, result: Any) -> None:
    if not entry.done.done():
        entry.done.set_result(result)


def _fail(entry: _Entry, error: Exception) -> None:
    """The text of an unexpected error may hold personal data: only its kind is logged."""
    if entry.persistent:
        log.error("entry not written", error=type(error).__name__)
    if not entry.done.done():
        entry.done.set_exception(error)


def _retrieve(done: "asyncio.Future[Any]") -> None:
    """Nobody may have waited for it: that is no reason for a traceback in the log."""
    if not done.cancelled():
        done.exception()
