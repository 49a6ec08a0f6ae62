"""Handing callers on: who has the caller, who is rung, and who is free again at every step."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.presence import Bar, State
from agents.transfer import Target, TargetKind
from config.schema import HotlineConfig
from hotline.errors import Refused
from hotline.exchange.calls import Call, Handover, Leg, OfferEnd, Phase
from hotline.exchange.transfers import Transfers
from tests.unit.doubles_switchboard import Office

BEN = Target(TargetKind.AGENT, "ben", "Ben Schulte", "", "PJSIP/agent-ben")
OUTSIDE = Target(TargetKind.CASE_WORKER, "guenther", "Herr Günther", "9830", "PJSIP/9830@gateway-haus")


class RememberingMover:
    def __init__(self) -> None:
        self.moved: list[tuple[str, str]] = []
        self.works = True

    async def consult(self, channel: str, dial: str, seconds: float) -> bool:
        self.moved.append((channel, dial))
        return self.works


class Exchange:
    """An office in which Anna talks with a caller, and Ben is ready."""

    def __init__(self, office: Office) -> None:
        self.office, self.board, self.mover = office, office.switchboard, RememberingMover()
        self.transfers = Transfers(office.switchboard, office.switchboard._book, office.clock, self.mover)
        self.anna, self.ben = self.board.seats["anna"], self.board.seats["ben"]
        self.call: Call

    async def talk(self) -> Call:
        self.office.ready("anna")
        self.call = await self.office.call("c1")
        await self.office.settle()
        self.office.rings(self.call, "leg-anna")
        self.board.answered(self.call)
        self.call.in_session = True
        self.office.ready("ben")
        return self.call

    async def consult(self, target: Target = BEN) -> None:
        """Until the target rings."""
        self.transfers.begin(self.call, self.anna, Handover.CONSULT, target)
        await self.office.settle()
        if self.ben.offer is not None:
            self.board.offers.shown("ben", self.ben.offer.id)
        await self.office.settle()
        self.transfers.rings(self.call, Leg("PJSIP/agent-ben-1", "leg-ben"))

    async def blind(self, target: Target = BEN) -> None:
        """Until the caller's session is back from Dial."""
        self.transfers.begin(self.call, self.anna, Handover.BLIND, target)
        await self.office.settle()
        assert self.call.transfer is not None
        if target.kind is TargetKind.AGENT:
            self.transfers.hand_on(self.call, self.call.transfer)
        await self.office.settle()

    def over(self, unique: str, cause: int = 16) -> None:
        self.board.leg_over(self.call, unique, cause)
        self.transfers.leg_over(self.call, unique)

    @property
    def states(self) -> tuple[State, State]:
        return self.anna.presence.state, self.ben.presence.state


@pytest.fixture
async def exchange(config: HotlineConfig) -> AsyncIterator[Exchange]:
    office = Office(config)
    exchange = Exchange(office)
    await exchange.talk()
    yield exchange
    await office.close()


# --- consulting ------------------------------------------------------------------------------


async def test_consulted_agent_sees_the_call_before_the_leg_is_moved(exchange: Exchange) -> None:
    exchange.transfers.begin(exchange.call, exchange.anna, Handover.CONSULT, BEN)
    await exchange.office.settle()
    assert exchange.ben.call is exchange.call
    assert exchange.ben.may_show_call
    assert exchange.mover.moved == []
    assert exchange.ben.offer is not None
    exchange.board.offers.shown("ben", exchange.ben.offer.id)
    await exchange.office.settle()
    assert exchange.mover.moved == [("PJSIP/agent-anna-leg-anna", "PJSIP/agent-ben")]


async def test_completed_consultation_gives_the_caller_to_the_consulted_agent(exchange: Exchange) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.dialled(exchange.call, "ANSWER")
    assert exchange.states == (State.TALKING, State.TALKING)
    assert exchange.call.agent == "anna"
    exchange.transfers.complete(exchange.call, exchange.anna)
    assert exchange.call.bridge_next is not None
    assert exchange.call.bridge_next.unique == "leg-ben"
    await exchange.office.settle()
    assert exchange.states == (State.READY, State.TALKING)
    assert (exchange.call.agent, exchange.call.phase) == ("ben", Phase.TALKING)
    exchange.board.talk_ended(exchange.call)
    assert exchange.states == (State.READY, State.WRAP_UP)


