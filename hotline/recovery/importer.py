"""Brings what Asterisk did while the service was away into the ledger, each happening once.

A row that cannot be understood is logged by its number, counted and passed over: it never holds back the others.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog

from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.logs import log_failure
from hotline.recovery.happenings import Meaning, understood
from hotline.recovery.happenings_file import BATCH, HappeningsFile, Written
from hotline.storage.entries import Ended, Entry
from hotline.storage.imports import Imports, Stored

log = structlog.get_logger()

EVERY_SECONDS = 30.0
LATE_SECONDS = 1.0
"""Asterisk writes down the end of a call a moment after its channel is gone."""
SETTLED = timedelta(seconds=5)
"""A call that the service holds ends by AMI's word; the file's word counts when AMI's has not come so long after."""


class Importer:
    """Brings what is new in the file into the ledger; `bring_in` at once, `run` from time to time.

    `on_callbacks` is told that there are new requests, `on_unheard_end` that a call which the service holds is over.
    """

    def __init__(
        self,
        file: HappeningsFile,
        imports: Imports,
        journal: Journal,
        meaning: Meaning,
        clock: Clock,
        held: Callable[[str], Call | None],
        on_callbacks: Callable[[], Awaitable[None]],
        on_unheard_end: Callable[[Call], None],
    ) -> None:
        self._file = file
        self._imports = imports
        self._journal = journal
        self._meaning = meaning
        self._clock = clock
        self._held = held
        self._on_callbacks = on_callbacks
        self._on_unheard_end = on_unheard_end
        self._one = asyncio.Lock()
        self._tidied = False
        self._wanted = asyncio.Event()
        self.skipped = 0
        """Rows that could not be understood or stored, since the start."""

    async def run(self) -> None:
        """For ever, every EVERY_SECONDS and when it is wanted."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._wanted.wait()
                    await asyncio.sleep(LATE_SECONDS)
            self._wanted.clear()
            await self.bring_in(settled_only=True)

    def soon(self) -> None:
        """A caller has just left the fallback."""
        self._wanted.set()

    async def bring_in(self, *, settled_only: bool = False) -> bool:
        """Enter all that is new, after what the journal already holds; False when it must be tried again later.

        `settled_only` leaves the latest ends of calls that the service holds to AMI's word.
        """
        try:
            async with self._one:
                await self._bring_in(SETTLED if settled_only else None)
        except (StorageError, sqlite3.Error, OSError) as error:
            log.warning("calls handled without the service are not imported yet", error=type(error).__name__)
            return False
        except Exception as error:
            log_failure("the import of calls handled without the service failed", "", error)
            return False
        return True

    async def _bring_in(self, settled: timedelta | None) -> None:
        source, cursor = await self._where()
        if not self._tidied:  # a crash may have come between the ledger and the deleting, or somebody was reading
            self._tidied = await asyncio.to_thread(self._file.forget, cursor)
        while source is not None:
            rows = await asyncio.to_thread(self._file.after, cursor)
            entries, up_to = self._entries(rows, settled)
            if up_to is None:
                return
            stored: Stored = await self._journal.now(partial(self._imports.store, source, up_to, entries))
            self._tidied = await asyncio.to_thread(self._file.forget, stored.cursor)
            await self._tell(stored)
            if settled is not None:
                self._tell_unheard(entries)
            if len(rows) < BATCH or stored.cursor <= cursor:
                return
            cursor = stored.cursor

    async def _where(self) -> tuple[str | None, int]:
        source = await asyncio.to_thread(self._file.source)
        cursor = await self._imports.cursor(source) if source is not None else 0
        if cursor and await asyncio.to_thread(self._file.went_back, cursor):
            log.warning("the file of happenings is an older one: it is imported as a new one")
            return await asyncio.to_thread(self._file.rename), 0
        return source, cursor

    def _entries(self, rows: list[Written], settled: timedelta | None) -> tuple[list[Entry], int | None]:
        """What is to be entered, and up to which number; None when there is nothing."""
        entries: list[Entry] = []
        up_to: int | None = None
        for row in rows:
            entry = self._entry(row)
            if entry is not None and settled is not None and self._unsettled(entry, settled):
                break
            entries += [entry] if entry is not None else []
            up_to = row.place
        return entries, up_to

    def _entry(self, row: Written) -> Entry | None:
        try:
            return self._meaning.entry(understood(row))
        except (ValueError, AttributeError, RecursionError) as error:
            self.skipped += 1
            log.error("happening not understood, passed over", place=row.place, error=type(error).__name__)
            return None

    def _unsettled(self, entry: Entry, settled: timedelta) -> bool:
        held = isinstance(entry, Ended) and self._held(entry.call_id) is not None
        return held and abs(self._clock.now() - entry.at) < settled

    def _tell_unheard(self, entries: list[Entry]) -> None:
        """Calls that the service holds although their caller has been gone for some time."""
        for entry in entries:
            call = self._held(entry.call_id) if isinstance(entry, Ended) else None
            if call is not None:
                log.warning("a call ended, and Asterisk's event of it never came", call=call.id)
                self._on_unheard_end(call)

    async def _tell(self, stored: Stored) -> None:
        self.skipped += stored.refused
        if stored.calls:
            log.info("calls of the fallback are in the ledger", calls=stored.calls, callbacks=stored.callbacks)
        if stored.callbacks:
            await self._on_callbacks()
