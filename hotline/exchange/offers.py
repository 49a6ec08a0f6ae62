"""Offers: a call is offered to one agent, stored and shown before it rings, and is taken or not."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from agents.presence import Bar, Work
from hotline.clock import Clock
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Calls, Offer, OfferEnd, Wish
from hotline.exchange.durations import Durations
from hotline.exchange.seats import Seat, Seats

log = structlog.get_logger()

SHOWN_BOUNDS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
"""A desk phone waits 0.3 s for the page; `distribution.screen_seconds` is 1 s unless set, and 5 s at most."""
_BARS = {
    OfferEnd.MISSED: Bar.MISSED,
    OfferEnd.REJECTED: Bar.REJECTED,
    OfferEnd.STALE: Bar.STALE_SCREEN,
    OfferEnd.GONE: Bar.PHONE_GONE,
}


class Offers:
    """The open offers, at most one per agent: each stands on its agent's seat."""

    def __init__(self, seats: Seats, calls: Calls, book: Book, clock: Clock, changed: Callable[[], None]) -> None:
        self._seats = seats
        self._calls = calls
        self._book = book
        self._clock = clock
        self._changed = changed
        self.shown_after = Durations(SHOWN_BOUNDS)
        """From the decision for an agent until the agent's page has said that it shows the call, seconds."""

    def make(self, call: Call, seat: Seat, ring_seconds: float, now: datetime, wish: Wish | None = None) -> Offer:
        """The call is this agent's from now on, be it to take it or to be consulted about it."""
        offer = Offer(secrets.token_hex(8), call.id, seat.agent.name, now, ring_seconds, wish)
        offer.decided_at = _loop_time()
        seat.call, seat.offer = call, offer
        seat.presence = seat.presence.busy(Work.OFFERED, now)
        return offer

    def store(self, offer: Offer) -> "asyncio.Future[Any]":
        """Queued at once, so that the ledger has offers in the order in which they were made."""
        return self._book.offered(offer)

    async def show(self, call: Call, offer: Offer, stored: "asyncio.Future[Any]", push: Callable[[], None]) -> bool:
        """Once it is stored, `push` it and wait for the page's word; False when the screen is stale."""
        await self._book.begun(stored)
        if not offer.open:
            return True
        offer.stored = True
        if not self._seats[offer.agent].presence.needs_screen:
            offer.news.set()  # it rings without a page: nothing to wait for
        push()
        try:
            async with asyncio.timeout(call.config.distribution.screen_seconds):
                await offer.news.wait()
        except TimeoutError:
            return False
        return True

    def find(self, agent: str, offer_id: str) -> tuple[Call, Offer] | None:
        """The agent's open offer with that id."""
        seat = self._seats[agent]
        if seat.offer is None or seat.call is None or seat.offer.id != offer_id or not seat.offer.open:
            return None
        return seat.call, seat.offer

    def shown(self, agent: str, offer_id: str) -> None:
        """The agent's page has rendered the pop of this offer."""
        found = self.find(agent, offer_id)
        if found is not None and not found[1].shown:
            found[1].shown = True
            found[1].news.set()
            self.shown_after.add(_loop_time() - found[1].decided_at)
            self._book.shown(found[1], self._clock.now())

    def close(self, offer: Offer, end: OfferEnd) -> None:
        """The offer is over; unless it was answered the agent is free of the call, and barred when it was missed."""
        now, seat = self._clock.now(), self._end(offer, end)
        if end is OfferEnd.ANSWERED:
            return
        seat.call = None
        seat.presence = (
            seat.presence.barred(_BARS[end], now) if end in _BARS else seat.presence.free(now, keep_idle=True)
        )
        self._changed()

    def postpone(self, offer: Offer) -> None:
        """The telephone has gone while it rang: the call stays the agent's, who is rung again, and not to blame."""
        seat = self._end(offer, OfferEnd.WITHDRAWN)
        seat.presence = seat.presence.busy(Work.LOST, self._clock.now())
        seat.touch()

    def _end(self, offer: Offer, end: OfferEnd) -> Seat:
        seat = self._seats[offer.agent]
        offer.end = end
        offer.news.set()
        seat.offer = None
        self._book.offer_closed(offer, self._clock.now())
        if end is not OfferEnd.ANSWERED:
            log.info("offer not taken", call=offer.call_id, agent=offer.agent, end=end.value)
        return seat


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
