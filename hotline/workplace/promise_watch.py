"""When case workers are reminded of a promise, and who is told when it was not kept in time: each once for a due time.

Looks every half minute, by business time, and after each start: what fell due meanwhile is told then. A reminder that
would come after the due time is left out, and one that would come before the promise reached its case worker as well.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from agents.promises import Occasion
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.exchange.journal import Journal
from hotline.links import Links
from hotline.mail.promised import PromiseMails
from hotline.mail.sender import MailSender
from hotline.storage.outbox import NewMail
from hotline.storage.promise_steps import DuePromise, PromiseSteps
from routing.case_workers import absent, deputy
from routing.hours import Calendar

log = structlog.get_logger()

LOOK_SECONDS = 30.0
HORIZON = timedelta(days=60)
"""Longer than the opening hours before a due time that can be configured last, with closures in between."""


class PromiseWatch:
    """`run()` is a task of the service; `look()` one look, for itself."""

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        promises: PromiseSteps,
        links: Links,
        sender: MailSender,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._promises = promises
        self._mails = PromiseMails(links)
        self._sender = sender
        self._journal = journal
        self._clock = clock

    async def run(self, every: float = LOOK_SECONDS) -> None:
        """Look for ever; ends only by being cancelled. What cannot be stored is tried again at the next look."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                log.warning("promises cannot be looked at", error=str(error))
            await asyncio.sleep(every)

    async def look(self) -> int:
        """Tell of everything that is due now; returns of how many promises."""
        config, now = self._configuration()[1], self._clock.now()
        calendar, told = Calendar(config), 0
        for promise in await self._promises.due_until(now + HORIZON):
            if promise.due <= now:
                told += await self._escalate(config, promise, now)
            elif not promise.reminded and _to_be_reminded(config, calendar, promise, now):
                told += await self._remind(config, promise, now)
        if told:
            self._sender.wake()
        return told

    async def _remind(self, config: HotlineConfig, promise: DuePromise, now: datetime) -> bool:
        mails = self._write(config, promise, _reminded(config, promise, now), Occasion.REMINDER)
        done = await self._journal.now(partial(self._promises.remind, promise.id, promise.due, now, mails))
        if done:
            log.info("case worker reminded", mails=len(mails))
        return bool(done)

    async def _escalate(self, config: HotlineConfig, promise: DuePromise, now: datetime) -> bool:
        mails = self._write(config, promise, _escalated(config, promise, now), Occasion.OVERDUE)
        done = await self._journal.now(partial(self._promises.escalate, promise.id, promise.due, now, mails))
        if done:
            log.warning("promise not kept in time", mails=len(mails))
        return bool(done)

    def _write(
        self, config: HotlineConfig, promise: DuePromise, recipients: list[str], occasion: Occasion
    ) -> list[NewMail]:
        return [
            self._mails.write(config, recipient, promise.id, promise, occasion, promise.holder)
            for recipient in recipients
        ]


def _to_be_reminded(config: HotlineConfig, calendar: Calendar, promise: DuePromise, now: datetime) -> bool:
    hours = config.promises.remind_hours
    if not hours:
        return False
    moment = calendar.before(promise.due, hours)
    return promise.since < moment <= now


def _reminded(config: HotlineConfig, promise: DuePromise, now: datetime) -> list[str]:
    """Whoever is to answer, and who stands in for them today."""
    holder = promise.responsible_email
    if holder is None:
        return []
    today = _day(config, now)
    stands_in = deputy(config, holder, today) if absent(config, holder, today) else None
    return _once(holder, stands_in.email if stands_in else None)


def _escalated(config: HotlineConfig, promise: DuePromise, now: datetime) -> list[str]:
    """The deputy who is there today, and the lead; the team mailbox when there is neither."""
    holder = promise.responsible_email
    stands_in = deputy(config, holder, _day(config, now)) if holder is not None else None
    told = _once(stands_in.email if stands_in else None, config.mail.lead_mailbox)
    return told or [config.mail.team_mailbox]


def _once(*addresses: str | None) -> list[str]:
    return list(dict.fromkeys(address for address in addresses if address is not None))


def _day(config: HotlineConfig, at: datetime) -> date:
    return at.astimezone(ZoneInfo(config.hotline.timezone)).date()
