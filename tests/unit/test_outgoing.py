"""Callers rung back: at most one ring per agent and task, busy meanwhile, and nothing that rings by itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.callbacks import Way
from agents.presence import Intent, State
from config.schema import HotlineConfig
from dialplan.outgoing import CALLER_DIALLED, OUTGOING_CONTEXT
from hotline.errors import AmiRefused, AmiUnavailable, Refused, StorageError
from hotline.exchange import outgoing as module
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ring import Result, Ring, Stage
from hotline.exchange.seats import Seat
from tests.unit.doubles_switchboard import Office

WAY = Way("PJSIP/057211234@gateway-haus", 30)


class RememberingOriginator:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str, str, int]] = []
        self.connected = True
        self.error: Exception | None = None

    async def ring(self, ring_id: str, agent: str, dial: str, seconds: int) -> None:
        self.rung.append((ring_id, agent, dial, seconds))
        if self.error is not None:
            raise self.error


class Rings:
    """Anna and Ben at work, and Asterisk's words about what rings."""

    def __init__(self, config: HotlineConfig) -> None:
        self.office = Office(config)
        self.originator = RememberingOriginator()
        board = self.office.switchboard
        parts: Any = (self.originator, self.office.controls, self.office.journal, self.office.ledger)
        self.outgoing = Outgoing(board, *parts, self.office.clock)
        self.anna, self.ben = board.seats["anna"], board.seats["ben"]
        self.stored = 0
        self.failure: Exception | None = None

    async def begin(self, seat: Seat | None = None, task: int = 7) -> Ring:
        return await self.outgoing.begin(seat or self.anna, task, "c1", WAY, self.store)

    async def store(self) -> None:
        self.stored += 1
        if self.failure is not None:
            raise self.failure

    def own(self, ring: Ring, status: str = "ANSWER") -> None:
        self.outgoing.hears({"Event": "DialBegin", "DestChannel": "PJSIP/agent-anna-1", "DestUniqueid": ring.id})
        self.outgoing.hears({"Event": "DialEnd", "DestUniqueid": ring.id, "DialStatus": status})

    def caller(self, ring: Ring, status: str = "ANSWER") -> None:
        self.outgoing.hears({"Event": "DialBegin", "Uniqueid": ring.id, "DestUniqueid": "x-1", "DestChannel": "gw"})
        self.outgoing.hears({"Event": "DialEnd", "Uniqueid": ring.id, "DestUniqueid": "x-1", "DialStatus": status})

    def dialled(self, ring: Ring, status: str) -> None:
        told = {"Event": "UserEvent", "UserEvent": CALLER_DIALLED, "Uniqueid": ring.id, "DialStatus": status}
        self.outgoing.hears(told)

    def over(self, ring: Ring) -> None:
        self.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id, "Cause": "16"})

    @property
    def noted(self) -> list[str]:
        return [args[2] for kind, args in self.office.ledger.written if kind == "note"]


@pytest.fixture
async def rings(config: HotlineConfig) -> AsyncIterator[Rings]:
    found = Rings(config)
    found.office.ready("anna", "ben")
    yield found
    await found.office.close()


async def test_own_telephone_then_the_caller_then_the_outcome(rings: Rings) -> None:
    ring = await rings.begin()
    assert rings.originator.rung == [(ring.id, "anna", WAY.dial, 30)]
    assert (ring.stage, rings.anna.presence.state) == (Stage.OWN, State.TALKING)
    rings.own(ring)
    assert ring.stage is Stage.CALLER
    rings.caller(ring)
    assert ring.stage is Stage.TALKING
    rings.dialled(ring, "ANSWER")
    rings.over(ring)
    assert (ring.stage, ring.result, ring.asks) == (Stage.OVER, Result.TALKED, True)
    assert rings.anna.presence.state is State.WRAP_UP
    rings.outgoing.settled(7, "anna")
    assert rings.anna.presence.state is State.READY
    assert rings.outgoing.of("anna") is None
    await rings.office.settle()
    steps = ["callback_ringing", "callback_agent_answered", "callback_answered", "callback_ended"]
    assert rings.noted == steps


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("BUSY", Result.BUSY),
        ("NOANSWER", Result.NO_ANSWER),
        ("CHANUNAVAIL", Result.UNREACHABLE),
        ("CONGESTION", Result.UNREACHABLE),
        ("CANCEL", Result.CANCELLED),
    ],
)
async def test_caller_who_does_not_answer_asks_for_an_outcome(rings: Rings, status: str, result: Result) -> None:
    ring = await rings.begin()
    rings.own(ring)
    rings.caller(ring, status)
    rings.over(ring)
    assert (ring.result, ring.asks, rings.anna.presence.state) == (result, True, State.WRAP_UP)


