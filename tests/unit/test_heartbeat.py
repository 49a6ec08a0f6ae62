"""The service's pulse as its parent hears it, over a real pipe."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

import pytest

from hotline.parent import heartbeat
from hotline.parent.heartbeat import READY_FD, Pulse

Ends = tuple[Pulse, int]


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """The parent's end, and the descriptor of the service's."""
    reading, writing = os.pipe()
    pulse = await Pulse.open(reading)
    yield pulse, writing
    pulse.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PULSE_PATIENCE", 0.1)
    monkeypatch.setattr(heartbeat, "_SLICE", 0.02)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)


async def test_service_is_heard_from_ready_to_its_last_word(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse, writing = ends
    monkeypatch.setenv(READY_FD, str(writing))
    with heartbeat.heartbeat() as tell:
        assert await pulse.first(5)
        lines: list[str] = []
        hearing = asyncio.create_task(pulse.stops(lines.append))
        await asyncio.sleep(0.2)
        assert not hearing.done(), "it beats"
        tell("CALLS 2")
    assert await hearing is False
    assert lines == ["CALLS 2"]


async def test_service_that_ends_before_it_is_ready_is_noticed_at_once(ends: Ends) -> None:
    pulse, writing = ends
    os.close(writing)
    assert not await asyncio.wait_for(pulse.first(60), 5)


async def test_service_that_never_gets_ready_is_noticed(ends: Ends) -> None:
    pulse, writing = ends
    assert not await pulse.first(0.1)
    os.close(writing)


async def test_silence_is_a_service_that_hangs(ends: Ends) -> None:
    pulse, writing = ends
    os.write(writing, b".\n")
    assert await pulse.stops(lambda _: None) is True
    os.close(writing)


async def test_parent_that_was_stopped_itself_blames_nobody(ends: Ends) -> None:
    """After its pause the beats of the service are there, and the time that has passed is the parent's own."""
    pulse, writing = ends
    hearing = asyncio.create_task(pulse.stops(lambda _: None))
    await asyncio.sleep(0.01)
    os.write(writing, b".\n.\n")
    time.sleep(0.3)  # noqa: ASYNC251 - the event loop stands still
    await asyncio.sleep(0.01)
    assert not hearing.done()
    os.close(writing)
    assert await hearing is False


async def test_without_a_parent_the_service_speaks_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(READY_FD, raising=False)
    with heartbeat.heartbeat() as tell:
        tell("CALLS 1")
