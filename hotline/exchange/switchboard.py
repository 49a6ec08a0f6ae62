"""The one place where callers and agents meet: the line, who gets whom, answers, and who is free again.

Every method runs in the event loop and changes the state without awaiting in between, so that no two
events see a half-done change; what must be stored first is awaited before the state goes on.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from agents.presence import Bar, Intent, Work
from config.schema import Agent, PhoneKind
from hotline.clock import Clock
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Calls, Leg, Offer, OfferEnd, Phase, Wish
from hotline.exchange.duty import Duty
from hotline.exchange.offers import Offers
from hotline.exchange.progress import Progress
from hotline.exchange.same_agent import SameAgent
from hotline.exchange.seats import Seat, Seats
from hotline.exchange.wake_up import MOMENT, WakeUp
from hotline.logs import log_failure
from routing.line import Line
from routing.matcher import FreeAgent, match, next_change

log = structlog.get_logger()

RETURN_SECONDS = 10.0
"""How long a telephone may take to come back, and how long it rings then, after a leg was lost (design, step 7)."""

RELOAD_SECONDS = 4.0
"""How long a call waits for a page that was loaded anew while it rang."""
PAUSE_SECONDS = 1.0
"""A telephone that could not be rung although it is registered, as when its page is just being left, is tried again
after this."""
UNSEEN_SECONDS = 1.0
"""So often it is looked whether a wrap-up still has a page, once its time is over."""


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
        self.duty = Duty(seats)
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
        self._meant: dict[str, Call] = {}
        """Calls that are meant for a certain agent, by id."""
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
        self._enter_line(call)

    async def _count_earlier(self, call: Call) -> None:
        """For the pop: how often this number has called; the call does not wait for it."""
        earlier = await self._book.earlier(call)
        call.earlier_calls, call.open_promises, call.people = earlier.calls, earlier.open_promises, earlier.people
        if call.agent is not None:
            self.seats[call.agent].touch()

    def _enter_line(self, call: Call) -> None:
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
        self._forget_wishes(call)
        if call.offer is not None and call.offer.open:
            self.offers.close(call.offer, OfferEnd.CALLER_LEFT)
            self.hang_up(call.leg)
            call.forget_talk()
        self.rematch()

    def position(self, call: Call) -> int:
        """1 for the next caller among those whom the same agents can serve."""
        return self.progress.position(call)

    def expected_wait(self, call: Call) -> float | None:
        """Seconds until it is the caller's turn, by the pace of the last half hour; None when too little is known."""
        return self.progress.expected(call, self._clock.now())

    def language(self, call: Call, key: str) -> None:
        """The caller goes on in that language (a key of `languages`)."""
        call.language = key
        self._book.language(call, key, self._clock.now())

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
        skills = [waiting.skill for waiting in self.line.waiting() if waiting.call_id in self.calls]
        ringing = besides.call if besides is not None else None
        if ringing is not None and ringing.phase is Phase.OFFERED and ringing.request is not None:
            skills.append(ringing.request.skill)
        return self.duty.unserved(skills, self._clock.now(), besides)

    # --- matching and offers -----------------------------------------------------------------

    def rematch(self) -> None:
        """Offer waiting calls to free agents; called after every change that could make a match."""
        now = self._clock.now()
        self.duty.look(now)
        self._look_at_places()
        for seat in self.seats:
            if seat.call is None and seat.unwritten and seat.presence.work is Work.FREE:
                self.begin_wrap_up(seat.unwritten.pop(0), seat)
        for call in list(self._meant.values()):
            if call.id in self._meant:
                self._pursue(call)
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
            self._begin_offer(matched, seat, matched.config.distribution.ring_seconds)
            return
        self.line.leave(entry)
        if self.places is not None:
            self.places.offered(entry, seat.agent.name)

    @property
    def waiting(self) -> int:
        """How many callers are in the line: places that are kept for a callback are not counted."""
        return sum(one.call_id in self.calls for one in self.line.waiting())

    def _begin_offer(self, call: Call, seat: Seat, ring_seconds: float, wish: Wish | None = None) -> None:
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

    def shown(self, agent: str, offer_id: str) -> None:
        """The agent's page has rendered the pop of this offer."""
        self.offers.shown(agent, offer_id)

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
            wish = self._wish_again(offer) if end is OfferEnd.GONE else None
            if wish is None:
                self.offers.close(offer, end)
            else:
                self._postpone(call, offer, replace(wish, after=self._clock.now() + timedelta(seconds=PAUSE_SECONDS)))
        call.forget_offer()
        self._pursue(call)

    # --- calls meant for a certain agent -----------------------------------------------------

    def direct(self, call: Call, wishes: list[Wish]) -> None:
        """These agents, one after the other, are to get the call; when none can be had, it is the next of the line."""
        call.front, call.wishes, call.phase = True, wishes, Phase.LOST
        call.forget_offer()
        self._meant[call.id] = call
        for wish in wishes:
            self.spawn(self._look_again(call, wish.until))
        self.rematch()

    async def _look_again(self, call: Call, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self._clock.now()).total_seconds()) + MOMENT)
        if call.id in self._meant:
            self._pursue(call)

    def _pursue(self, call: Call) -> None:
        """Ring the next agent the call is meant for; without any the caller goes into the line."""
        now = self._clock.now()
        while call.wishes:
            wish, seat = call.wishes[0], self.seats[call.wishes[0].agent]
            if seat.can_be_rung_for(call) and (wish.after is None or now >= wish.after):
                call.wishes.pop(0)
                self._meant.pop(call.id, None)
                return self._begin_offer(call, seat, wish.ring_seconds, wish)
            if now < wish.until and seat.may_be_awaited_for(call):
                self._meant[call.id] = call
                call.phase = Phase.LOST
                return None
            call.wishes.pop(0)
            self._stop_waiting_for(call, seat)
        self._meant.pop(call.id, None)
        return self._enter_line(call)

    def _stop_waiting_for(self, call: Call, seat: Seat) -> None:
        if seat.call is call and seat.presence.work is Work.LOST:
            seat.call = None
            seat.presence = seat.presence.barred(Bar.PHONE_GONE, self._clock.now())

    def _forget_wishes(self, call: Call) -> None:
        self._meant.pop(call.id, None)
        for wish in call.wishes:
            self._stop_waiting_for(call, self.seats[wish.agent])
        call.wishes = []

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
        self.begin_wrap_up(call, self.seats[call.agent])

    def begin_wrap_up(self, call: Call, seat: Seat) -> None:
        """The agent writes up what the call came to; done already, when it was written during the talk."""
        now = self._clock.now()
        if call.phase is not Phase.OUTSIDE:
            call.phase = Phase.WRAP_UP
        call.wrap_up_until = now + timedelta(seconds=call.config.wrap_up_seconds(call.request))
        seat.call, seat.presence = call, seat.presence.busy(Work.WRAP_UP, now)
        if call.disposed is not None:
            self.release(seat)
        elif not seat.presence.needs_screen:
            self.spawn(self._end_unseen(call, seat))
        seat.touch()

    async def _end_unseen(self, call: Call, seat: Seat) -> None:
        """Without a page nobody can write anything up: then the time for it ends by itself, and so it stands there."""
        while seat.call is call and seat.presence.work is Work.WRAP_UP and call.wrap_up_until is not None:
            left = (call.wrap_up_until - self._clock.now()).total_seconds()
            if left <= 0 and not seat.screens:
                self._book.noted(call, self._clock.now(), "not_written_up", seat.agent.name)
                self.release(seat)
                return
            await asyncio.sleep(max(left, 0.0) + UNSEEN_SECONDS)

    def write_up(self, call: Call, seat: Seat) -> None:
        """A talk that its agent has not on the screen any more, or not yet again after a restart, and has still to
        write up; not before what is there now."""
        if call.id in {known.id for known in (seat.call, *seat.unwritten) if known is not None}:
            return
        if not seat.presence.needs_screen:
            return  # perhaps nobody sees it, and none of the many of a day was ever written up
        if self.calls.get(call.id) is None:
            call.over.set()
        seat.unwritten.append(call)
        log.info("a talk is still to be written up", call=call.id, agent=seat.agent.name)
        self.rematch()

    def agent_lost(self, call: Call) -> None:
        """The agent's leg vanished in mid-talk: the same agent is rung again, else the next of the line."""
        if call.phase is not Phase.TALKING or call.agent is None:
            return
        now, seat = self._clock.now(), self.seats[call.agent]
        self._book.noted(call, now, "agent_lost", seat.agent.name)
        log.warning("an agent's leg was lost, the agent is rung again", call=call.id, agent=seat.agent.name)
        seat.presence = seat.presence.busy(Work.LOST, now)
        self.direct(call, [self.back_to(seat)])

    def back_to(self, seat: Seat) -> Wish:
        """The wish that this agent, who has talked with the caller, gets the call again."""
        until = self._clock.now() + timedelta(seconds=RETURN_SECONDS)
        return Wish(seat.agent.name, until, RETURN_SECONDS)

    def release(self, seat: Seat) -> None:
        """The agent has nothing to do with a call any more: free for the next one."""
        seat.call = None
        seat.presence = seat.presence.free(self._clock.now())
        self.rematch()

    # --- what agents want, and what machines tell of them ---------------------------------------

    def wanting(self, seat: Seat, intent: Intent, reason: str | None, by: str | None = None) -> None:
        """The agent has pressed ready, pause or home, or the lead has (`by`), and it is stored.

        Whoever is not to be rung any more is not rung on.
        """
        now = self._clock.now()
        seat.presence = seat.presence.wanting(intent, reason, now, by)
        log.info("intent", agent=seat.agent.name, intent=intent.value)
        self.spawn(self._controls.mirror(seat.agent.name, intent is Intent.READY))
        if intent is not Intent.READY:
            self._withdraw_from(seat, OfferEnd.WITHDRAWN)
        self.rematch()

    def take_agents(self, agents: list[Agent]) -> list[Seat]:
        """The configuration says something else of the agents from now on. Whoever is in it keeps their state, and
        whoever is not in it any more finishes the call they have and gets no other: those are returned."""
        gone = self.seats.renew(agents, self._clock.now())
        for seat in gone:
            self.wanting(seat, Intent.HOME, None)
        self.rematch()
        return gone

    def phone(self, seat: Seat, *, registered: bool, engaged: bool) -> None:
        """Whether Asterisk can ring this agent's phone, and whether it rings or talks."""
        if seat.gone or (seat.presence.registered, seat.presence.engaged) == (registered, engaged):
            return  # who is gone has no telephone in Asterisk any more, but may be talking still
        seat.presence = seat.presence.sensed(self._clock.now(), registered=registered, engaged=engaged)
        if not registered:
            self.phone_gone(seat)
        self.rematch()

    def phone_gone(self, seat: Seat) -> None:
        """What rings now rings at nobody's. Whoever is to get a caller back is rung again when the phone is there."""
        call, offer = seat.call, seat.offer
        self._give_up_held(seat)
        if call is None or offer is None or not offer.open:
            return
        wish = self._wish_again(offer)
        if wish is None or call.offer is not offer:
            self._withdraw_from(seat, OfferEnd.GONE)
            return
        leg = call.leg
        self._postpone(call, offer, wish)
        self.hang_up(leg)

    def _wish_again(self, offer: Offer) -> Wish | None:
        """Why the agent is rung again whose telephone is gone; None when the time for that is over.

        A page that is loaded anew while it rings has its telephone back in a moment.
        """
        wish, now = offer.wish, self._clock.now()
        if wish is None and self.seats[offer.agent].agent.phone is PhoneKind.BROWSER:
            return Wish(offer.agent, now + timedelta(seconds=RELOAD_SECONDS), offer.ring_seconds)
        return wish if wish is not None and now < wish.until else None

    def _postpone(self, call: Call, offer: Offer, wish: Wish) -> None:
        self.offers.postpone(offer)
        call.wishes.insert(0, wish)
        for at in (wish.after, wish.until):
            if at is not None:
                self.spawn(self._look_again(call, at))

    def _give_up_held(self, seat: Seat) -> None:
        """A telephone that holds a caller says nothing that could break off: its registration tells."""
        leg = None if seat.call is None else seat.call.leg_of(seat.agent.name)
        if leg is not None and leg.on_hold and seat.presence.work is Work.TALKING:
            self.hang_up(leg)
            leg.vanished = True

    def _withdraw_from(self, seat: Seat, end: OfferEnd) -> None:
        if seat.call is not None and seat.offer is not None:
            self.spawn(self.withdraw(seat.call, seat.offer, end))

    def screens(self, seat: Seat, screens: set[str]) -> None:
        """Which pages of this agent are open."""
        seat.screens = screens
        seat.presence = seat.presence.sensed(self._clock.now(), screens=len(screens))
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
        writer, rings = self._who_writes_up(call), call.offer is not None and call.offer.open
        self._let_go(call)
        if rings:
            self.hang_up(call.leg)
        if writer is not None:
            self.begin_wrap_up(call, writer)
        self.rematch()

    def over(self, call: Call, how: str | None = None, at: datetime | None = None) -> None:
        """Asterisk says that the caller's channel is gone: the one true end of a call."""
        if call.over.is_set():
            return
        call.over.set()
        how, writer = how or self._how_it_ended(call), self._who_writes_up(call)
        call.giver = None
        self._let_go(call)
        self.talk_ended(call)
        if writer is not None:
            self.begin_wrap_up(call, writer)
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
        self._meant.pop(call.id, None)
        call.wishes = []
        if call.offer is not None and call.offer.open:
            self.offers.close(call.offer, OfferEnd.CALLER_LEFT)

    def _who_writes_up(self, call: Call) -> Seat | None:
        """Who has talked with a caller who leaves while nobody does, and still has the call on the screen."""
        if call.spoke_with is None:
            return None
        seat = self.seats[call.spoke_with]
        waits = call.phase in {Phase.LOST, Phase.OFFERED} or call.giver is not None
        return seat if waits and seat.call is call else None

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