async def test_gateway_of_which_dial_tells_nothing_is_told_by_the_dialplan(rings: Rings) -> None:
    ring = await rings.begin()
    rings.own(ring)
    rings.dialled(ring, "CHANUNAVAIL")
    rings.over(ring)
    assert ring.result is Result.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "result"), [("NOANSWER", Result.OWN_MISSED), ("BUSY", Result.OWN_MISSED), ("", Result.OWN_GONE)]
)
async def test_own_telephone_not_taken_leaves_the_agent_free(rings: Rings, status: str, result: Result) -> None:
    ring = await rings.begin()
    rings.own(ring, status)
    assert (ring.result, ring.asks, rings.anna.presence.state) == (result, False, State.READY)
    rings.over(ring)
    await rings.begin()  # and may try again


async def _over(ring: Ring) -> None:
    async with asyncio.timeout(5):
        while not ring.over:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def test_telephone_without_any_channel_is_known_by_its_agent(rings: Rings) -> None:
    ring = await rings.begin()
    told = {"Event": "OriginateResponse", "Response": "Failure", "Context": OUTGOING_CONTEXT, "Reason": "0"}
    assert rings.outgoing.hears({**told, "Channel": "PJSIP/agent-ben", "Uniqueid": "<null>"}) is False
    assert ring.stage is Stage.OWN
    assert rings.outgoing.hears({**told, "Channel": "PJSIP/agent-anna", "Uniqueid": "<null>"})
    await _over(ring)
    assert ring.result is Result.OWN_GONE


