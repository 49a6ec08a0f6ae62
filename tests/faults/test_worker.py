"""Fault 1: the service is killed, or hangs, with callers in every state; it is back at once, after 10 s, after 60 s.

An outage is a service that is killed again whenever it starts, as when memory runs out or a disk is gone.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.faults.house import READY, configuration, kill
from tests.faults.rounds import Round, Script, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import HANGING_LIMIT, SILENCE_LIMIT, Fault, Scene, scene

PATIENCE_OF_THE_PARENT = 5.0
BACK_PATIENCE = 30.0
pytestmark = pytest.mark.timeout(100_000)


@dataclass(frozen=True)
class Outage:
    """The service ends by that signal, and no other lives for `away` seconds."""

    number: signal.Signals
    away: float

    async def __call__(self, here: Scene) -> float:
        house, before, worker, began = here.house, len(here.house.lines), here.house.worker, time.monotonic()
        kill(worker, self.number)
        until = began + self.away + (PATIENCE_OF_THE_PARENT if self.number is signal.SIGSTOP else 0.0)
        while time.monotonic() < until:
            if house.worker not in {0, worker}:
                kill(house.worker, signal.SIGKILL)
            await asyncio.sleep(0.02)
        await house.until(lambda: house.said(READY, before), BACK_PATIENCE, "the service's return")
        return house.said(READY, before)[-1].at


def _fault(number: signal.Signals, away: float) -> Fault:
    limit = HANGING_LIMIT if number is signal.SIGSTOP else SILENCE_LIMIT
    log = r"^The service (ended unexpectedly \(signal SIGKILL\)|has not moved for 5 s and is killed)"
    return Fault(Outage(number, away), log, metric=r"talk taken up again|taken back from the fallback", limit=limit)


VARIANTS: dict[str, Callable[[], Fault]] = {
    "killed, back after 60 s": lambda: _fault(signal.SIGKILL, 60.0),
    "stopped, back after 60 s": lambda: _fault(signal.SIGSTOP, 60.0),
    "killed, back after 10 s": lambda: _fault(signal.SIGKILL, 10.0),
    "stopped, back after 10 s": lambda: _fault(signal.SIGSTOP, 10.0),
    "killed, back at once": lambda: _fault(signal.SIGKILL, 0.0),
    "stopped, back at once": lambda: _fault(signal.SIGSTOP, 0.0),
}


async def _play(one: Round) -> list[Row]:
    async with scene(configuration()) as here:
        found = await here.endure(one, VARIANTS[one.variant](), one.moments())
        return stamped(found, here.house.release)


SCRIPT = Script("service", tuple(VARIANTS), _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_service_that_dies_or_hangs_costs_no_call(rows: list[Row], variant: str) -> None:
    require_no_failures(rows, SCRIPT, variant)
