"""Calls that are meant for a certain agent: rung there before anybody in the line, and awaited there for a moment.

So a caller gets back whom the talk broke off with, or who was asked for in a transfer, or whose page is just loaded
anew while it rings.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from agents.presence import Bar, Work
from config.schema import PhoneKind
from hotline.clock import Clock
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Offer, Phase, Wish
from hotline.exchange.offers import Offers
from hotline.exchange.seats import Seat, Seats
from hotline.exchange.wake_up import MOMENT

log = structlog.get_logger()

RETURN_SECONDS = 10.0
"""How long a telephone may take to come back, and how long it rings then, after a leg was lost (design, step 7)."""
RELOAD_SECONDS = 4.0
"""How long a call waits for a page that was loaded anew while it rang."""
PAUSE_SECONDS = 1.0
"""A telephone that could not be rung although it is registered, as when its page is just being left, is tried again
after this."""


class Board(Protocol):
    """What is needed of the switchboard."""

    def offer_to(self, call: Call, seat: Seat, ring_seconds: float, wish: Wish | None = None) -> None: ...

    def enter_line(self, call: Call) -> None: ...

    def rematch(self) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None: ...


class Wishes:
    def __init__(self, seats: Seats, offers: Offers, book: Book, clock: Clock, board: Board) -> None:
        self._seats = seats
        self._offers = offers
        self._book = book
        self._clock = clock
        self._board = board
        self._meant: dict[str, Call] = {}
        """Calls that wait for their agent, by id."""

    def direct(self, call: Call, wishes: list[Wish]) -> None:
        """These agents, one after the other, are to get the call; when none can be had, it is the next of the line."""
        call.front, call.wishes, call.phase = True, wishes, Phase.LOST
        call.forget_offer()
        self._meant[call.id] = call
        for wish in wishes:
            self._board.spawn(self._look_again(call, wish.until))
        self._board.rematch()

    def agent_lost(self, call: Call) -> None:
        """The agent's leg vanished in mid-talk: the same agent is rung again, else the next of the line."""
        if call.phase is not Phase.TALKING or call.agent is None:
            return
        now, seat = self._clock.now(), self._seats[call.agent]
        self._book.noted(call, now, "agent_lost", seat.agent.name)
        log.warning("an agent's leg was lost, the agent is rung again", call=call.id, agent=seat.agent.name)
        seat.presence = seat.presence.busy(Work.LOST, now)
        self.direct(call, [self.back_to(seat)])

    def back_to(self, seat: Seat) -> Wish:
        """The wish that this agent, who has talked with the caller, gets the call again."""
        until = self._clock.now() + timedelta(seconds=RETURN_SECONDS)
        return Wish(seat.agent.name, until, RETURN_SECONDS)

    # --- ringing them ------------------------------------------------------------------------

    def look(self) -> None:
        """Something has changed: perhaps an agent who is awaited can be rung."""
        for call in list(self._meant.values()):
            if call.id in self._meant:
                self.pursue(call)

    async def _look_again(self, call: Call, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self._clock.now()).total_seconds()) + MOMENT)
        if call.id in self._meant:
            self.pursue(call)

    def pursue(self, call: Call) -> None:
        """Ring the next agent the call is meant for; without any the caller goes into the line."""
        now = self._clock.now()
        while call.wishes:
            wish, seat = call.wishes[0], self._seats[call.wishes[0].agent]
            if seat.can_be_rung_for(call) and (wish.after is None or now >= wish.after):
                call.wishes.pop(0)
                self._meant.pop(call.id, None)
                return self._board.offer_to(call, seat, wish.ring_seconds, wish)
            if now < wish.until and seat.may_be_awaited_for(call):
                self._meant[call.id] = call
                call.phase = Phase.LOST
                return None
            call.wishes.pop(0)
            self._stop_waiting_for(call, seat)
        self._meant.pop(call.id, None)
        return self._board.enter_line(call)

    # --- a telephone that is gone for a moment -------------------------------------------------

    def await_back(self, call: Call, offer: Offer) -> bool:
        """The agent's telephone has gone while it rang; False when it is not to be waited for."""
        wish = self._again(offer)
        if wish is not None:
            self._postpone(call, offer, wish)
        return wish is not None

    def try_again(self, call: Call, offer: Offer) -> bool:
        """The agent's telephone could not be rung, and may be there: again in a moment, unless that is too late."""
        wish = self._again(offer)
        if wish is not None:
            self._postpone(call, offer, replace(wish, after=self._clock.now() + timedelta(seconds=PAUSE_SECONDS)))
        return wish is not None

    def _again(self, offer: Offer) -> Wish | None:
        """Why the agent is rung again whose telephone is gone; None when the time for that is over.

        A page that is loaded anew while it rings has its telephone back in a moment.
        """
        wish, now = offer.wish, self._clock.now()
        if wish is None and self._seats[offer.agent].agent.phone is PhoneKind.BROWSER:
            return Wish(offer.agent, now + timedelta(seconds=RELOAD_SECONDS), offer.ring_seconds)
        return wish if wish is not None and now < wish.until else None

    def _postpone(self, call: Call, offer: Offer, wish: Wish) -> None:
        self._offers.postpone(offer)
        call.wishes.insert(0, wish)
        for at in (wish.after, wish.until):
            if at is not None:
                self._board.spawn(self._look_again(call, at))

    # --- nobody in particular any more ---------------------------------------------------------

    def forget(self, call: Call) -> None:
        """Whoever was awaited for this call is not any more."""
        wishes = call.wishes
        self.drop(call)
        for wish in wishes:
            self._stop_waiting_for(call, self._seats[wish.agent])

    def drop(self, call: Call) -> None:
        """The caller has left: who has it on the screen is still to write it up."""
        self._meant.pop(call.id, None)
        call.wishes = []

    def _stop_waiting_for(self, call: Call, seat: Seat) -> None:
        if seat.call is call and seat.presence.work is Work.LOST:
            seat.call = None
            seat.presence = seat.presence.barred(Bar.PHONE_GONE, self._clock.now())
