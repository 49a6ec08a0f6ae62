"""A system clock that a test can step, for programs started with it; and the service as such a program.

libfaketime answers for the system's clock with what a file says; the monotonic clock stays true, as on a real machine.
Its variant for threads is what programs in C need, and breaks the waiting inside Python; under either, Python's
`time.sleep` fails, which nothing in the service uses.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from config.schema import HotlineConfig
from hotline.parent.processes import Child
from ivr.prompts import catalogue
from tests.system.chain import MONDAY_NINE, Chain, prompt
from tests.system.conftest import RunningAsterisk, StartAsterisk

PATIENCE = 30.0


class SteppedClock:
    """Start programs with `environment`; `step` changes the system's time for all of them at once."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "system-clock"
        self._ahead = 0.0
        self._tell()

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def step(self, seconds: float) -> None:
        """Somebody sets the clock, forward or back."""
        self._ahead += seconds
        self._tell()

    def _tell(self) -> None:
        """In one piece: it is read at any moment."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._ahead:+f}\n", "ascii")
        new.replace(self._file)


def library() -> Path:
    """Debian's libfaketime; scripts/packages.sh installs it."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert found, "libfaketime is missing: run `scripts/packages.sh test`"
    return found[0]


class Served:
    """`hotline serve` as a process of its own, and what it has written."""

    def __init__(self, state: Path, at: datetime | None, clock: SteppedClock) -> None:
        self.lines: list[str] = []
        moved = [] if at is None else ["--at", at.isoformat()]
        command = [sys.executable, "-P", "-m", "hotline", "serve", "--state", str(state), *moved]
        environment = {**clock.environment, "PYTHONUNBUFFERED": "1"}
        self.child = Child("service", command, self.lines.append, environment=environment)

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until so many of its lines hold these words."""
        await self._until(lambda: sum(words in line for line in self.lines) >= times, words)

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition() and self.child.running:  # noqa: ASYNC110 - a process gives no event
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        assert condition(), "\n".join([f"the service did not say {what}", *self.lines])


@asynccontextmanager
async def served(state: Path, at: datetime | None, clock: SteppedClock) -> AsyncIterator[Served]:
    """The service, ready inside the block."""
    service = Served(state, at, clock)
    await service.child.start()
    try:
        await service.says("hotline ready")
        yield service
    finally:
        await service.child.stop(PATIENCE)
        print(*service.lines, sep="\n")  # shown by pytest when the test fails


@asynccontextmanager
async def hotline_on(
    clock: SteppedClock, start_asterisk: StartAsterisk, raw: dict[str, Any], at: datetime = MONDAY_NINE
) -> AsyncIterator[tuple[Chain, Served]]:
    """Asterisk, and the service as a program that lives on that clock; desk phones for all agents."""
    for agent in raw["agents"]:
        agent["phone"] = "desk"
    config = HotlineConfig.model_validate(raw)
    asterisk = await start_asterisk(config, clock_offset=round((at - datetime.now(UTC)).total_seconds()))
    for name in catalogue(config):
        prompt(asterisk.state, name)
    asterisk.state.config_file.write_text(json.dumps(raw, default=str), "utf-8")  # JSON is YAML
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(served(asterisk.state.path, at, clock))
        stack.callback(lambda: print(*asterisk.lines, sep="\n"))
        yield Chain(asterisk, stack), service


def same_machine(start_asterisk: StartAsterisk, clock: SteppedClock) -> StartAsterisk:
    """Asterisk lives on that clock too."""
    threads = str(library()).replace("libfaketime.so", "libfaketimeMT.so")

    async def start(config: HotlineConfig, **changes: Any) -> RunningAsterisk:
        with patch.dict(os.environ, {**clock.environment, "LD_PRELOAD": threads}):
            return await start_asterisk(config, **changes)

    return start
