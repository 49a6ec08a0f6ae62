"""The one place where callers and agents meet: the line, who gets whom, answers, and who is free again.

Every method runs in the event loop and changes the state without awaiting in between, so that no two
events see a half-done change; what must be stored first is awaited before the state goes on.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from agents.presence import Work
from hotline.clock import Clock
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Calls, Leg, Offer, OfferEnd, Phase, Wish
from hotline.exchange.duty import Duty
from hotline.exchange.offers import Offers
from hotline.exchange.progress import Progress
from hotline.exchange.same_agent import SameAgent
from hotline.exchange.seats import Seat, Seats
from hotline.exchange.staff import Staff
from hotline.exchange.wake_up import WakeUp
from hotline.exchange.wishes import Wishes
from hotline.exchange.wrap_ups import WrapUps
from hotline.logs import log_failure
from routing.line import Line
from routing.matcher import FreeAgent, match, next_change

log = structlog.get_logger()


class Controls(Protocol):
    """What the switchboard needs of Asterisk's manager interface."""

    async def hang_up(self, channel: str) -> None: ...

    async def mirror(self, agent: str, ready: bool) -> None: ...


class Places(Protocol):
    """Callbacks that keep their place in the line; see hotline/exchange/places.py."""

    def look(self) -> bool: ...

    def offered(self, entry: str, agent: str) -> None: ...

    def answered(self, call: Call) -> None: ...

    def shift(self, delta: timedelta) -> None: ...

    def waiting(self, places: Mapping[str, int]) -> list[dict[str, Any]]: ...


