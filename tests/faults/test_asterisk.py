"""Fault 2: Asterisk is killed or restarted; its connections to the service are cut, silent, slow, out of step.

What is asked of the connections lasts FAULT_SECONDS; callers come and agents work meanwhile.
"""

import asyncio
import re
import resource
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.faults.between import before_the_manager, before_the_service
from tests.faults.counting import CALLBACK, CUT, LEFT, REFUSED, TALKED
from tests.faults.house import House, configuration, kill
from tests.faults.proxy import Mode, Proxy
from tests.faults.rounds import Round, Script, require_no_failures, stamped
from tests.faults.rows import Row
from tests.faults.scene import Between, Fault, Scene, scene

FAULT_SECONDS = 10.0
BACK_PATIENCE = 60.0
NOTICE_SECONDS = 3.0
"""So long people listen to a dead line."""
LEAVE_AFTER = 15.0
"""A caller whom nobody can be rung for gives up after so long."""
pytestmark = pytest.mark.timeout(100_000)


# --- Asterisk itself -----------------------------------------------------------------------------


async def _killed(here: Scene) -> float:
    """Everybody's call is dead; people notice it and put down."""
    house, born = here.house, await _born(here.house)
    here.gone_at = time.monotonic()
    kill(house.asterisk, signal.SIGKILL)
    back = asyncio.create_task(_up_again(house, born))
    await asyncio.sleep(NOTICE_SECONDS)
    for agent in here.people.values():
        await agent.put_down()
    for caller in here.public.callers:
        if caller.is_there:
            await caller.give_up()
    return await back


async def _restarted_gracefully(here: Scene) -> float:
    """It waits for its last call; whoever cannot be served any more gives up."""
    house, born = here.house, await _born(here.house)
    await house.ask("core restart gracefully")
    await asyncio.sleep(LEAVE_AFTER)
    await here.end_talks()
    for caller in here.public.callers:
        if caller.is_there:
            await caller.give_up()
    return await _up_again(house, born)


async def _up_again(house: House, born: float) -> float:
    """When another Asterisk answers; a `hotline run` that has ended is started again, as systemd does."""
    deadline = time.monotonic() + BACK_PATIENCE
    while time.monotonic() < deadline:
        if not house.running:
            await house.start()
        if await _born(house) > born + 2:
            return time.monotonic()
        await asyncio.sleep(0.1)
    raise AssertionError(f"Asterisk was not back within {BACK_PATIENCE:g} s")


async def _born(house: House) -> float:
    """When the running Asterisk began; 0 while none answers."""
    found = re.search(r"System uptime: (\d+)", await house.ask("core show uptime seconds"))
    return time.monotonic() - int(found[1]) if found else 0.0


# --- the connections between it and the service --------------------------------------------------


def _line(mode: Mode) -> Callable[[Proxy], Callable[[Scene], Awaitable[float]]]:
    def hit_by(proxy: Proxy) -> Callable[[Scene], Awaitable[float]]:
        async def hit(here: Scene) -> float:
            await proxy.turn(mode)
            await asyncio.sleep(FAULT_SECONDS)
            await proxy.turn(Mode.PASS)
            return time.monotonic()

        return hit

    return hit_by


@asynccontextmanager
async def nothing(house: House) -> AsyncIterator[None]:
    yield


async def _out_of_descriptors(here: Scene) -> float:
    """The service can open nothing new, so it accepts no connection, while all that stands goes on."""
    worker = here.house.worker
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE, (1, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        await asyncio.sleep(FAULT_SECONDS)
    finally:
        if here.house.worker == worker:
            resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    return time.monotonic()


NOT_HEARD = r"connection to Asterisk('s manager interface)? lost|Asterisk (did not answer|answers slowly)"
NOT_HEARD_EVENT = r"connection to Asterisk|not looked for|did not answer|answers slowly"
AGI_EVENT = r"session over|session lost|accept"


def _manager(mode: Mode) -> tuple[Between, Callable[[Any], Fault]]:
    return before_the_manager, lambda proxy: Fault(_line(mode)(proxy), NOT_HEARD, NOT_HEARD_EVENT)


VARIANTS: dict[str, tuple[Between, Callable[[Any], Fault]]] = {
    "restarted gracefully": (
        nothing,
        lambda _: Fault(_restarted_gracefully, NOT_HEARD, NOT_HEARD_EVENT, allowed=(TALKED, LEFT, CALLBACK, REFUSED)),
    ),
    "killed": (
        nothing,
        lambda _: Fault(_killed, r"Asterisk ended unexpectedly", NOT_HEARD_EVENT, allowed=(CUT,), reachable=False),
    ),
    "AMI cut": _manager(Mode.CLOSED),
    "AMI silent": _manager(Mode.SILENT),
    "AMI slow": _manager(Mode.SLOW),
    "AMI out of step": _manager(Mode.OUT_OF_STEP),
    "AGI port unreachable": (
        before_the_service,
        lambda proxy: Fault(_line(Mode.CLOSED)(proxy), r"FastAGI failed|caller's session over", AGI_EVENT),
    ),
    "AGI port not accepting": (nothing, lambda _: Fault(_out_of_descriptors, r"accept", AGI_EVENT)),
}


async def _play(one: Round) -> list[Row]:
    between, fault = VARIANTS[one.variant]
    async with scene(configuration(), between=between) as here:
        found = await here.endure(one, fault(here.between), one.moments())
        return stamped(found, here.house.release)


SCRIPT = Script("Asterisk", tuple(VARIANTS), _play)


@pytest.mark.parametrize("variant", VARIANTS)
def test_asterisk_or_its_connections_fail_and_every_call_is_accounted_for(rows: list[Row], variant: str) -> None:
    require_no_failures(rows, SCRIPT, variant)
