"""Fault 6: the clock is stepped by an hour while callers wait, and both changes of daylight saving.

Steps forward are only the service's here. Asterisk on the same clock ends a call now and then, having heard no RTP for
an hour as it believes (docs/decisions/0014-time-runs-on-steadily.md).
"""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from hotline.phone import tones
from hotline.phone.call import Heard, PhoneCall
from hotline.storage.views import Step
from tests.system.chain import AgentAtWork, Chain, hear_each_other, hotline
from tests.system.conftest import StartAsterisk, sound_file
from tests.system.stepped_clock import SteppedClock, hotline_on, same_machine

BERLIN = ZoneInfo("Europe/Berlin")
FIRST, SECOND = "+495721777011", "+495721777012"
HOUR = 3600.0
TRUE_WITHIN = 2.0
"""Seconds by which a wait that is shown or written may differ from the real one."""
QUESTION_TONE, QUESTION_SECONDS = 1400.0, 3.0
QUESTIONS = ("waited_long", "nobody_ready", "closing_now")
LOOKS = 7.0
"""After so many seconds every waiting caller was looked at again, and a wrong question would be heard."""
pytestmark = pytest.mark.timeout(150)


class Waiting:
    """A caller in the line, and since when by a clock that nobody steps."""

    def __init__(self, chain: Chain, number: str) -> None:
        self._chain, self.number = chain, number
        self.call: PhoneCall
        self._joined_after = self._joined_before = 0.0

    async def join(self, key: str) -> None:
        self.call = await (await self._chain.phone(self.number)).dial(self._chain.address)
        await self.call.answered()
        self._joined_after = time.monotonic()
        await self.call.press(key)
        await self._chain.steps(self.number, "joined_line")
        self._joined_before = time.monotonic()

    def has_waited(self, seconds: float) -> bool:
        """Whether that is the truth, as far as it is known here."""
        now = time.monotonic()
        return now - self._joined_before - TRUE_WITHIN < seconds < now - self._joined_after + TRUE_WITHIN

    async def hears_no_question(self, seconds: float) -> None:
        """Nobody asks the caller anything that only a long wait or closing time would be a reason for."""
        heard = await self.call.hear(seconds)
        assert heard.seconds > seconds / 2, "packets are missing: the question might be among them"
        second = 2 * heard.rate
        for at in range(0, len(heard.pcm) - second, second):
            assert not Heard(heard.pcm[at : at + second], heard.rate).has_tone(QUESTION_TONE)


async def two_callers(chain: Chain) -> tuple[Waiting, Waiting]:
    for question in QUESTIONS:
        tone = tones.tone((QUESTION_TONE,), QUESTION_SECONDS, 8000)
        sound_file(chain.asterisk.state.prompts / f"{question}.wav", tone)
    first, second = Waiting(chain, FIRST), Waiting(chain, SECOND)
    await first.join("4")
    await second.join("6")
    return first, second


async def offered(agent: AgentAtWork, caller: Waiting) -> Mapping[str, Any]:
    """The agent's page shows that very caller, and truly how long they have waited and how long it rings."""
    shown = await agent.until_state("offered")
    call = shown["call"]
    assert call["caller"] == f"05721 {caller.number[-6:]}"
    assert caller.has_waited(call["waited_seconds"]), call["waited_seconds"]
    assert 0 < _left(shown, "ring_until") <= 12
    return shown


async def take(agent: AgentAtWork) -> PhoneCall:
    ringing = await agent.phone.incoming()
    await ringing.answer()
    await agent.until_state("talking")
    return ringing


def _left(shown: Mapping[str, Any], what: str) -> float:
    return (datetime.fromisoformat(shown["call"][what]) - datetime.fromisoformat(shown["now"])).total_seconds()