async def test_reason_that_comes_after_the_failure_counts(rings: Rings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asterisk tells of the two on ways of their own."""
    monkeypatch.setattr(module, "REASON_SECONDS", 5.0)
    ring = await rings.begin()
    rings.outgoing.hears({"Event": "OriginateResponse", "Response": "Failure", "Reason": "0", "Uniqueid": ring.id})
    await rings.office.settle()
    assert not ring.over
    rings.outgoing.hears({"Event": "DialEnd", "DestUniqueid": ring.id, "DialStatus": "BUSY"})
    assert ring.result is Result.OWN_MISSED


async def test_busy_agent_is_offered_nothing_until_the_outcome_is_said(rings: Rings) -> None:
    rings.office.switchboard.staff.wanting(rings.ben, Intent.PAUSE, "Pause")
    ring = await rings.begin()
    call = await rings.office.call("c9")
    await rings.office.settle()
    assert call.agent is None
    rings.own(ring)
    rings.caller(ring)
    rings.over(ring)
    await rings.office.settle()
    assert call.agent is None
    rings.outgoing.settled(7, "anna")
    assert call.agent == "anna"


async def test_neither_agent_nor_task_is_rung_twice_at_once(rings: Rings) -> None:
    ring = await rings.begin()
    with pytest.raises(Refused, match="läuft schon"):
        await rings.begin(rings.ben)
    with pytest.raises(Refused, match="schließen Sie erst ab"):
        await rings.begin(task=8)
    rings.own(ring)
    rings.caller(ring)
    rings.over(ring)
    with pytest.raises(Refused, match="Ergebnis fehlt"):
        await rings.begin(rings.ben)
    assert len(rings.originator.rung) == 1


async def test_two_presses_at_the_same_moment_ring_once(rings: Rings) -> None:
    done = await asyncio.gather(rings.begin(), rings.begin(), rings.begin(rings.ben), return_exceptions=True)
    assert [type(one) for one in done] == [Ring, Refused, Refused]
    assert len(rings.originator.rung) == 1


async def test_agent_who_is_not_free_is_refused(rings: Rings) -> None:
    board = rings.office.switchboard
    board.staff.phone(rings.anna, registered=True, engaged=True)
    with pytest.raises(Refused, match="besetzt"):
        await rings.begin()
    board.staff.phone(rings.anna, registered=False, engaged=False)
    with pytest.raises(Refused, match="nicht angemeldet"):
        await rings.begin()
    board.staff.wanting(rings.anna, Intent.HOME, None)
    with pytest.raises(Refused, match="zum Dienst"):
        await rings.begin()
    await rings.office.call("c9")
    assert rings.ben.call is not None
    with pytest.raises(Refused, match="schließen Sie erst ab"):
        await rings.begin(rings.ben)
    assert rings.stored == 0


async def test_without_asterisk_nothing_is_stored_or_rung(rings: Rings) -> None:
    rings.originator.connected = False
    with pytest.raises(Refused, match="Telefonanlage"):
        await rings.begin()
    assert (rings.stored, rings.originator.rung) == (0, [])
    assert rings.anna.presence.state is State.READY


async def test_what_cannot_be_stored_is_not_rung(rings: Rings) -> None:
    rings.failure = StorageError("the disk is full")
    with pytest.raises(StorageError):
        await rings.begin()
    assert rings.originator.rung == []
    assert rings.anna.presence.state is State.READY
    assert rings.outgoing.of("anna") is None


async def test_refused_originate_leaves_the_agent_free(rings: Rings) -> None:
    rings.originator.error = AmiRefused("no such endpoint")
    ring = await rings.begin()
    assert (ring.result, rings.anna.presence.state) == (Result.OWN_GONE, State.READY)


async def test_what_was_over_unheard_the_agent_is_asked_for(rings: Rings) -> None:
    """Perhaps the two have talked: nobody is rung again for it by itself."""
    rings.originator.error = AmiUnavailable("no answer")
    ring = await rings.begin()
    assert (ring.stage, rings.anna.presence.state) == (Stage.OWN, State.TALKING)
    rings.outgoing.compare(rings.outgoing.going_on(), {})
    assert (ring.result, ring.asks, rings.anna.presence.state) == (Result.UNKNOWN, True, State.WRAP_UP)
    rings.outgoing.settled(7, "anna")
    assert rings.anna.presence.state is State.READY


async def test_own_telephone_that_was_picked_up_unheard_was_not_missed(rings: Rings) -> None:
    ring = await rings.begin()
    rings.outgoing.hears({"Event": "Hangup", "Uniqueid": ring.id, "ChannelState": "6"})
    assert (ring.result, ring.asks) == (Result.UNKNOWN, True)


async def test_ring_that_was_given_up_and_goes_on_is_taken_up_again(
    rings: Rings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NO_NEWS_SECONDS", 0.01)
    ring = await rings.begin()
    await _over(ring)
    assert (ring.result, ring.asks) == (Result.UNKNOWN, True)
    rings.outgoing.compare([], _channels(ring.id))
    assert (ring.stage, ring.result, rings.anna.presence.state) == (Stage.TALKING, None, State.TALKING)
    rings.over(ring)
    assert (ring.result, rings.anna.presence.state) == (Result.TALKED, State.WRAP_UP)


async def test_agent_who_goes_home_while_it_is_stored_is_not_rung(rings: Rings) -> None:
    async def press() -> None:
        rings.office.switchboard.staff.wanting(rings.anna, Intent.HOME, None)

    ring = await rings.outgoing.begin(rings.anna, 7, "c1", WAY, press)
    assert (ring.result, rings.originator.rung, rings.anna.presence.state) == (Result.OWN_GONE, [], State.HOME)


async def test_silence_of_the_own_telephone_ends_and_hangs_up(rings: Rings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NO_NEWS_SECONDS", 0.01)
    ring = await rings.begin()
    await _over(ring)
    assert rings.office.controls.hung_up == [ring.id]
    assert (ring.result, rings.anna.presence.state) == (Result.UNKNOWN, State.WRAP_UP)


async def test_agent_hangs_up_while_it_rings_there(rings: Rings) -> None:
    ring = await rings.begin()
    rings.own(ring)
    rings.outgoing.hang_up("anna", 7)
    await rings.office.settle()
    assert rings.office.controls.hung_up == [ring.id]
    rings.over(ring)
    assert ring.result is Result.CANCELLED
    with pytest.raises(Refused, match="läuft gerade nicht"):
        rings.outgoing.hang_up("anna", 7)
    with pytest.raises(Refused, match="läuft gerade nicht"):
        rings.outgoing.hang_up("ben", 7)


async def test_hung_up_before_asterisk_was_asked_nothing_rings(rings: Rings) -> None:
    async def press() -> None:
        rings.outgoing.hang_up("anna", 7)

    ring = await rings.outgoing.begin(rings.anna, 7, "c1", WAY, press)
    assert rings.originator.rung == []
    assert (ring.result, ring.asks, rings.anna.presence.state) == (Result.OWN_GONE, False, State.READY)
    await rings.office.settle()
    assert rings.noted == ["callback_ended"]
    await rings.begin()  # and may be tried again


async def test_hung_up_before_there_is_a_channel_is_hung_up_when_there_is_one(rings: Rings) -> None:
    ring = await rings.begin()
    rings.outgoing.hang_up("anna", 7)
    await rings.office.settle()
    rings.office.controls.hung_up.clear()  # Asterisk knew no such channel yet
    rings.outgoing.hears({"Event": "DialBegin", "DestChannel": "PJSIP/agent-anna-1", "DestUniqueid": ring.id})
    await rings.office.settle()
    assert rings.office.controls.hung_up == [ring.id]


async def test_one_agents_word_does_not_settle_the_ring_of_another(rings: Rings) -> None:
    ring = await rings.begin()
    rings.own(ring)
    rings.caller(ring)
    rings.over(ring)
    rings.outgoing.settled(7, "ben")
    assert rings.outgoing.of("anna") is ring


async def test_outcome_waits_for_the_end_of_the_talk(rings: Rings) -> None:
    ring = await rings.begin()
    with pytest.raises(Refused, match="beenden Sie erst"):
        rings.outgoing.require_over(7)
    rings.own(ring)
    rings.over(ring)
    rings.outgoing.require_over(7)


# --- after a restart ---------------------------------------------------------------------------------


def _channels(ring_id: str, *, bridge: str = "b1") -> dict[str, dict[str, str]]:
    own = {"Channel": "PJSIP/agent-anna-0001", "Uniqueid": ring_id, "Linkedid": ring_id, "BridgeId": bridge}
    other = {"Channel": "PJSIP/gateway-haus-0002", "Uniqueid": "x-2", "Linkedid": ring_id, "BridgeId": bridge}
    return {ring_id: own, "x-2": other}


async def test_talk_of_before_is_found_by_its_channel_and_nothing_is_rung(rings: Rings) -> None:
    rings.outgoing.compare([], _channels("callback-7-c1-0123abcd"))
    ring = rings.outgoing.of("anna")
    assert ring is not None
    assert (ring.task_id, ring.call_id, ring.stage) == (7, "c1", Stage.TALKING)
    assert rings.anna.presence.state is State.TALKING
    assert rings.originator.rung == []
    rings.over(ring)
    assert ring.asks
    rings.outgoing.settled(7, "anna")
    assert rings.anna.presence.state is State.READY


@pytest.mark.parametrize("strange", ["callback-7", "callback-x-c1-0123abcd", "hl-1795420800.17", "callback-7-c1-XYZ"])
async def test_channels_of_others_are_left_alone(rings: Rings, strange: str) -> None:
    rings.outgoing.compare([], _channels(strange))
    assert rings.outgoing.of("anna") is None


async def test_ring_begun_after_asterisk_was_asked_is_not_taken_for_over(rings: Rings) -> None:
    known = rings.outgoing.going_on()
    ring = await rings.begin()
    rings.outgoing.compare(known, {})
    assert ring.stage is Stage.OWN
