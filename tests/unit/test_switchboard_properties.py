"""Whatever happens in whatever order: what must always hold of callers, agents and offers in the switchboard."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.presence import Intent, Work
from config.loading import load
from config.schema import HotlineConfig, SameAgent
from hotline.exchange.calls import Call, OfferEnd, Phase
from hotline.exchange.seats import Seat
from hotline.storage.familiar import Familiar, Why
from routing.line import Waiting
from routing.matcher import next_change
from tests.unit.conftest import SHIPPED
from tests.unit.doubles_switchboard import Office, StillClock

HELD_SECONDS = 20
AGENTS = ("anna", "ben", "carla", "david", "elif")
TYPES = ("address", "rent", "benefits", "unclear")
ROUNDS = 60
"""So often, at most, all who wait are served at the end."""


def _configurations() -> list[HotlineConfig]:
    """As it begins, with other skills, and without one of the agents and without any preference."""
    shipped = load(SHIPPED)
    same = SameAgent(wait_seconds=HELD_SECONDS)
    first = _with(shipped, {"ben": ["leistung"], "carla": ["wohnen"]}, same)
    swapped = [agent.model_copy(update={"skills": ["allgemein", "wohnen"]}) for agent in first.agents]
    fewer = [agent for agent in shipped.agents if agent.name != "elif"]
    return [first, first.model_copy(update={"agents": swapped}), _with(shipped, {}, None, fewer)]


def _with(
    config: HotlineConfig, second: dict[str, list[str]], same: SameAgent | None, agents: list[Any] | None = None
) -> HotlineConfig:
    changed = [
        agent.model_copy(update={"second_choice": second.get(agent.name, [])}) for agent in agents or config.agents
    ]
    distribution = config.distribution.model_copy(update={"same_agent": same, "second_choice_after_seconds": 30})
    return config.model_copy(update={"agents": changed, "distribution": distribution})


CONFIGURATIONS = _configurations()


class Hotline(RuleBasedStateMachine):
    """Asterisk and the callers' sessions are played here: they tell the switchboard what happened, and ask nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.config = CONFIGURATIONS[0]
        self.arrived: list[Call] = []
        self.read = 0
        self.offered: dict[str, tuple[str, str]] = {}
        """Open offers as the ledger has them: call and agent."""

    def run_now(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        async def begin() -> Office:
            return Office(self.config)

        self.office: Office = self.run_now(begin())
        self.board = self.office.switchboard

    def happens(self, what: Callable[[], object]) -> None:
        """Something happens, and everything that follows from it at once: pages show, sessions go on."""

        async def happen() -> None:
            what()
            for _ in range(3):
                await self.office.settle()
                self.go_on()

        self.run_now(happen())

    def go_on(self) -> None:
        for seat in self.board.seats:
            if seat.offer is not None and seat.offer.stored:
                self.board.offers.shown(seat.agent.name, seat.offer.id)
        for call in self.board.calls:
            offer = call.offer
            rang_in_vain = offer is not None and offer.end not in (None, OfferEnd.ANSWERED)
            if call.phase is Phase.OFFERED and call.agent_found.is_set() and rang_in_vain:
                self.board.not_taken(call, OfferEnd.GONE)

    # --- who is there --------------------------------------------------------------------------

    def seat(self, agent: str) -> Seat:
        return self.board.seats[agent]

    def calls(self, *phases: Phase) -> list[Call]:
        return [call for call in self.board.calls if call.phase in phases]

    def ringing(self) -> list[Call]:
        """Those whose session dials, so that the ring can be answered, or not."""
        dialled = [call for call in self.calls(Phase.OFFERED) if call.agent_found.is_set()]
        return [call for call in dialled if call.offer is not None and call.offer.open]

    # --- callers -------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(TYPES), known=st.sampled_from((None, *AGENTS)))
    def arrive(self, kind: str, known: str | None) -> None:
        number = len(self.arrived)
        call = Call(f"c{number}", f"PJSIP/c{number}", f"u{number}", self.config, 1, self.office.clock.now(), "+49", "g")
        self.arrived.append(call)
        self.office.ledger.known = [] if known is None else [Familiar(known, Why.TALK)]
        self.run_now(self.board.arrived(call))
        self.run_now(self.office.settle())
        self.happens(lambda: self.board.join(call, kind))

    @precondition(lambda self: len(self.board.calls))
    @rule(data=st.data())
    def caller_hangs_up(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(list(self.board.calls)))
        self.happens(lambda: self.board.over(call))

    @precondition(lambda self: self.calls(Phase.WAITING))
    @rule(data=st.data(), stays=st.booleans())
    def caller_asks_for_a_callback(self, data: st.DataObject, stays: bool) -> None:
        call = data.draw(st.sampled_from(self.calls(Phase.WAITING)))
        self.happens(lambda: self.board.leave_line(call))
        self.happens(lambda: self.board.join(call, "rent") if stays else self.board.over(call))

    # --- agents --------------------------------------------------------------------------------

    @rule(
        agent=st.sampled_from(AGENTS), intent=st.sampled_from((Intent.READY, Intent.READY, Intent.PAUSE, Intent.HOME))
    )
    def press(self, agent: str, intent: Intent) -> None:
        if agent in self.board.seats:
            self.happens(lambda: self.board.staff.wanting(self.seat(agent), intent, None))

    @rule(agent=st.sampled_from(AGENTS))
    def begin_work(self, agent: str) -> None:
        if agent in self.board.seats:
            self.happens(lambda: self._all_there(self.seat(agent)))

    def _all_there(self, seat: Seat) -> None:
        self.board.staff.phone(seat, registered=True, engaged=False)
        self.board.staff.screens(seat, {"tab"})
        self.board.staff.wanting(seat, Intent.READY, None)

    @rule(agent=st.sampled_from(AGENTS), there=st.booleans(), engaged=st.booleans())
    def telephone_comes_or_goes(self, agent: str, there: bool, engaged: bool) -> None:
        self.happens(lambda: self.board.staff.phone(self.seat(agent), registered=there, engaged=there and engaged))

    @rule(agent=st.sampled_from(AGENTS), there=st.booleans())
    def page_comes_or_goes(self, agent: str, there: bool) -> None:
        self.happens(lambda: self.board.staff.screens(self.seat(agent), {"tab"} if there else set()))

    # --- rings and talks -------------------------------------------------------------------------

    @precondition(lambda self: self.ringing())
    @rule(data=st.data())
    def agent_answers(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.ringing()))
        self.happens(lambda: self.board.answered(call))

    @precondition(lambda self: self.ringing())
    @rule(data=st.data(), end=st.sampled_from((OfferEnd.MISSED, OfferEnd.REJECTED, OfferEnd.GONE)))
    def ring_is_not_taken(self, data: st.DataObject, end: OfferEnd) -> None:
        call = data.draw(st.sampled_from(self.ringing()))
        self.happens(lambda: self.board.not_taken(call, end))

    @precondition(lambda self: self.ringing())
    @rule(data=st.data())
    def agent_rejects(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.ringing()))
        offer = call.offer
        assert offer is not None
        self.run_now(self.board.reject(offer.agent, offer.id))
        self.happens(lambda: None)

    @precondition(lambda self: self.calls(Phase.TALKING))
    @rule(data=st.data())
    def agent_hangs_up(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.calls(Phase.TALKING)))
        self.happens(lambda: self._end(call))

    def _end(self, call: Call) -> None:
        self.board.talk_ended(call)
        self.board.over(call)

    @precondition(lambda self: self.calls(Phase.TALKING))
    @rule(data=st.data())
    def agents_side_breaks_off(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.calls(Phase.TALKING)))
        self.happens(lambda: self.board.wishes.agent_lost(call))

    @rule(agent=st.sampled_from(AGENTS))
    def all_is_written_up(self, agent: str) -> None:
        if self.seat(agent).presence.work is Work.WRAP_UP:
            self.happens(lambda: self.board.release(self.seat(agent)))

    # --- time and configuration --------------------------------------------------------------------

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        """With the moments at which the switchboard wants to be woken."""
        end = self.office.clock.now() + timedelta(seconds=seconds)
        while (at := self.board.wake_up.at) is not None and at <= end:
            StillClock.moment = at
            self.happens(self.board.rematch)
        StillClock.moment = end
        for call in list(self.board.wishes._meant.values()):
            self.happens(lambda call=call: self.board.wishes.pursue(call))  # type: ignore[misc]

    @rule(seconds=st.sampled_from((-3600, -1, 1, 3600)))
    def clock_is_stepped(self, seconds: int) -> None:
        step = timedelta(seconds=seconds)
        StillClock.moment += step
        self.happens(lambda: self.board.clock_stepped(step))

    @rule(config=st.sampled_from(CONFIGURATIONS))
    def configuration_becomes_active(self, config: HotlineConfig) -> None:
        """For new calls; those that are here keep theirs."""
        self.config = config
        self.happens(lambda: self.board.staff.take(config.agents))

    # --- what must always hold -----------------------------------------------------------------------

    @invariant()
    def no_agent_and_no_call_has_two_offers(self) -> None:
        written = self.office.ledger.written
        for kind, values in written[self.read :]:
            if kind == "offer_made":
                offer, call, agent, *_ = values
                assert call not in {known for known, _ in self.offered.values()}, "two offers of one call"
                assert agent not in {known for _, known in self.offered.values()}, "two offers to one agent"
                self.offered[offer] = (call, agent)
            elif kind == "offer_closed":
                self.offered.pop(values[0])
        self.read = len(written)
        rung = {(seat.call.id, seat.agent.name) for seat in self._with_offer() if seat.call is not None}
        assert rung == set(self.offered.values())

    @invariant()
    def nobody_is_rung_who_is_not_ready(self) -> None:
        for seat in self._with_offer():
            presence = seat.presence
            assert (presence.intent, presence.bar, presence.work) == (Intent.READY, None, Work.OFFERED)
            assert presence.registered

    @invariant()
    def nobody_waits_while_an_agent_is_free(self) -> None:
        now = self.office.clock.now()
        for waiting in self.board.line.waiting():
            held = waiting.held_until is not None and waiting.held_until > now
            late = waiting.second_at is not None and waiting.second_at <= now
            for seat in self.board.seats.available():
                first, second = waiting.skill in seat.agent.skills, waiting.skill in seat.agent.second_choice
                assert not (waiting.preferred == seat.agent.name and (first or second)), "the preferred agent is free"
                assert held or not first, "a first-choice agent is free"
                assert held or not (second and late), "a second-choice agent is free"

    @invariant()
    def nobody_is_held_for_longer_than_the_bound(self) -> None:
        for waiting in self.board.line.waiting():
            if waiting.held_until is not None:
                assert waiting.held_until - waiting.joined_at <= timedelta(seconds=HELD_SECONDS)
                self._holds_for_somebody(waiting)

    def _holds_for_somebody(self, waiting: Waiting) -> None:
        if waiting.held_until is not None and waiting.held_until > self.office.clock.now():
            assert waiting.preferred is not None
            assert self.seat(waiting.preferred).presence.on_duty, "held for somebody who is not there"

    @invariant()
    def the_line_has_those_who_wait_and_nobody_else(self) -> None:
        assert {one.call_id for one in self.board.line.waiting()} == {call.id for call in self.calls(Phase.WAITING)}

    @invariant()
    def time_will_be_noticed(self) -> None:
        assert self.board.wake_up.at == next_change(self.board.line, self.office.clock.now())

    @invariant()
    def seats_and_calls_agree(self) -> None:
        for seat in self.board.seats:
            assert (seat.presence.work is Work.FREE) == (seat.call is None), seat.agent.name
        for call in self.calls(Phase.OFFERED, Phase.TALKING):
            at = [seat.agent.name for seat in self.board.seats if seat.call is call]
            assert at == [call.agent]

    def _with_offer(self) -> Iterator[Seat]:
        return (seat for seat in self.board.seats if seat.offer is not None and seat.offer.open)

    def teardown(self) -> None:
        try:
            self._everybody_is_served()
            self.run_now(self.office.close())
        finally:
            self.loop.close()

    def _everybody_is_served(self) -> None:
        """Every caller reaches an end, and nothing of them is left."""
        self.configuration_becomes_active(CONFIGURATIONS[0])
        for _ in range(ROUNDS):
            for seat in self.board.seats:
                if seat.presence.work is Work.WRAP_UP:
                    self.happens(lambda seat=seat: self.board.release(seat))  # type: ignore[misc]
                self.happens(lambda seat=seat: self._all_there(seat))  # type: ignore[misc]
            for call in self.ringing():
                self.happens(lambda call=call: self.board.answered(call))  # type: ignore[misc]
            for call in self.calls(Phase.TALKING):
                self.happens(lambda call=call: self._end(call))  # type: ignore[misc]
            if not len(self.board.calls):
                break
            self.time_passes(15)
        assert [(call.id, call.phase) for call in self.board.calls] == []
        assert all(call.over.is_set() for call in self.arrived)
        assert len(self.board.line) == 0
        for name, values in self.office.ledger.written:
            assert name != "call_ended" or isinstance(values[2], str)


pytestmark = pytest.mark.timeout(400)
"""Finding the shortest example of a failure takes its time; without one it is a few seconds."""

TestHotline = Hotline.TestCase
TestHotline.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