# --- steps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_step_of_an_hour_changes_nothing_for_callers_who_wait(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], tmp_path: Path, step: float
) -> None:
    clock = SteppedClock(tmp_path)
    async with hotline_on(clock, start_asterisk, patient(shipped)) as (chain, service):
        anna = await chain.agent("anna", ready=False)
        first, second = await two_callers(chain)
        before, at = _shown_now(anna), time.monotonic()
        clock.step(step)
        await asyncio.gather(first.hears_no_question(LOOKS), second.hears_no_question(LOOKS))
        await anna.post("/agent/presence", intent="ready")
        await offered(anna, first)
        moved = (_shown_now(anna) - before).total_seconds() - (time.monotonic() - at)
        assert moved == pytest.approx(step, abs=TRUE_WITHIN)
        await (await take(anna)).hang_up()
        await anna.until_state("wrap_up")

        before = _shown_now(anna)
        clock.step(-step)
        shown = await anna.until(lambda _: abs(_shown_now(anna) - before) > timedelta(minutes=30))
        assert 60 - 2 * TRUE_WITHIN < _left(shown, "wrap_up_until") <= 60
        await second.hears_no_question(LOOKS)
        await anna.dispose("settled")
        await offered(anna, second)
        await hear_each_other(second.call, await take(anna))
        assert sum("the system clock was stepped" in line for line in service.lines) == 2
        assert 'hotline_events_total{event="the system clock was stepped",level="warning"} 2.0' in await numbers(chain)
        assert [line for line in service.lines if re.search(r"failed|Traceback", line)] == []


async def test_who_waits_while_the_whole_machine_is_set_back_is_served(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], tmp_path: Path
) -> None:
    clock = SteppedClock(tmp_path)
    async with hotline_on(clock, same_machine(start_asterisk, clock), patient(shipped)) as (chain, _):
        anna = await chain.agent("anna", ready=False)
        first, second = await two_callers(chain)
        clock.step(-HOUR)
        await asyncio.gather(first.hears_no_question(LOOKS), second.hears_no_question(LOOKS))
        await anna.post("/agent/presence", intent="ready")
        await offered(anna, first)
        await hear_each_other(first.call, await take(anna))


async def test_telephone_rings_no_longer_because_the_whole_machine_was_set_back(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], tmp_path: Path
) -> None:
    """Asterisk itself would ring for an hour."""
    shipped["distribution"]["ring_seconds"] = 5
    clock = SteppedClock(tmp_path)
    async with hotline_on(clock, same_machine(start_asterisk, clock), patient(shipped)) as (chain, _):
        anna = await chain.agent("anna")
        caller = Waiting(chain, FIRST)
        await caller.join("4")
        await anna.phone.incoming()
        clock.step(-HOUR)
        await anna.until(lambda snapshot: "Anruf nicht angenommen" in snapshot["cause"])
        await anna.ready()
        await hear_each_other(caller.call, await take(anna))


def patient(raw: dict[str, Any]) -> dict[str, Any]:
    """A configuration in which no screen is stale because the machine is busy."""
    raw["distribution"]["screen_seconds"] = 5
    return raw


async def numbers(chain: Chain) -> str:
    """What a monitoring on this machine reads."""
    async with (
        aiohttp.ClientSession() as monitoring,
        monitoring.get(f"{chain.config.hotline.public_url}/metrics") as told,
    ):
        assert told.status == 200
        return await told.text()


# --- daylight saving -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)],
    ids=["autumn", "spring"],
)
async def test_caller_who_waits_through_a_change_of_daylight_saving_is_served(
    start_asterisk: StartAsterisk, shipped: dict[str, Any], change: datetime
) -> None:
    shipped["hours"]["week"]["sunday"] = ["00:00-23:59"]
    began, business = time.monotonic(), change - timedelta(seconds=20)
    async with hotline(start_asterisk, shipped, business.astimezone(BERLIN)) as chain:
        anna = await chain.agent("anna", ready=False)
        first, second = await two_callers(chain)
        until_change = (change - _shown_now(anna)).total_seconds()
        assert until_change > 0, "the machine is too slow for this test"
        await asyncio.gather(first.hears_no_question(until_change + LOOKS), second.hears_no_question(1))

        await anna.post("/agent/presence", intent="ready")
        shown = await offered(anna, first)
        assert shown["hotline"]["opening_text"] == "geöffnet bis 23:59 Uhr"
        await take(anna)
        steps = await chain.steps(FIRST, "answered")
        joined, made, answered = (_at(steps, kind) for kind in ("joined_line", "offer_made", "answered"))
        assert business < joined < change < made < answered < business + timedelta(seconds=time.monotonic() - began)
        assert first.has_waited((answered - joined).total_seconds())


def _shown_now(agent: AgentAtWork) -> datetime:
    return datetime.fromisoformat(agent.snapshot["now"])


def _at(steps: list[Step], kind: str) -> datetime:
    found = next(step.at for step in steps if step.kind == kind)
    assert found.utcoffset() == timedelta()
    return found
