"""What becomes of waiting callers and ringing telephones when the clock is stepped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline import clock_steps
from hotline.clock_steps import ClockSteps
from hotline.exchange.calls import OfferEnd
from tests.unit.doubles_switchboard import Office

HOUR = timedelta(hours=1)


class HeldSession:
    """What is used of an AGI session."""

    interrupted = False

    def interrupt(self) -> None:
        self.interrupted = True


class Sessions:
    """AGI sessions, held open until the end of the test."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.steps = ClockSteps(self._hold, office.switchboard, office.clock)
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Future[None]] = []

    async def open(self) -> HeldSession:
        session = HeldSession()
        self._tasks.append(asyncio.ensure_future(self.steps(session)))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        return session

    async def step(self, by: timedelta) -> None:
        self.office.pass_time(by.total_seconds())
        self.steps.took_place(by)
        await self.office.settle()

    async def close(self) -> None:
        self._over.set()
        await asyncio.gather(*self._tasks)

    async def _hold(self, _session: Any) -> None:
        await self._over.wait()


@pytest.fixture
async def sessions(config: HotlineConfig) -> AsyncIterator[Sessions]:
    sessions = Sessions(Office(config))
    yield sessions
    await sessions.close()
    await sessions.office.close()


@pytest.mark.parametrize(("step", "interrupted"), [(-HOUR, True), (HOUR, False)])
async def test_only_after_a_step_back_everybody_begins_to_wait_anew(
    sessions: Sessions, step: timedelta, interrupted: bool
) -> None:
    session = await sessions.open()
    await sessions.step(step)
    assert session.interrupted is interrupted


async def test_session_that_is_over_is_forgotten(sessions: Sessions) -> None:
    session = await sessions.open()
    await sessions.close()
    await sessions.step(-HOUR)
    assert not session.interrupted


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_waits_are_as_long_as_before(sessions: Sessions, step: timedelta) -> None:
    office = sessions.office
    call = await office.call("c1")
    office.pass_time(40)
    before = office.clock.now() - (call.joined_at or office.clock.now())
    await sessions.step(step)
    assert office.clock.now() - (call.joined_at or office.clock.now()) == before


async def test_telephone_rings_no_longer_than_allowed(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_steps, "RING_GRACE", 0.0)
    office = sessions.office
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    offer = call.offer
    assert offer is not None
    office.pass_time(offer.ring_seconds)  # Asterisk should have ended it by now
    await sessions.step(-HOUR)
    async with asyncio.timeout(5):
        while offer.open:  # noqa: ASYNC110 - the offer's event says more than its end
            await asyncio.sleep(0)
    assert offer.end is OfferEnd.MISSED


async def test_answer_in_time_is_left_alone(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_steps, "RING_GRACE", 0.0)
    office = sessions.office
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    offer = call.offer
    assert offer is not None
    office.pass_time(offer.ring_seconds)
    sessions.steps.took_place(-HOUR)
    office.switchboard.answered(call)
    await office.settle()
    assert offer.end is OfferEnd.ANSWERED
    assert office.controls.hung_up == []