async def test_agent_goes_back_to_the_caller(exchange: Exchange) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.transfers.take_back(exchange.call, exchange.anna)
    await exchange.office.settle()
    assert exchange.call.bridge_next is not None
    assert exchange.call.bridge_next.unique == "leg-anna"
    assert exchange.states == (State.TALKING, State.READY)
    assert "PJSIP/agent-ben-1" in exchange.office.controls.hung_up
    assert exchange.call.agent == "anna"


@pytest.mark.parametrize(("status", "bar"), [("NOANSWER", Bar.MISSED), ("BUSY", Bar.REJECTED), ("", Bar.MISSED)])
async def test_consulted_agent_who_does_not_answer_costs_the_caller_nothing(
    exchange: Exchange, status: str, bar: Bar
) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.dialled(exchange.call, status)
    assert exchange.call.bridge_next is not None
    assert exchange.call.bridge_next.unique == "leg-anna"
    assert exchange.ben.presence.bar is bar
    assert exchange.call.transfer_failed is not None
    assert "Ben Schulte" in exchange.call.transfer_failed
    assert (exchange.call.phase, exchange.call.agent) == (Phase.TALKING, "anna")


async def test_stale_screen_of_the_consulted_agent_leaves_the_talk_alone(exchange: Exchange) -> None:
    exchange.transfers.begin(exchange.call, exchange.anna, Handover.CONSULT, BEN)
    await exchange.office.settle()
    assert exchange.ben.offer is not None
    await exchange.board.withdraw(exchange.call, exchange.ben.offer, OfferEnd.STALE)
    await exchange.office.settle()
    assert exchange.mover.moved == []
    assert exchange.call.transfer is None
    assert exchange.states == (State.TALKING, State.NOT_READY)


async def test_agent_who_hangs_up_before_the_leg_is_moved_has_ended_the_talk(exchange: Exchange) -> None:
    exchange.transfers.begin(exchange.call, exchange.anna, Handover.CONSULT, BEN)
    await exchange.office.settle()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.over("leg-anna")
    assert transfer.decided.is_set()
    assert exchange.call.transfer is None
    assert exchange.states[1] is State.READY
    assert exchange.mover.moved == []


async def test_consulted_agent_who_rejects_and_picks_up_at_once_is_not_in_a_talk(exchange: Exchange) -> None:
    await exchange.consult()
    assert exchange.ben.offer is not None
    await exchange.board.reject("ben", exchange.ben.offer.id)
    exchange.transfers.dialled(exchange.call, "ANSWER")
    await exchange.office.settle()
    assert exchange.states == (State.TALKING, State.NOT_READY)
    assert exchange.ben.call is None
    assert exchange.call.bridge_next is not None
    assert exchange.call.bridge_next.unique == "leg-anna"


async def test_telephone_whose_first_line_ends_leaves_nobody_bound(exchange: Exchange) -> None:
    dialling = exchange.transfers.dials(exchange.call, exchange.anna, BEN, Leg("PJSIP/agent-anna-2", "leg-anna-2"))
    task = asyncio.create_task(dialling)
    await exchange.office.settle()
    assert exchange.ben.offer is not None
    exchange.board.offers.shown("ben", exchange.ben.offer.id)
    assert await task
    exchange.transfers.abandon(exchange.call)
    assert exchange.ben.call is None
    assert exchange.ben.offer is None


async def test_leg_that_cannot_be_moved_leaves_the_talk_alone(exchange: Exchange) -> None:
    exchange.mover.works = False
    await exchange.consult()
    await exchange.office.settle()
    assert exchange.call.transfer is None
    assert exchange.call.phase is Phase.TALKING
    assert exchange.ben.call is None


async def test_consulted_agent_hangs_up_and_the_caller_is_with_the_first_again(exchange: Exchange) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.over("leg-ben")
    assert exchange.call.bridge_next is not None
    assert exchange.call.bridge_next.unique == "leg-anna"
    assert exchange.states == (State.TALKING, State.READY)


async def test_agent_who_hangs_up_while_consulting_has_handed_on(exchange: Exchange) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.board.hang_up(transfer.own_leg)  # on purpose, as the page does it
    exchange.over("leg-anna")
    assert exchange.call.bridge_next is not None
    assert exchange.call.bridge_next.unique == "leg-ben"
    assert exchange.call.agent == "ben"


