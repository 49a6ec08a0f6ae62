"""What becomes of waiting callers and ringing telephones when the clock is stepped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline import clock_steps
from hotline.calls import Call, OfferEnd
from hotline.clock_steps import ClockSteps
from tests.unit.doubles_switchboard import Office

HOUR = timedelta(hours=1)


class HeldSession:
    """What is looked at of an AGI session."""

    def __init__(self, call: Call, busy_with: str) -> None:
        self.environment, self.busy_with = {"agi_uniqueid": call.unique}, busy_with


class Sessions:
    """AGI sessions of calls, held open until the end of the test; `taken_back` are the channels that were led anew."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.taken_back: list[str] = []
        self.steps = ClockSteps(self._hold, office.switchboard, self, office.clock)
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Future[None]] = []

    async def take_back(self, channel: str) -> bool:
        self.taken_back.append(channel)
        return True

    async def open(self, call: Call, busy_with: str) -> None:
        self._tasks.append(asyncio.ensure_future(self.steps(HeldSession(call, busy_with))))  # type: ignore[arg-type]
        await asyncio.sleep(0)

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


@pytest.mark.parametrize(("busy_with", "led_anew"), [("wait_for_digit", True), ("play", False), ("execute", False)])
async def test_after_a_step_back_who_waits_gets_a_new_session(
    sessions: Sessions, busy_with: str, led_anew: bool
) -> None:
    call = await sessions.office.call("c1")
    await sessions.open(call, busy_with)
    await sessions.step(-HOUR)
    assert sessions.taken_back == ([call.channel] if led_anew else [])


async def test_after_a_step_forward_everybody_stays_where_they_are(sessions: Sessions) -> None:
    await sessions.open(await sessions.office.call("c1"), "wait_for_digit")
    await sessions.step(HOUR)
    assert sessions.taken_back == []


async def test_who_is_on_hold_in_a_talk_stays_there(sessions: Sessions) -> None:
    office = sessions.office
    office.ready("anna")
    call = await office.call("c1")
    await office.settle()
    office.rings(call)
    office.switchboard.answered(call)
    await sessions.open(call, "wait_for_digit")
    await sessions.step(-HOUR)
    assert sessions.taken_back == []


async def test_session_that_is_over_is_forgotten(sessions: Sessions) -> None:
    await sessions.open(await sessions.office.call("c1"), "wait_for_digit")
    await sessions.close()
    await sessions.step(-HOUR)
    assert sessions.taken_back == []


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
