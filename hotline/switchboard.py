"""The one place where callers and agents meet: the line, offers, answers, and who is free again.

Every method runs in the event loop and changes the state without awaiting in between, so that no two
events see a half-done change; what must be stored first is awaited before the state goes on.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Protocol

import structlog

from agents.presence import Bar, Intent, Work
from hotline.book import Book
from hotline.calls import Call, Calls, Leg, Offer, OfferEnd, Phase
from hotline.clock import Clock
from hotline.duty import Duty
from hotline.seats import Seat, Seats
from routing.line import Line
from routing.matcher import FreeAgent, Match, match

log = structlog.get_logger()

_BARS = {
    OfferEnd.MISSED: Bar.MISSED,
    OfferEnd.REJECTED: Bar.REJECTED,
    OfferEnd.STALE: Bar.STALE_SCREEN,
    OfferEnd.GONE: Bar.PHONE_GONE,
}


class Controls(Protocol):
    """What the switchboard needs of Asterisk's manager interface."""

    async def hang_up(self, channel: str) -> None: ...


class Switchboard:
    def __init__(self, seats: Seats, book: Book, clock: Clock, controls: Controls) -> None:
        self.seats = seats
        self.line = Line()
        self.calls = Calls()
        self.duty = Duty(seats)
        self._book = book
        self._clock = clock
        self._controls = controls
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the caller's side -------------------------------------------------------------------

    async def arrived(self, call: Call) -> None:
        """Enter a new call into the ledger, and keep it."""
        self.calls.add(call)
        await self._book.arrived(call)

    def join(self, call: Call, request_type: str) -> None:
        """Put a caller into the line; a second time, or after a missed offer, at the original place."""
        now = self._clock.now()
        call.request = call.config.request_type(request_type)
        self._book.requested(call, request_type, now)
        if call.joined_at is None:
            call.joined_at = now
            self._book.joined(call, now)
            self._spawn(self._count_earlier(call))
        self._enter_line(call)

    async def _count_earlier(self, call: Call) -> None:
        """For the pop: how often this number has called; the call does not wait for it."""
        earlier = await self._book.earlier(call)
        call.earlier_calls, call.open_promises = earlier.calls, earlier.open_promises
        if call.agent is not None:
            self.seats[call.agent].touch()

    def _enter_line(self, call: Call, *, front: bool = False) -> None:
        if call.over.is_set() or call.request is None or call.joined_at is None:
            return
        call.phase = Phase.WAITING
        if call.id not in self.line:
            self.line.join(call.id, call.request.skill, call.joined_at, front=front)
        self.rematch()

    def leave_line(self, call: Call) -> None:
        """The caller chose a callback: nobody is offered this call any more."""
        self._take_out(call)
        call.phase = Phase.MENU

    def _take_out(self, call: Call) -> None:
        """Out of the line; an agent who is being rung for the call is free again, without blame."""
        self.line.leave(call.id)
        if call.offer is not None and call.offer.open:
            self._close_offer(call, call.offer, OfferEnd.CALLER_LEFT)
            self._hang_up_leg(call)
            call.forget_talk()
        self.rematch()

    def position(self, call: Call) -> int:
        """1 for the next caller among those whom the same agents can serve."""
        return self.line.position(call.id) if call.id in self.line else 1

    def household_number(self, call: Call, digits: str) -> None:
        """The caller has entered the number of the Bedarfsgemeinschaft."""
        call.household_number = digits
        self._book.household_number(call, digits)

    def nobody_ready_for(self, call: Call) -> float:
        """Seconds for which nobody with the call's skill has been on duty; 0 while somebody is."""
        if call.request is None or call.joined_at is None:
            return 0.0
        return self.duty.nobody_for(call.request.skill, call.joined_at, self._clock.now())

    def unserved(self, besides: Seat | None = None) -> int:
        """How many callers wait, or ring at `besides`, for whom nobody (else) is on duty."""
        skills = [waiting.skill for waiting in self.line.waiting()]
        ringing = besides.call if besides is not None else None
        if ringing is not None and ringing.phase is Phase.OFFERED and ringing.request is not None:
            skills.append(ringing.request.skill)
        return self.duty.unserved(skills, self._clock.now(), besides)

    # --- matching and offers -----------------------------------------------------------------

    def rematch(self) -> None:
        """Offer waiting calls to free agents; called after every change that could make a match."""
        self.duty.look(self._clock.now())
        free = [
            FreeAgent(
                seat.agent.name,
                frozenset(seat.agent.skills),
                seat.presence.idle_since or seat.presence.since,
            )
            for seat in self.seats.available()
        ]
        for found in match(self.line, free) if free else ():
            self._begin_offer(found)
        self.seats.touch_all()

    def _begin_offer(self, found: Match) -> None:
        call, seat, now = self.calls[found.call_id], self.seats[found.agent], self._clock.now()
        self.line.leave(call.id)
        offer = Offer(secrets.token_hex(8), call.id, seat.agent.name, now)
        call.forget_talk()
        call.offer, call.phase, call.agent = offer, Phase.OFFERED, seat.agent.name
        seat.call = call
        seat.presence = seat.presence.busy(Work.OFFERED, now)
        self._spawn(self._show(call, seat, offer, self._book.offered(offer)))

    async def _show(self, call: Call, seat: Seat, offer: Offer, stored: "asyncio.Future[Any]") -> None:
        """Once stored, push the pop and let the caller's session dial; then expect the page's word."""
        await self._book.begun(stored)
        if not offer.open:
            return
        offer.stored = True
        seat.touch()
        call.agent_found.set()
        try:
            async with asyncio.timeout(call.config.distribution.screen_seconds):
                await offer.news.wait()
        except TimeoutError:
            await self.withdraw(call, offer, OfferEnd.STALE)

    def shown(self, agent: str, offer_id: str) -> None:
        """The agent's page has rendered the pop of this offer."""
        offer = self._open_offer(agent, offer_id)
        if offer is not None and not offer.shown:
            offer.shown = True
            offer.news.set()
            self._book.shown(offer, self._clock.now())

    async def reject(self, agent: str, offer_id: str) -> None:
        """The agent does not want this call: it goes to the next one."""
        offer = self._open_offer(agent, offer_id)
        if offer is not None:
            await self.withdraw(self.calls[offer.call_id], offer, OfferEnd.REJECTED)

    def _open_offer(self, agent: str, offer_id: str) -> Offer | None:
        call = self.seats[agent].call
        offer = call.offer if call is not None else None
        return offer if offer is not None and offer.id == offer_id and offer.open else None

    async def withdraw(self, call: Call, offer: Offer, end: OfferEnd) -> None:
        """Take an offer back while the phone rings; the caller's session notices and waits again."""
        if call.offer is offer and offer.open:
            self._close_offer(call, offer, end)
            self._hang_up_leg(call)

    def _hang_up_leg(self, call: Call) -> None:
        if call.leg is not None and not call.leg.over.is_set():
            self._spawn(self._controls.hang_up(call.leg.channel))

    def _close_offer(self, call: Call, offer: Offer, end: OfferEnd) -> None:
        now, seat = self._clock.now(), self.seats[offer.agent]
        offer.end = end
        offer.news.set()
        self._book.offer_closed(offer, now)
        if end is OfferEnd.ANSWERED:
            return
        seat.call = None
        seat.presence = (
            seat.presence.barred(_BARS[end], now) if end in _BARS else seat.presence.free(now, keep_idle=True)
        )
        log.info("offer not taken", call=call.id, agent=offer.agent, end=end.value)
        self.rematch()

    def not_taken(self, call: Call, end: OfferEnd) -> None:
        """The caller's session is back from dialling without an answer: the caller keeps the original place."""
        if call.offer is not None and call.offer.open:
            self._close_offer(call, call.offer, end)
        call.forget_talk()
        self._enter_line(call)

    # --- talking -----------------------------------------------------------------------------

    def dialling(self, call: Call, leg: Leg) -> None:
        """Asterisk rings the agent on this leg."""
        self.calls.add_leg(call, leg)
        if call.offer is None or not call.offer.open:
            self._hang_up_leg(call)

    def answered(self, call: Call, leg_unique: str | None = None) -> None:
        """The agent has picked up: the two are talking. News of a leg that is not the call's own is ignored."""
        offer = call.offer
        if offer is None or not offer.open:
            return
        if leg_unique is not None and (call.leg is None or call.leg.unique != leg_unique):
            return
        now = self._clock.now()
        call.phase, call.answered_at = Phase.TALKING, now
        seat = self.seats[offer.agent]
        seat.presence = seat.presence.busy(Work.TALKING, now)
        self._close_offer(call, offer, OfferEnd.ANSWERED)
        self._book.answered(call, offer.agent, now)
        log.info("answered", call=call.id, agent=offer.agent, waited=round(call.waited, 1))
        seat.touch()

    def leg_over(self, call: Call, unique: str, cause: int) -> None:
        """The agent's leg of this call is gone, for a Q.850 cause."""
        if call.leg is not None and call.leg.unique == unique:
            call.leg.cause = cause
            call.leg.over.set()
        self.calls.forget_leg(unique)

    def talk_ended(self, call: Call) -> None:
        """Caller or agent has hung up after talking: wrap-up begins, or ends at once when all is written."""
        if call.phase is not Phase.TALKING or call.agent is None:
            return
        now, seat = self._clock.now(), self.seats[call.agent]
        call.phase, call.talked_until = Phase.WRAP_UP, now
        call.wrap_up_until = now + timedelta(seconds=call.config.distribution.wrap_up_seconds)
        seat.presence = seat.presence.busy(Work.WRAP_UP, now)
        self._book.talk_ended(call, now)
        if call.disposed is not None:
            self.release(seat)
        seat.touch()

    def agent_lost(self, call: Call) -> None:
        """The agent's leg vanished in mid-talk: the caller goes to the front, the agent keeps nothing."""
        if call.phase is not Phase.TALKING or call.agent is None:
            return
        now, seat = self._clock.now(), self.seats[call.agent]
        self._book.noted(call, now, "agent_lost", call.agent)
        seat.call = None
        seat.presence = seat.presence.barred(Bar.PHONE_GONE, now)
        call.forget_talk()
        self._enter_line(call, front=True)

    def release(self, seat: Seat) -> None:
        """Wrap-up is done: the agent is free for the next call."""
        seat.call = None
        seat.presence = seat.presence.free(self._clock.now())
        self.rematch()

    # --- what agents want, and what machines tell of them ---------------------------------------

    def wanting(self, seat: Seat, intent: Intent, reason: str | None) -> None:
        """The agent has pressed ready, pause or home, and it is stored. Whoever says no is not rung on."""
        now = self._clock.now()
        seat.presence = seat.presence.wanting(intent, reason, now)
        log.info("intent", agent=seat.agent.name, intent=intent.value)
        if intent is not Intent.READY:
            self._withdraw_from(seat, OfferEnd.WITHDRAWN)
        self.rematch()

    def phone(self, seat: Seat, *, registered: bool, engaged: bool) -> None:
        """Whether Asterisk can ring this agent's phone, and whether it rings or talks."""
        if (seat.presence.registered, seat.presence.engaged) == (registered, engaged):
            return
        seat.presence = seat.presence.sensed(self._clock.now(), registered=registered, engaged=engaged)
        if not registered:
            self._withdraw_from(seat, OfferEnd.GONE)
        self.rematch()

    def _withdraw_from(self, seat: Seat, end: OfferEnd) -> None:
        call = seat.call
        if call is not None and call.offer is not None:
            self._spawn(self.withdraw(call, call.offer, end))

    def screens(self, seat: Seat, screens: set[str]) -> None:
        """Which pages of this agent are open."""
        seat.screens = screens
        seat.presence = seat.presence.sensed(self._clock.now(), screens=len(screens))
        self.rematch()

    # --- the end -----------------------------------------------------------------------------

    def session_over(self, call: Call) -> None:
        """The caller's session with us is over, although the channel may live on: nobody is rung for it."""
        if not call.over.is_set() and call.phase in {Phase.WAITING, Phase.OFFERED}:
            self._take_out(call)

    def over(self, call: Call, how: str | None = None) -> None:
        """Asterisk says that the caller's channel is gone: the one true end of a call."""
        if call.over.is_set():
            return
        call.over.set()
        how = how or self._how_it_ended(call)
        self.line.leave(call.id)
        if call.offer is not None and call.offer.open:
            self._close_offer(call, call.offer, OfferEnd.CALLER_LEFT)
        self.talk_ended(call)
        if call.phase is not Phase.WRAP_UP:
            call.phase = Phase.OVER
        self.calls.remove(call)
        self._book.ended(call, self._clock.now(), how)
        log.info("call over", call=call.id, how=how)
        self.rematch()

    @staticmethod
    def _how_it_ended(call: Call) -> str:
        if call.end_reason is not None:
            return call.end_reason
        return "talked" if call.answered_at is not None else f"left_{call.phase.value}"

    async def close(self) -> None:
        """End our own tasks; calls go on in Asterisk."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
