"""What events of Asterisk mean when they come late: AGI is often the faster of the two."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.exchange.asterisk_events import AsteriskEvents
from tests.unit.doubles_switchboard import Office
from tests.unit.test_transfers import BEN, Exchange


@pytest.fixture
async def exchange(config: HotlineConfig) -> AsyncIterator[Exchange]:
    office = Office(config)
    exchange = Exchange(office)
    await exchange.talk()
    yield exchange
    await office.close()


async def _hear(exchange: Exchange, **event: str) -> None:
    """Let the service hear one event."""
    queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    nothing: Any = None
    ami: Any = SimpleNamespace(events=queue)
    outgoing: Any = SimpleNamespace(hears=lambda _event: False)
    reader = AsteriskEvents(ami, exchange.board, exchange.transfers, nothing, nothing, outgoing)
    events = asyncio.create_task(reader.run())
    queue.put_nowait(event)
    await exchange.office.settle()
    assert queue.empty()
    events.cancel()
    await asyncio.gather(events, return_exceptions=True)


async def _hear_of_blind_transfer(exchange: Exchange) -> None:
    await _hear(
        exchange,
        Event="BlindTransfer",
        Result="Success",
        TransfererUniqueid="leg-anna",
        TransfereeUniqueid=exchange.call.unique,
    )


async def test_telephone_has_sent_the_caller_on(exchange: Exchange) -> None:
    await _hear_of_blind_transfer(exchange)
    assert exchange.call.referred


async def test_news_of_another_transfer_does_not_concern_the_talk(exchange: Exchange) -> None:
    await _hear(
        exchange,
        Event="BlindTransfer",
        Result="Success",
        TransfererUniqueid="another",
        TransfereeUniqueid=exchange.call.unique,
    )
    assert not exchange.call.referred


@pytest.mark.parametrize("dialled", [False, True], ids=["before the next rings", "while the next talks"])
async def test_session_of_the_caller_sent_on_begins_before_the_news(exchange: Exchange, dialled: bool) -> None:
    transfer = exchange.transfers.referred(exchange.call, BEN)
    assert transfer is not None
    if dialled:
        exchange.transfers.hand_on(exchange.call, transfer)
        await exchange.office.settle()
        exchange.office.rings(exchange.call, "leg-ben")
        exchange.board.answered(exchange.call)
    await _hear_of_blind_transfer(exchange)
    assert not exchange.call.referred


async def test_ringing_is_told_after_a_login_has_shown_that_they_talk(exchange: Exchange) -> None:
    await _hear(
        exchange,
        Event="DialBegin",
        Uniqueid=exchange.call.unique,
        DestChannel="PJSIP/agent-anna-leg-anna",
        DestUniqueid="leg-anna",
    )
    assert exchange.office.controls.hung_up == []
    assert not exchange.call.leg.dismissed  # type: ignore[union-attr]
