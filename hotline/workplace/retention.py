"""Each night: delete what was kept long enough. Each age counts by the clock that wrote its time down."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from config.schema import HotlineConfig, Retention
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.storage.audit import Audit
from hotline.storage.expiry import KINDS, Before, Expiry, Kind

log = structlog.get_logger()

AT_NIGHT = time(3, 30)
"""When it is done, in the hotline's zone: there is such a time on every day, and nobody works."""
AFTER_START = 60.0
"""So long after the start it is done too: many machines are switched off at night. Seconds."""
LOOK_SECONDS = 300.0
BETWEEN_BATCHES = 0.05
"""Callers and agents write in between, seconds."""
SCRUB_TRIES = 20
AUTHOR = "hotline"


class Row(NamedTuple):
    """One line of the table of what is kept for how long."""

    what: str
    days: int
    since: str
    setting: str
    table: str


def kept(retention: Retention) -> list[Row]:
    """The table of kinds of data, in German, for the documents and for whoever asks."""
    return [_row(kind, retention) for kind in KINDS]


def _row(kind: Kind, retention: Retention) -> Row:
    days: int = getattr(retention, kind.setting)
    return Row(kind.what, days, kind.since, f"retention.{kind.setting}", kind.table.name)


class Retaining:
    """The nightly task."""

    def __init__(
        self, expiry: Expiry, audit: Audit, configuration: Callable[[], tuple[int, HotlineConfig]], clock: Clock
    ) -> None:
        self._expiry, self._audit, self._configuration, self._clock = expiry, audit, configuration, clock

    async def run(self) -> None:
        """For ever: a minute after the start, then each night; what fails is tried again after five minutes."""
        await asyncio.sleep(AFTER_START)
        due = self._clock.real_now()
        while True:
            if self._clock.real_now() >= due:
                due = self._next_night() if await self._tried() else due
            await asyncio.sleep(LOOK_SECONDS)

    async def delete_expired(self) -> int:
        """Delete all that has expired, a few rows at a time; how many it were."""
        real, business, retention = self._clock.real_now(), self._clock.now(), self._configuration()[1].retention
        gone = 0
        for kind in KINDS:
            age = timedelta(days=getattr(retention, kind.setting))
            count = await self._delete(kind, Before(real - age, business - age))
            if count:
                log.info("expired data deleted", table=kind.table.name, rows=count)
            gone += count
        if gone:
            await self._audit.record(real, AUTHOR, "retention", str(gone))
            await self._scrub()
        return gone

    async def _delete(self, kind: Kind, before: Before) -> int:
        gone = 0
        while count := await self._expiry.delete_some(kind, before):
            gone += count
            await asyncio.sleep(BETWEEN_BATCHES)
        return gone

    async def _scrub(self) -> None:
        for _ in range(SCRUB_TRIES):
            if await self._expiry.scrub():
                return
            await asyncio.sleep(BETWEEN_BATCHES)
        log.warning("deleted data still stands in the database's journal, the next deletion tries again")

    async def _tried(self) -> bool:
        try:
            await self.delete_expired()
        except StorageError as error:
            log.warning("expired data could not be deleted, another try follows", error=type(error).__name__)
            return False
        return True

    def _next_night(self) -> datetime:
        local = self._clock.real_now().astimezone(ZoneInfo(self._configuration()[1].hotline.timezone))
        tonight = local.replace(hour=AT_NIGHT.hour, minute=AT_NIGHT.minute, second=0, microsecond=0)
        return tonight if tonight > local else tonight + timedelta(days=1)
