"""Who has to be heard through a gateway: everybody who talks, for the gateway's time, and nobody who rings or holds."""

from collections.abc import AsyncIterator

import pytest

from config.schema import HotlineConfig
from hotline.exchange.calls import Call, Calls, Handover, Leg
from hotline.exchange.parties import to_be_heard
from hotline.exchange.silence import Party
from tests.unit.doubles_switchboard import Office
from tests.unit.test_outgoing import Rings
from tests.unit.test_transfers import BEN, OUTSIDE, Exchange

CALLER = Party("c1", "PJSIP/c1", 7.0, "c1")
CASE_WORKER = Party("leg-outside", "PJSIP/gateway-haus-0000001f", 7.0, "c1")


@pytest.fixture
def seven(config: HotlineConfig) -> HotlineConfig:
    """A gateway that allows seven seconds."""
    (gateway,) = config.gateways[:1]
    assert gateway.name == "haus"
    return config.model_copy(update={"gateways": [gateway.model_copy(update={"silence_seconds": 7})]})


@pytest.fixture
async def exchange(seven: HotlineConfig) -> AsyncIterator[Exchange]:
    """Anna talks with a caller."""
    office = Office(seven)
    exchange = Exchange(office)
    await exchange.talk()
    yield exchange
    await office.close()


@pytest.fixture
async def rings(seven: HotlineConfig) -> AsyncIterator[Rings]:
    """Nobody calls; Anna and Ben are ready."""
    found = Rings(seven)
    found.office.ready("anna", "ben")
    yield found
    await found.office.close()


def _heard(exchange: Exchange) -> list[Party]:
    return list(to_be_heard(exchange.board.calls, (), exchange.office.config))


def _called_back(rings: Rings) -> list[Party]:
    return list(to_be_heard(Calls(), rings.outgoing, rings.office.config))


def _outside() -> Leg:
    return Leg(CASE_WORKER.channel, CASE_WORKER.unique)


async def _consulted(exchange: Exchange) -> Leg:
    """A case worker whom Anna asks about the caller."""
    exchange.transfers.begin(exchange.call, exchange.anna, Handover.CONSULT, OUTSIDE)
    await exchange.office.settle()
    leg = _outside()
    exchange.transfers.rings(exchange.call, leg)
    assert _heard(exchange) == [CALLER], "nobody speaks who is still rung"
    exchange.transfers.dialled(exchange.call, "ANSWER")
    return leg


async def _sent_on(exchange: Exchange) -> Leg:
    """A case worker to whom Anna has sent the caller."""
    await exchange.blind(OUTSIDE)
    assert exchange.call.transfer is not None
    exchange.transfers.leaves_us(exchange.call, exchange.call.transfer)
    leg = _outside()
    exchange.board.dialling(exchange.call, leg)
    assert _heard(exchange) == [CALLER], "nobody speaks who is still rung"
    exchange.transfers.answered_outside(exchange.call)
    return leg


# --- callers ---------------------------------------------------------------------------------


async def test_caller_is_heard_and_the_agent_is_not(exchange: Exchange) -> None:
    assert _heard(exchange) == [CALLER]


async def test_caller_who_holds_us_need_not_be_heard(exchange: Exchange) -> None:
    exchange.call.on_hold = True
    assert _heard(exchange) == []


async def test_caller_who_has_hung_up_need_not_be_heard(exchange: Exchange) -> None:
    exchange.board.over(exchange.call)
    assert _heard(exchange) == []


@pytest.mark.parametrize("gateway", ["", "gone"])
async def test_caller_of_a_gateway_that_is_gone_from_the_configuration_has_ten_seconds(
    exchange: Exchange, gateway: str
) -> None:
    exchange.call.gateway = gateway
    assert [party.allowed for party in _heard(exchange)] == [10.0]


# --- whoever is outside ----------------------------------------------------------------------


async def test_whoever_is_consulted_outside_is_heard(exchange: Exchange) -> None:
    leg = await _consulted(exchange)
    assert _heard(exchange) == [CALLER, CASE_WORKER]
    leg.on_hold = True
    assert _heard(exchange) == [CALLER]


