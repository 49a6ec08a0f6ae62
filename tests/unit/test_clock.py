"""Business time: runs on steadily, follows small corrections, and tells of steps before it takes them over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hotline.clock import STEP, Clock

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """The two clocks of a machine, set by hand; remembers which steps were told, and when."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.system, self.uptime = NINE, 1000.0
        self.told: list[timedelta] = []
        self.clock = Clock(offset, system=lambda: self.system, monotonic=lambda: self.uptime)
        self._watching: asyncio.Task[None] | None = None

    def passes(self, seconds: float) -> None:
        self.system += timedelta(seconds=seconds)
        self.uptime += seconds

    def steps(self, by: timedelta) -> None:
        self.system += by

    async def watch(self, on_step: Callable[[timedelta], None] = lambda _: None) -> None:
        def tell(step: timedelta) -> None:
            self.told.append(step)
            on_step(step)

        self._watching = asyncio.create_task(self.clock.watch(tell, every=0))
        await self.look()

    async def look(self) -> None:
        """Let the watching task have a look at the clocks."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    machine = Machine()
    yield machine
    await machine.stop()


async def test_time_runs_on(machine: Machine) -> None:
    await machine.watch()
    machine.passes(90)
    assert machine.clock.now() == machine.clock.real_now() == NINE + timedelta(seconds=90)


@pytest.mark.parametrize("step", [HOUR, -HOUR, STEP, -STEP, timedelta(days=400)])
async def test_step_is_not_seen_before_it_is_told_and_then_at_once(machine: Machine, step: timedelta) -> None:
    seen: list[datetime] = []
    await machine.watch(lambda _: seen.append(machine.clock.now()))
    machine.passes(10)
    machine.steps(step)
    assert machine.clock.now() == NINE + timedelta(seconds=10)
    with capture_logs() as logged:
        await machine.look()
    assert machine.told == [step]
    assert seen == [NINE + timedelta(seconds=10) + step]
    assert machine.clock.now() == machine.clock.real_now()
    assert [(line["event"], line["seconds"]) for line in logged] == [
        ("the system clock was stepped", step.total_seconds())
    ]


@pytest.mark.parametrize("seconds", [0.999, -0.999, 0.001, 0.0])
async def test_small_correction_is_followed_without_a_word(machine: Machine, seconds: float) -> None:
    await machine.watch()
    machine.steps(timedelta(seconds=seconds))
    with capture_logs() as logged:
        await machine.look()
    assert (machine.told, logged) == ([], [])
    assert machine.clock.now() == machine.clock.real_now()


async def test_clock_that_drifts_all_day_never_steps(machine: Machine) -> None:
    await machine.watch()
    for _ in range(500):
        machine.passes(60)
        machine.steps(timedelta(seconds=0.5))
        await machine.look()
    assert machine.told == []
    assert machine.clock.now() == machine.clock.real_now()


async def test_sleep_of_the_machine_is_a_step(machine: Machine) -> None:
    """While it sleeps, the monotonic clock of Linux stands still."""
    await machine.watch()
    machine.steps(timedelta(hours=8))
    await machine.look()
    assert machine.told == [timedelta(hours=8)]


async def test_moved_business_time_steps_along_and_stays_moved() -> None:
    machine = Machine(offset=timedelta(days=3))
    await machine.watch()
    machine.passes(5)
    machine.steps(-HOUR)
    await machine.look()
    assert machine.clock.now() == machine.clock.real_now() + timedelta(days=3)
    assert machine.clock.moved
    await machine.stop()


async def test_nobody_watching_business_time_follows_the_system(machine: Machine) -> None:
    """The parent passes on the time that has been reached: it must not lack a step its child has seen."""
    machine.steps(HOUR)
    assert machine.clock.now() == NINE + HOUR
    await machine.watch()
    machine.steps(HOUR)
    await machine.stop()
    assert machine.clock.now() == NINE + 2 * HOUR


async def test_pause_between_two_readings_is_no_step(machine: Machine) -> None:
    """The process may be stopped after it has read one clock and before it has read the other."""
    await machine.watch()
    read = machine.clock.real_now

    def stopped_once() -> datetime:
        del machine.clock.real_now  # type: ignore[method-assign]
        system = read()
        machine.passes(30)
        return system

    machine.clock.real_now = stopped_once  # type: ignore[method-assign]
    await machine.look()
    assert machine.told == []
    assert machine.clock.now() == machine.system


async def test_how_long_ago_the_last_step_was_is_known(machine: Machine) -> None:
    await machine.watch()
    assert machine.clock.seconds_since_step is None
    machine.steps(HOUR)
    await machine.look()
    machine.passes(7)
    assert machine.clock.seconds_since_step == pytest.approx(7)


@given(st.lists(st.tuples(st.floats(0, 3600), st.floats(-1e6, 1e6))))
def test_waiting_time_is_true_through_any_steps(course: list[tuple[float, float]]) -> None:
    """Whoever shifts a remembered time by every step told measures how long it really was."""

    async def error() -> float:
        machine, joined = Machine(), NINE

        def shift(step: timedelta) -> None:
            nonlocal joined
            joined += step

        await machine.watch(shift)
        for lasts, step in course:
            machine.passes(lasts)
            machine.steps(timedelta(seconds=step))
            await machine.look()
        await machine.stop()
        return (machine.clock.now() - joined).total_seconds() - sum(lasts for lasts, _ in course)

    corrections = sum(abs(step) for _, step in course if abs(step) < STEP.total_seconds() + 0.001)
    assert abs(asyncio.run(error())) <= corrections + 0.01