class Switchboard:
    def __init__(self, seats: Seats, book: Book, clock: Clock, controls: Controls) -> None:
        self.seats = seats
        self.line = Line()
        self.calls = Calls()
        self.duty = Duty(seats, self.line, self.calls, clock)
        self.progress = Progress(self.line, self.calls)
        self.same_agent = SameAgent(seats, self.line, book)
        self.offers = Offers(seats, self.calls, book, clock, self.rematch)
        self.announcement: str | None = None
        """The prompt of what all callers are to hear now: after the greeting, or once while they wait."""
        self._book = book
        self._clock = clock
        self._controls = controls
        self.places: Places | None = None
        """Set once they are there: entries of the line that are no calls are theirs."""
        self.wishes = Wishes(seats, self.offers, book, clock, self)
        self.wrap_ups = WrapUps(seats, self.calls, book, clock, self)
        self.staff = Staff(seats, self.wishes, clock, controls, self)
        self.wake_up = WakeUp(clock, self.rematch)
        """For what time alone changes in the line."""
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the caller's side -------------------------------------------------------------------

    async def arrived(self, call: Call) -> None:
        """Enter a new call into the ledger, and keep it; who knows the caller is looked up beside."""
        self.calls.add(call)
        self.spawn(self.same_agent.look_up(call))
        await self._book.arrived(call)

    def join(self, call: Call, request_type: str) -> None:
        """Put a caller into the line; a second time, or after a missed offer, at the original place."""
        now = self._clock.now()
        call.request = call.config.request_type(request_type)
        self._book.requested(call, request_type, now)
        if call.joined_at is None:
            call.joined_at = now
            self._book.joined(call, now)
        if call.earlier_calls is None:
            self.spawn(self._count_earlier(call))
        self.enter_line(call)

    async def _count_earlier(self, call: Call) -> None:
        """For the pop: how often this number has called; the call does not wait for it."""
        earlier = await self._book.earlier(call)
        call.earlier_calls, call.open_promises, call.people = earlier.calls, earlier.open_promises, earlier.people
        if call.agent is not None:
            self.seats[call.agent].touch()

    def enter_line(self, call: Call) -> None:
        """Anybody may get the call: it waits at its place, or before all others."""
        self._dismiss_giver(call)
        if call.over.is_set() or call.request is None or call.joined_at is None:
            return
        if call.offer is not None and call.offer.open:  # its session broke off before it could be dialled
            self.offers.close(call.offer, OfferEnd.WITHDRAWN)
            self.hang_up(call.leg)
        call.phase = Phase.WAITING
        if call.id not in self.line:
            second_at = call.joined_at + timedelta(seconds=call.config.distribution.second_choice_after_seconds)
            preferred = self.same_agent.preferred(call, self._clock.now())
            place = (call.id, call.request.skill, call.joined_at)
            self.line.join(*place, front=call.front, preferred=preferred, second_at=second_at)
        self.rematch()

    def leave_line(self, call: Call) -> None:
        """The caller chose a callback: nobody is offered this call any more."""
        self.progress.gone(call, self._clock.now())
        self._take_out(call)
        call.phase = Phase.MENU

    def _take_out(self, call: Call) -> None:
        """Out of the line; an agent who is being rung for the call is free again, without blame."""
        self.line.leave(call.id)
        self.wishes.forget(call)
        if call.offer is not None and call.offer.open:
            self.offers.close(call.offer, OfferEnd.CALLER_LEFT)
            self.hang_up(call.leg)
            call.forget_talk()
        self.rematch()

    def language(self, call: Call, key: str) -> None:
        """The caller goes on in that language (a key of `languages`)."""
        call.language = key
        self._book.language(call, key, self._clock.now())

    def household_number(self, call: Call, digits: str) -> None:
        """The caller has entered the number of the Bedarfsgemeinschaft."""
        call.household_number = digits
        self._book.household_number(call, digits)

    # --- matching and offers -----------------------------------------------------------------

    def rematch(self) -> None:
        """Offer waiting calls to free agents; called after every change that could make a match."""
        now = self._clock.now()
        self.duty.look()
        self._look_at_places()
        self.wrap_ups.look()
        self.wishes.look()
        self.same_agent.release(now)
        free = [_free_agent(seat) for seat in self.seats.available()]
        for found in match(self.line, free, now) if free else ():
            self._found(found.call_id, self.seats[found.agent])
        self.wake_up.set(next_change(self.line, now))
        self.seats.touch_all()

    def _look_at_places(self) -> None:
        """Whatever may be wrong with a callback: callers go on."""
        if self.places is None:
            return
        try:
            self.places.look()
        except Exception as error:
            log_failure("places in the line were not looked at", "", error)

    def _found(self, entry: str, seat: Seat) -> None:
        """An agent for whoever stands in the line there: a caller, or a callback that keeps its place."""
        matched = self.calls.get(entry)
        if matched is not None:
            matched.forget_talk()
            self.offer_to(matched, seat, matched.config.distribution.ring_seconds)
            return
        self.line.leave(entry)
        if self.places is not None:
            self.places.offered(entry, seat.agent.name)

    @property
    def waiting(self) -> int:
        """How many callers are in the line: places that are kept for a callback are not counted."""
        return sum(one.call_id in self.calls for one in self.line.waiting())

    def offer_to(self, call: Call, seat: Seat, ring_seconds: float, wish: Wish | None = None) -> None:
        """This agent is to take the call, and nobody else meanwhile."""
        self.line.leave(call.id)
        call.forget_offer()
        offer = self.offers.make(call, seat, ring_seconds, self._clock.now(), wish)
        call.offer, call.phase, call.agent = offer, Phase.OFFERED, seat.agent.name
        self.spawn(self._show(call, seat, offer, self.offers.store(offer)))

    async def _show(self, call: Call, seat: Seat, offer: Offer, stored: "asyncio.Future[Any]") -> None:
        """Once stored, push the pop and let the caller's session dial; then expect the page's word."""

        def push() -> None:
            seat.touch()
            call.agent_found.set()

        if not await self.offers.show(call, offer, stored, push):
            await self.withdraw(call, offer, OfferEnd.STALE)
        elif offer.end is not None and not offer.stored and call.offer is offer and not call.over.is_set():
            self.not_taken(call, offer.end)  # over before the caller's session was told of it

    async def reject(self, agent: str, offer_id: str) -> None:
        """The agent does not want this call: it goes to the next one."""
        found = self.offers.find(agent, offer_id)
        if found is not None:
            await self.withdraw(*found, OfferEnd.REJECTED)

    async def withdraw(self, call: Call, offer: Offer, end: OfferEnd) -> None:
        """Take an offer back while the phone rings; who waits for the answer notices and goes on."""
        if not offer.open:
            return
        consulted = call.transfer is not None and call.transfer.offer is offer
        leg = call.transfer.leg if call.transfer is not None and consulted else call.leg
        self.offers.close(offer, end)
        self.hang_up(leg)

    def hang_up(self, leg: Leg | None) -> None:
        """End an agent's leg, if there is one: on purpose, so that it does not count as lost."""
        if leg is not None and not leg.over.is_set():
            leg.dismissed = True
            self.spawn(self._controls.hang_up(leg.channel))

    def not_taken(self, call: Call, end: OfferEnd) -> None:
        """The caller's session is back from dialling without an answer: the caller keeps the original place."""
        offer = call.offer
        if offer is not None and offer.open:
            again = end is OfferEnd.GONE and self.wishes.try_again(call, offer)
            if not again:
                self.offers.close(offer, end)
        call.forget_offer()
        self.wishes.pursue(call)

    def _dismiss_giver(self, call: Call) -> None:
        """Somebody else has the call now: whoever handed it on is free."""
        giver, call.giver = call.giver, None
        if giver is not None and giver != call.agent and self.seats[giver].call is call:
            self.release(self.seats[giver])

    # --- talking -----------------------------------------------------------------------------

    def dialling(self, call: Call, leg: Leg) -> None:
        """Asterisk rings somebody on this leg for the caller. News of a leg that is known already is old news."""
        if call.leg is not None and call.leg.unique == leg.unique:
            return
        self.calls.add_leg(call, leg)
        call.leg = leg
        if call.phase is not Phase.OUTSIDE and (call.offer is None or not call.offer.open):
            self.hang_up(leg)

    def answered(self, call: Call, leg_unique: str | None = None) -> None:
        """The agent has picked up: the two are talking. News of a leg that is not the call's own is ignored."""
        offer = call.offer
        if offer is None or not offer.open:
            return
        if leg_unique is not None and (call.leg is None or call.leg.unique != leg_unique):
            return
        self.offers.close(offer, OfferEnd.ANSWERED)
        if offer.wish is None and call.answered_at is None:
            self.progress.taken(call, offer.at)
        call.wishes = []
        self.with_agent(call, self.seats[offer.agent])

    def with_agent(self, call: Call, seat: Seat) -> None:
        """From now on this agent talks with the caller."""
        now = self._clock.now()
        call.phase, call.agent, call.spoke_with = Phase.TALKING, seat.agent.name, seat.agent.name
        call.answered_at = call.answered_at or now
        seat.presence = seat.presence.busy(Work.TALKING, now)
        self._book.answered(call, seat.agent.name, now)
        log.info("answered", call=call.id, agent=seat.agent.name, waited=round(call.waited, 1))
        if self.places is not None:
            self.places.answered(call)
        self._dismiss_giver(call)
        seat.touch()

    def leg_over(self, call: Call, unique: str, cause: int) -> None:
        """An agent's leg of this call is gone, for a Q.850 cause."""
        if call.leg is not None and call.leg.unique == unique:
            call.leg.cause = cause
            call.leg.over.set()
        self.calls.forget_leg(unique)

    def talk_ended(self, call: Call) -> None:
        """Caller or agent has hung up after talking: wrap-up begins, or ends at once when all is written."""
        if call.phase is not Phase.TALKING or call.agent is None:
            return
        now = self._clock.now()
        call.talked_until = now
        self._book.talk_ended(call, now)
        self.wrap_ups.begin(call, self.seats[call.agent])

    def release(self, seat: Seat) -> None:
        """The agent has nothing to do with a call any more: free for the next one."""
        seat.call = None
        seat.presence = seat.presence.free(self._clock.now())
        self.rematch()

    def clock_stepped(self, delta: timedelta) -> None:
        """Business time has jumped: everybody has waited, rung and talked as long as before."""
        for call in {*self.calls, *(seat.call for seat in self.seats if seat.call is not None)}:
            call.shift(delta)
        for seat in self.seats:
            seat.shift(delta)
        self.line.shift(delta)
        self.progress.shift(delta)
        if self.places is not None:
            self.places.shift(delta)
        self.duty.shift(delta)
        self.rematch()

    # --- the end -----------------------------------------------------------------------------

    def session_over(self, call: Call, *, hung_up: bool = False) -> None:
        """The caller's session with us is over: nobody is rung for it. The channel may live on, if not `hung_up`."""
        if call.over.is_set() or call.phase not in {Phase.WAITING, Phase.OFFERED, Phase.LOST}:
            return
        if not hung_up:
            self._take_out(call)
            call.phase = Phase.WAITING
            return
        writer, rings = self.wrap_ups.writer_of(call), call.offer is not None and call.offer.open
        self._let_go(call)
        if rings:
            self.hang_up(call.leg)
        if writer is not None:
            self.wrap_ups.begin(call, writer)
        self.rematch()

    def over(self, call: Call, how: str | None = None, at: datetime | None = None) -> None:
        """Asterisk says that the caller's channel is gone: the one true end of a call."""
        if call.over.is_set():
            return
        call.over.set()
        how, writer = how or self._how_it_ended(call), self.wrap_ups.writer_of(call)
        call.giver = None
        self._let_go(call)
        self.talk_ended(call)
        if writer is not None:
            self.wrap_ups.begin(call, writer)
        if call.phase is not Phase.WRAP_UP:
            call.phase = Phase.OVER
        self.calls.remove(call)
        self._book.ended(call, at or self._clock.now(), how)
        log.info("call over", call=call.id, how=how)
        self.rematch()

    def _let_go(self, call: Call) -> None:
        """Nobody is sought, awaited or rung any more for a caller who has left."""
        if call.phase in {Phase.WAITING, Phase.OFFERED} and call.answered_at is None:
            self.progress.gone(call, self._clock.now())
        self.line.leave(call.id)
        self.wishes.drop(call)
        if call.offer is not None and call.offer.open:
            self.offers.close(call.offer, OfferEnd.CALLER_LEFT)

    @staticmethod
    def _how_it_ended(call: Call) -> str:
        if call.end_reason is not None:
            return call.end_reason
        return "talked" if call.answered_at is not None else f"left_{call.phase.value}"

    async def close(self) -> None:
        """End our own tasks; calls go on in Asterisk."""
        self.wake_up.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; ended by `close`."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _free_agent(seat: Seat) -> FreeAgent:
    agent, idle_since = seat.agent, seat.presence.idle_since or seat.presence.since
    return FreeAgent(agent.name, frozenset(agent.skills), idle_since, frozenset(agent.second_choice))