async def test_whoever_is_consulted_outside_is_heard_when_the_caller_has_left(exchange: Exchange) -> None:
    await _consulted(exchange)
    exchange.transfers.caller_left(exchange.call)
    exchange.board.over(exchange.call)
    assert _heard(exchange) == [CASE_WORKER]
    exchange.over(CASE_WORKER.unique)
    assert _heard(exchange) == []


async def test_whoever_has_been_given_the_caller_outside_is_heard_on(exchange: Exchange) -> None:
    await _consulted(exchange)
    exchange.transfers.complete(exchange.call, exchange.anna)
    assert _heard(exchange) == [CALLER, CASE_WORKER]


async def test_whoever_a_caller_was_sent_to_outside_is_heard_until_the_end(exchange: Exchange) -> None:
    leg = await _sent_on(exchange)
    assert _heard(exchange) == [CALLER, CASE_WORKER]
    leg.on_hold = True
    assert _heard(exchange) == [CALLER]
    leg.on_hold = False
    exchange.over(CASE_WORKER.unique)
    assert _heard(exchange) == [CALLER]


async def test_colleague_who_is_consulted_is_asterisks_task(exchange: Exchange) -> None:
    await exchange.consult(BEN)
    exchange.transfers.dialled(exchange.call, "ANSWER")
    assert _heard(exchange) == [CALLER]


async def test_agents_leg_is_never_taken_for_one_outside(exchange: Exchange) -> None:
    """The news of whom the caller was sent to was missed."""
    await exchange.blind(OUTSIDE)
    assert exchange.call.transfer is not None
    exchange.transfers.leaves_us(exchange.call, exchange.call.transfer)
    exchange.transfers.answered_outside(exchange.call)
    assert _heard(exchange) == [CALLER]


async def test_gateway_is_known_by_the_channel(exchange: Exchange, seven: HotlineConfig) -> None:
    other = seven.gateways[0].model_copy(update={"name": "haus-sued", "silence_seconds": 33})
    call: Call = exchange.call
    call.config = seven.model_copy(update={"gateways": [*seven.gateways, other]})
    leg = await _sent_on(exchange)
    leg.channel = "PJSIP/gateway-haus-sued-000000a0"
    assert [party.allowed for party in _heard(exchange)] == [7.0, 33.0]


# --- callbacks -------------------------------------------------------------------------------


async def test_caller_who_is_called_back_is_heard_while_the_two_talk(rings: Rings) -> None:
    ring = await rings.begin()
    rings.own(ring)
    begin = {"Event": "DialBegin", "Uniqueid": ring.id, "DestUniqueid": "x-1", "DestChannel": CASE_WORKER.channel}
    rings.outgoing.hears(begin)
    assert _called_back(rings) == []
    rings.outgoing.hears({"Event": "DialEnd", "Uniqueid": ring.id, "DestUniqueid": "x-1", "DialStatus": "ANSWER"})
    assert _called_back(rings) == [Party("x-1", CASE_WORKER.channel, 7.0, "c1")]
    rings.over(ring)
    assert _called_back(rings) == []


async def test_caller_who_is_called_back_and_holds_us_need_not_be_heard(rings: Rings) -> None:
    ring = await rings.begin()
    rings.own(ring)
    rings.caller(ring)
    assert ring.leg is not None
    ring.leg.channel = CASE_WORKER.channel
    assert rings.outgoing.hears({"Event": "Hold", "Uniqueid": "x-1"})
    assert _called_back(rings) == []
    assert rings.outgoing.hears({"Event": "Unhold", "Uniqueid": "x-1"})
    assert len(_called_back(rings)) == 1
    assert not rings.outgoing.hears({"Event": "Hold", "Uniqueid": "another"})
    assert len(_called_back(rings)) == 1


@pytest.mark.parametrize("bridge", ["b1", ""], ids=["talks", "rings"])
async def test_callback_of_before_a_restart_is_heard_when_the_two_talk(rings: Rings, bridge: str) -> None:
    ring_id = "callback-7-c1-0123abcd"
    own = {"Channel": "PJSIP/agent-anna-0001", "Uniqueid": ring_id, "Linkedid": ring_id, "BridgeId": bridge}
    other = {**own, "Channel": CASE_WORKER.channel, "Uniqueid": "x-2"}
    rings.outgoing.compare([], {ring_id: own, "x-2": other})
    assert _called_back(rings) == ([Party("x-2", CASE_WORKER.channel, 7.0, "c1")] if bridge else [])