@pytest.mark.parametrize("answered", [False, True])
async def test_agent_who_is_cut_off_while_consulting_gets_the_caller_back(exchange: Exchange, answered: bool) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    if answered:
        exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.over("leg-anna", cause=44)
    await exchange.office.settle()
    assert transfer.decided.is_set()
    assert exchange.call.bridge_next is None
    assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "anna")
    assert exchange.states[1] is State.READY
    assert "PJSIP/agent-ben-1" in exchange.office.controls.hung_up


async def test_agent_who_hangs_up_while_the_other_rings_sends_the_caller_on(exchange: Exchange) -> None:
    await exchange.consult()
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.dialled(exchange.call, "CANCEL")
    exchange.board.hang_up(transfer.own_leg)
    exchange.over("leg-anna")
    assert transfer.decided.is_set()
    assert transfer.how is Handover.BLIND
    exchange.transfers.hand_on(exchange.call, transfer)
    await exchange.office.settle()
    assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "ben")


@pytest.mark.parametrize("answered", [False, True])
async def test_caller_who_leaves_during_a_consultation_ends_no_agents_talk(exchange: Exchange, answered: bool) -> None:
    await exchange.consult()
    if answered:
        exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.transfers.caller_left(exchange.call)
    exchange.board.over(exchange.call)
    await exchange.office.settle()
    assert exchange.states == (State.WRAP_UP, State.TALKING if answered else State.READY)
    assert ("PJSIP/agent-ben-1" in exchange.office.controls.hung_up) is not answered
    exchange.over("leg-ben")
    exchange.over("leg-anna")
    assert exchange.states == (State.WRAP_UP, State.READY)


async def test_consulting_outside_ends_with_wrap_up_for_the_agent(exchange: Exchange) -> None:
    await exchange.consult(OUTSIDE)
    exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.transfers.complete(exchange.call, exchange.anna)
    assert exchange.states == (State.WRAP_UP, State.READY)
    assert exchange.call.phase is Phase.OUTSIDE
    exchange.board.release(exchange.anna)
    exchange.board.over(exchange.call)
    assert exchange.states == (State.READY, State.READY)


# --- sending on ------------------------------------------------------------------------------


async def test_sent_on_to_an_agent_who_answers(exchange: Exchange) -> None:
    await exchange.blind()
    assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "ben")
    assert exchange.states == (State.WRAP_UP, State.OFFERED)
    assert exchange.office.controls.hung_up == ["PJSIP/agent-anna-leg-anna"]
    exchange.board.answered(exchange.call)
    assert exchange.states == (State.READY, State.TALKING)
    assert exchange.anna.call is None


async def test_sent_on_to_an_agent_who_does_not_answer_comes_back(exchange: Exchange) -> None:
    await exchange.blind()
    exchange.board.not_taken(exchange.call, OfferEnd.MISSED)
    await exchange.office.settle()
    assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "anna")
    exchange.board.answered(exchange.call)
    assert exchange.states == (State.TALKING, State.NOT_READY)
    assert exchange.call.giver is None


async def test_end_of_the_agents_leg_is_no_end_of_sending_on(exchange: Exchange) -> None:
    exchange.transfers.begin(exchange.call, exchange.anna, Handover.BLIND, BEN)
    await exchange.office.settle()
    exchange.over("leg-anna")
    assert exchange.call.transfer is not None


async def test_sent_on_and_taken_by_nobody_is_the_next_of_the_line(exchange: Exchange) -> None:
    await exchange.blind()
    exchange.board.not_taken(exchange.call, OfferEnd.MISSED)
    await exchange.office.settle()
    exchange.board.not_taken(exchange.call, OfferEnd.MISSED)
    await exchange.office.settle()
    assert exchange.call.phase is Phase.WAITING
    assert exchange.states == (State.NOT_READY, State.NOT_READY)
    assert exchange.anna.call is None


async def test_caller_who_leaves_while_sent_on_is_written_up_by_the_first_agent(exchange: Exchange) -> None:
    await exchange.blind()
    exchange.board.over(exchange.call)
    await exchange.office.settle()
    assert exchange.states == (State.WRAP_UP, State.READY)
    assert exchange.anna.call is exchange.call
    assert exchange.call.wrap_up_until is not None


async def test_sent_outside_and_answered(exchange: Exchange) -> None:
    await exchange.blind(OUTSIDE)
    assert exchange.call.transfer is not None
    exchange.transfers.leaves_us(exchange.call, exchange.call.transfer)
    exchange.transfers.answered_outside(exchange.call)
    assert (exchange.call.phase, exchange.states[0]) == (Phase.OUTSIDE, State.WRAP_UP)


