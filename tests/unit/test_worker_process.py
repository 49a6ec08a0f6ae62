"""The service as its parent treats it: real processes that speak, fall silent, drain, or do not want to end."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hotline.errors import SetupError
from hotline.parent import heartbeat, worker_process
from hotline.parent.worker_process import WorkerProcess

SERVICE = """
import asyncio, signal, sys, time
from hotline.parent.heartbeat import heartbeat
async def main():
    loop, drain = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, drain.set)
    print("up", *sys.argv[1:], flush=True)
    with heartbeat() as tell:
        {body}
asyncio.run(main())
"""
DRAINS = 'await drain.wait(); tell("CALLS 1"); tell("CALLS 0"); tell("DRAINED")'
HANGS = "time.sleep(60)"
ENDS = "sys.exit(3)"
STUBBORN = "pass\n    time.sleep(60)"
NEVER_READY = "import time; time.sleep(60)"


class Watched:
    def __init__(self, code: str) -> None:
        self.lines: list[str] = []
        self.said: list[str] = []
        self.calls: list[int] = []
        self.process = WorkerProcess(
            lambda drain: [sys.executable, "-c", code, *(["--drain"] if drain else [])],
            self.lines.append,
            self.said.append,
            self.calls.append,
        )

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            return await self.process.wait()


@pytest.fixture
async def watched() -> AsyncIterator[Callable[[str], Awaitable[Watched]]]:
    started: list[Watched] = []

    async def start(body: str) -> Watched:
        started.append(Watched(SERVICE.replace("{body}", body)))
        await started[-1].process.start()
        return started[-1]

    yield start
    for one in started:
        await one.process.stop()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "STOP_PATIENCE", 0.5)


Start = Callable[[str], Awaitable[Watched]]


async def test_service_that_drains_tells_how_far_it_is_and_ends(watched: Start) -> None:
    service = await watched(DRAINS)
    service.process.drain()
    assert await service.ended() == 0
    assert service.calls == [1, 0]
    assert service.process.drained


async def test_service_started_while_draining_knows_it_from_the_start(watched: Start) -> None:
    service = await watched(DRAINS)
    service.process.kill()
    assert await service.ended() == -signal.SIGKILL
    service.process.drain()
    assert not service.process.drained
    await service.process.start()
    assert await service.ended() == 0
    assert service.lines == ["up", "up --drain"]
    assert service.process.drained


async def test_service_that_ends_otherwise_has_not_drained(watched: Start) -> None:
    service = await watched(ENDS)
    service.process.drain()
    assert await service.ended() != 0
    assert not service.process.drained


async def test_service_that_hangs_is_killed(watched: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PULSE_PATIENCE", 0.2)
    monkeypatch.setattr(heartbeat, "_SLICE", 0.1)
    service = await watched(HANGS)
    assert await service.ended() == -signal.SIGKILL
    assert service.said == ["The service has not moved for 5 s and is killed."]


async def test_service_that_does_not_manage_to_end_is_killed(watched: Start) -> None:
    service = await watched(STUBBORN)
    assert await service.ended() == -signal.SIGKILL
    assert service.said == ["The service did not end within 0.5 s and is killed."]


async def test_service_that_never_gets_ready_is_killed_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "READY_PATIENCE", 1.0)
    service = Watched(NEVER_READY)
    with pytest.raises(SetupError, match="The service did not start: its lines above say why"):
        await service.process.start()
    assert await service.ended() == -signal.SIGKILL


async def test_program_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    process = WorkerProcess(lambda _: ["/does/not/exist"], print, print, lambda _: None)
    with pytest.raises(SetupError, match="cannot be started \\(No such file or directory\\)"):
        await process.start()
