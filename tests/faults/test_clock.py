"""Fault 6: the machine's clock is set by an hour while callers wait, and both changes of daylight saving.

Parent, service and Asterisk live on a clock that the test sets (tests/system/stepped_clock.py). For a change of
daylight saving nothing is set: business time runs through it, and since nothing fails nothing is logged.
"""

import asyncio
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.house import House, configuration, eventually, kill
from tests.faults.rounds import Round, Script, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import Fault, Scene, scene
from tests.system.stepped_clock import SteppedClock, library

HOUR = 3600.0
LOG = "the system clock was stepped"
BEFORE_THE_CHANGE = timedelta(seconds=110)
"""Business time at the start: house and agents need some of it."""
LEAD = timedelta(seconds=30)
"""Callers come so long before the change: at the change they are in the line, ring and talk."""
CHANGE_PATIENCE = 60.0
pytestmark = pytest.mark.timeout(100_000)


# --- steps ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Somebody sets the system's clock."""

    seconds: float

    async def play(self, one: Round) -> list[Row]:
        with tempfile.TemporaryDirectory() as directory:
            clock, between = SteppedClock(Path(directory)), _asterisk_on_the_clock
            environment = {**clock.environment, **_sleeping(Path(directory))}
            async with scene(configuration(), between=between, environment=environment) as here:
                moments = one.moments()
                later = moments.between(0.0, 8.0, 4.0)
                found = await here.endure(one, Fault(self._hit(clock, later), LOG, LOG), moments)
                return stamped(found, here.house.release)

    def _hit(self, clock: SteppedClock, later: float) -> Callable[[Scene], Awaitable[float]]:
        async def hit(here: Scene) -> float:
            """Agents go on a little later, so that callers wait, hear music and are found by an agent as ever."""
            _nobody_works(here)
            clock.step(self.seconds)
            over = time.monotonic()
            await asyncio.sleep(later)
            here.everybody_works()
            return over

        return hit


def _sleeping(directory: Path) -> Mapping[str, str]:
    """The library breaks `time.sleep`, which the start needs for the programs it asks: another way to sleep."""
    other_way = "import threading, time\ntime.sleep = lambda seconds: threading.Event().wait(seconds) and None\n"
    (directory / "sitecustomize.py").write_text(other_way, "utf-8")
    return {"PYTHONPATH": str(directory)}


@asynccontextmanager
async def _asterisk_on_the_clock(house: House) -> AsyncIterator[None]:
    """Programs in C need another variant of the library than Python: Asterisk is started anew with that one."""
    script = house.state.asterisk / "asterisk"
    threads = str(library()).replace("libfaketime.so", "libfaketimeMT.so")
    script.write_text(script.read_text("utf-8").replace("\nexec ", f"\nexport LD_PRELOAD={threads}\nexec ", 1), "utf-8")
    await house.says("in step with Asterisk")
    lines = len(house.lines)
    kill(house.asterisk, signal.SIGKILL)
    await house.says("connection to Asterisk lost", lines)
    await house.says("in step with Asterisk", lines)
    yield


# --- daylight saving -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """The clocks of the country change at that moment, on a Sunday on which we are open."""

    at: datetime

    async def play(self, one: Round) -> list[Row]:
        raw = configuration()
        raw["hours"]["week"]["sunday"] = ["00:00-23:59"]
        start = self.at - BEFORE_THE_CHANGE
        async with scene(raw, at=start.isoformat()) as here:
            business, moments = await _business_time(here), one.moments()
            early = timedelta(seconds=moments.between(-8, 8, 0)) + LEAD
            await _until(lambda: business() >= self.at - early, BEFORE_THE_CHANGE.total_seconds())
            found = await here.endure(one, Fault(self._passing(business), "", ""), moments)
            return stamped(found, here.house.release)

    def _passing(self, business: Callable[[], datetime]) -> Callable[[Scene], Awaitable[float]]:
        async def hit(here: Scene) -> float:
            """Nobody picks up before the change, so that callers wait through it."""
            _nobody_works(here)
            await _until(lambda: business() > self.at + timedelta(seconds=1), CHANGE_PATIENCE)
            here.everybody_works()
            return time.monotonic()

        return hit


def _nobody_works(here: Scene) -> None:
    for agent in here.people.values():
        agent.answers = agent.writes_up = agent.comes_back = False


async def _business_time(here: Scene) -> Callable[[], datetime]:
    """What the service holds it to be, from now on; a page that has just changed tells."""
    elif_ = here.people["elif"]
    await elif_.post("/agent/presence", intent="pause", reason="Pause")
    shown = await elif_.until_state("pause")
    at, now = time.monotonic(), datetime.fromisoformat(shown["now"])
    return lambda: now + timedelta(seconds=time.monotonic() - at)


async def _until(wanted: Callable[[], bool], patience: float) -> None:
    assert await eventually(wanted, patience), "business time stands still"


VARIANTS: dict[str, Any] = {
    "an hour forward": Step(HOUR),
    "an hour back": Step(-HOUR),
    "summer time begins": Change(datetime(2027, 3, 28, 1, tzinfo=UTC)),
    "summer time ends": Change(datetime(2026, 10, 25, 1, tzinfo=UTC)),
}


async def _play(one: Round) -> list[Row]:
    rows: list[Row] = await VARIANTS[one.variant].play(one)
    return rows


SCRIPT = Script("clock", tuple(VARIANTS), _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_clock_jumps_and_nobody_notices(rows: list[Row], variant: str) -> None:
    require_no_failures(rows, SCRIPT, variant)