async def test_sent_outside_and_not_answered_comes_back(exchange: Exchange) -> None:
    await exchange.blind(OUTSIDE)
    transfer = exchange.call.transfer
    assert transfer is not None
    exchange.transfers.leaves_us(exchange.call, transfer)
    exchange.transfers.not_reached_outside(exchange.call, transfer)
    await exchange.office.settle()
    assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "anna")


# --- what is refused -------------------------------------------------------------------------


async def test_what_cannot_be_done_is_refused_with_a_sentence(exchange: Exchange) -> None:
    begin, call = exchange.transfers.begin, exchange.call
    with pytest.raises(Refused, match="kein Gespräch"):
        begin(call, exchange.ben, Handover.BLIND, BEN)
    with pytest.raises(Refused, match="gerade keinen Anruf"):
        begin(call, exchange.anna, Handover.BLIND, Target(TargetKind.AGENT, "carla", "Carla", "", "PJSIP/agent-carla"))
    with pytest.raises(Refused, match="Sie selbst"):
        begin(call, exchange.anna, Handover.BLIND, Target(TargetKind.AGENT, "anna", "Anna", "", "PJSIP/agent-anna"))
    with pytest.raises(Refused, match="gerade nicht verbunden"):
        exchange.transfers.complete(call, exchange.anna)
    await exchange.consult()
    with pytest.raises(Refused, match="schon verbunden"):
        begin(call, exchange.anna, Handover.BLIND, OUTSIDE)
    with pytest.raises(Refused, match="andere Seite"):
        exchange.transfers.complete(call, exchange.anna)
    call.in_session = False


async def test_talk_that_no_session_holds_cannot_be_moved(exchange: Exchange) -> None:
    exchange.call.in_session = False
    with pytest.raises(Refused, match="nach einer Störung"):
        exchange.transfers.begin(exchange.call, exchange.anna, Handover.CONSULT, BEN)


# --- by the agent's own telephone ------------------------------------------------------------


async def test_phone_connects_both_sides(exchange: Exchange) -> None:
    own = Leg("PJSIP/agent-anna-2", "leg-anna-2")
    dialling = exchange.transfers.dials(exchange.call, exchange.anna, BEN, own)

    task = asyncio.create_task(dialling)
    await exchange.office.settle()
    assert exchange.ben.offer is not None
    exchange.board.offers.shown("ben", exchange.ben.offer.id)
    assert await task
    exchange.transfers.rings(exchange.call, Leg("PJSIP/agent-ben-1", "leg-ben"))
    exchange.transfers.dialled(exchange.call, "ANSWER")
    exchange.transfers.joined(exchange.call, session_moves=False)
    await exchange.office.settle()
    assert exchange.call.leg is not None
    assert (exchange.call.agent, exchange.call.leg.unique) == ("ben", "leg-ben")
    exchange.over("leg-anna")
    exchange.over("leg-anna-2")
    assert exchange.states == (State.READY, State.TALKING)


@pytest.mark.parametrize("status", ["ANSWER", "NOANSWER"])
async def test_phone_connects_while_the_other_side_rings(exchange: Exchange, status: str) -> None:

    task = asyncio.create_task(
        exchange.transfers.dials(exchange.call, exchange.anna, BEN, Leg("PJSIP/agent-anna-2", "leg-anna-2"))
    )
    await exchange.office.settle()
    assert exchange.ben.offer is not None
    exchange.board.offers.shown("ben", exchange.ben.offer.id)
    assert await task
    exchange.transfers.rings(exchange.call, Leg("PJSIP/agent-ben-1", "leg-ben"))
    exchange.transfers.joined(exchange.call, session_moves=True)
    exchange.over("leg-anna")
    exchange.over("leg-anna-2")
    assert exchange.call.transfer is not None
    exchange.transfers.dialled(exchange.call, status)
    await exchange.office.settle()
    if status == "ANSWER":
        assert (exchange.call.agent, exchange.states) == ("ben", (State.READY, State.TALKING))
    else:
        assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "anna")


async def test_phone_sends_the_caller_on(exchange: Exchange) -> None:
    transfer = exchange.transfers.referred(exchange.call, BEN)
    assert transfer is not None
    exchange.transfers.hand_on(exchange.call, transfer)
    await exchange.office.settle()
    assert (exchange.call.phase, exchange.call.agent) == (Phase.OFFERED, "ben")
