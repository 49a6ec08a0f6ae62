"""What is written about calls, in the order in which it happened: the switchboard's words for the ledger."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from hotline.exchange.calls import Call, Offer
from hotline.exchange.journal import Journal
from hotline.storage.familiar import Familiar
from hotline.storage.ledger import Ledger
from hotline.storage.views import Earlier

log = structlog.get_logger()

COUNTS_SECONDS = 1.0
"""How long the counts of earlier calls may take before the pop does without them."""


class Book:
    """Nothing here ever fails a call: see hotline/exchange/journal.py for what a silent database means."""

    def __init__(self, journal: Journal, ledger: Ledger) -> None:
        self._journal = journal
        self._ledger = ledger

    async def arrived(self, call: Call) -> None:
        """Stored before the caller is answered, if the database answers at all."""
        start = (call.id, call.arrived_at, call.channel, call.gateway, call.caller, call.version)
        await self._journal.soon(partial(self._ledger.call_started, *start))

    async def taken_back(self, call: Call, waiting_since: datetime) -> None:
        """A caller who never met us comes from the fallback; entered already, when the import was faster."""
        start = (call.id, call.arrived_at, call.channel, call.gateway, call.caller, call.version)
        await self._journal.soon(partial(self._ledger.call_started, *start, fallback=True))
        self.joined(call, waiting_since)

    def requested(self, call: Call, request_type: str, at: datetime) -> None:
        self._journal.later(partial(self._ledger.request_type_set, call.id, request_type, at=at))

    def joined(self, call: Call, at: datetime) -> None:
        self._journal.later(partial(self._ledger.joined_line, call.id, at))

    async def earlier(self, call: Call) -> Earlier:
        """Counts of earlier calls of the number; none when they cannot be had in time."""
        try:
            async with asyncio.timeout(COUNTS_SECONDS):
                return await self._ledger.earlier(call.caller, call.id)
        except Exception as error:
            log.warning("earlier calls not counted", call=call.id, error=type(error).__name__)
            return Earlier()

    async def familiar(self, call: Call) -> list[Familiar]:
        """Which agents know the caller's number, by the call's own configuration; none when it takes too long."""
        rule = call.config.distribution.same_agent
        if rule is None or call.caller is None:
            return []
        since = call.arrived_at - timedelta(days=rule.number_days) if rule.number_days else None
        try:
            async with asyncio.timeout(COUNTS_SECONDS):
                return await self._ledger.familiar(call.caller, call.id, promise=rule.promise, since=since)
        except Exception as error:
            log.warning("nobody is preferred", call=call.id, error=type(error).__name__)
            return []

    def language(self, call: Call, key: str, at: datetime) -> None:
        self._journal.later(partial(self._ledger.language_chosen, call.id, key, at))

    def household_number(self, call: Call, digits: str) -> None:
        self._journal.later(partial(self._ledger.household_number, call.id, digits))

    def offered(self, offer: Offer) -> "asyncio.Future[Any]":
        """Queued at once; `begun` waits for it."""
        return self._journal.begin(partial(self._ledger.offer_made, offer.id, offer.call_id, offer.agent, offer.at))

    async def begun(self, stored: "asyncio.Future[Any]") -> None:
        await self._journal.begun(stored)

    def shown(self, offer: Offer, at: datetime) -> None:
        self._journal.later(partial(self._ledger.offer_shown, offer.id, at))

    def offer_closed(self, offer: Offer, at: datetime) -> None:
        if offer.end is not None:
            self._journal.later(partial(self._ledger.offer_closed, offer.id, at, offer.end.value))

    def answered(self, call: Call, agent: str, at: datetime) -> None:
        self._journal.later(partial(self._ledger.answered, call.id, agent, at))

    def talk_ended(self, call: Call, at: datetime) -> None:
        self._journal.later(partial(self._ledger.talk_ended, call.id, at))

    def noted(self, call: Call, at: datetime, kind: str, agent: str | None, **codes: str) -> None:
        """Something that has no column of its own."""
        self._journal.later(partial(self._ledger.note, call.id, at, kind, agent=agent, **codes))

    def ended(self, call: Call, at: datetime, how: str) -> None:
        self._journal.later(partial(self._ledger.call_ended, call.id, at, how))
