"""`hotline run` as a person uses it: one command starts everything, Ctrl-C ends it, and nothing stays behind."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ruamel.yaml import YAML

from hotline.processes import Child
from tests.system.conftest import on_free_ports

HOTLINE = (sys.executable, "-P", "-m", "hotline")
SHIPPED = Path(__file__).resolve().parents[2] / "config" / "hotline.yaml"
PATIENCE = 120.0
"""Seconds; the first start makes the prompts."""
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    """A state directory whose prompts are made by the first test that needs them."""
    path = Path(tempfile.mkdtemp(prefix="hotline-"))
    yield path / "var"
    shutil.rmtree(path)


@pytest.fixture
def state(made_once: Path) -> Path:
    """The state directory with free ports of this test's own."""
    made_once.mkdir(exist_ok=True)
    raw: dict[str, Any] = on_free_ports(YAML(typ="safe").load(SHIPPED.read_text("utf-8")))
    with (made_once / "hotline.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(raw, file)
    return made_once


def network(state: Path) -> Any:
    return YAML(typ="safe").load((state / "hotline.yaml").read_text("utf-8"))["network"]


class Run:
    """A running `hotline run` and what it has printed."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        self.lines: list[str] = []
        self.child = Child("run", [*HOTLINE, "run", "--state", state, *options], self.lines.append)

    async def says(self, pattern: str) -> None:
        """Wait until a line matches."""
        try:
            await until(lambda: any(re.search(pattern, line) for line in self.lines) or not self.child.running)
        except TimeoutError:
            pytest.fail("\n".join(["it did not say " + pattern, *self.lines]))
        assert any(re.search(pattern, line) for line in self.lines), "\n".join(self.lines)

    def process(self, word: str) -> int:
        """The process of this run with that word in its command line."""
        return next(pid for pid, words in processes(self.state).items() if word in words)


@asynccontextmanager
async def running(state: Path, *options: str) -> AsyncIterator[Run]:
    run = Run(state, *options)
    await run.child.start()
    try:
        await run.says("^Log in with name")
        yield run
    finally:
        await run.child.stop(PATIENCE)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - other processes give no event to wait for
            await asyncio.sleep(0.02)


def processes(state: Path) -> dict[int, str]:
    """Everything that runs with this state directory, by process id."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
        except OSError:
            continue
        if str(state) in words:
            found[int(directory.name)] = words
    return found


async def finished(state: Path, *options: str) -> tuple[int, list[str]]:
    """A run that ends by itself: exit code and what it said."""
    run = Run(state, *options)
    await run.child.start()
    async with asyncio.timeout(PATIENCE):
        return await run.child.wait(), run.lines


async def test_one_command_serves_pages_and_calls_and_ctrl_c_ends_it_all(state: Path) -> None:
    async with running(state, "--at", "2026-11-23T09:00") as run, aiohttp.ClientSession() as browser:
        assert any("For callers it is Monday 2026-11-23 09:0" in line for line in run.lines)
        assert "The hotline is open." in run.lines
        async with browser.get(f"http://127.0.0.1:{network(state)['web']['port']}/") as page:
            assert page.status == 200
        assert len(processes(state)) >= 4, "launcher, Asterisk, service, mailbox"
        os.kill(run.child.pid, signal.SIGINT)
        assert await run.child.wait() == 0
        assert processes(state) == {}
        assert [line for line in run.lines if re.search(r"\b(error|warning|Traceback)\b", line)] == []


async def test_closed_hotline_says_how_to_try_it(state: Path) -> None:
    async with running(state, "--at", "2026-11-21T23:00") as run:
        assert "Try it now: make run AT=2026-11-23T09:00" in run.lines


async def test_killed_parent_takes_everything_with_it(state: Path) -> None:
    async with running(state) as run:
        os.kill(run.child.pid, signal.SIGKILL)
        await until(lambda: processes(state) == {})


async def test_service_that_dies_is_started_again(state: Path) -> None:
    async with running(state) as run:
        first = run.process("hotline serve")
        os.kill(first, signal.SIGKILL)
        await run.says(r"^The service ended unexpectedly \(signal SIGKILL\) and starts again in 0\.5 s\.$")
        await until(lambda: sum("hotline ready" in line for line in run.lines) == 2)
        assert run.process("hotline serve") != first


async def test_asterisk_that_dies_ends_the_run_with_one_sentence(state: Path) -> None:
    async with running(state) as run:
        os.kill(run.process("asterisk.conf"), signal.SIGKILL)
        assert await run.child.wait() == 1
        assert run.lines[-1].startswith("Asterisk ended unexpectedly (signal SIGKILL)")
        assert processes(state) == {}


async def test_second_run_on_the_same_state_is_refused(state: Path) -> None:
    async with running(state) as run:
        code, lines = await finished(state)
        assert code == 1
        assert lines == [
            f"A hotline already runs with the state in {state} (process {run.child.pid}): "
            "end it first, or give another directory with --state."
        ]


async def test_port_in_use_is_told_before_anything_starts(state: Path) -> None:
    with socket.create_server(("127.0.0.1", network(state)["ami"]["port"])):
        code, lines = await finished(state)
    assert code == 1
    assert len(lines) == 1
    assert lines[0].endswith("has it: free it, or change network.ami.port in the configuration.")


async def test_broken_configuration_never_starts(state: Path) -> None:
    file = state / "hotline.yaml"
    file.write_text(file.read_text("utf-8").replace("subdivision: NI", "subdivision: ni"), "utf-8")
    code, lines = await finished(state)
    assert code == 1
    assert len(lines) == 1
    assert re.match(rf"{file}:\d+:\d+: hours\.holidays\.subdivision: ", lines[0])


@pytest.mark.parametrize("moment", ["2026-03-29T02:30", "tomorrow", "2026-13-01T09:00"])
async def test_time_that_does_not_exist_is_wrong_use(state: Path, moment: str) -> None:
    code, lines = await finished(state, "--at", moment)
    assert code == 2
    assert any("--at" in line for line in lines)


async def test_serving_other_machines_is_refused_for_now(state: Path) -> None:
    code, lines = await finished(state, "--host", "hotline.example")
    assert code == 1
    assert len(lines) == 1


async def test_service_that_hangs_is_killed_and_started_again(state: Path) -> None:
    async with running(state) as run:
        first = run.process("hotline serve")
        os.kill(first, signal.SIGSTOP)
        await run.says(r"^The service has not moved for 5 s and is killed\.$")
        await until(lambda: sum("hotline ready" in line for line in run.lines) == 2)
        assert run.process("hotline serve") != first
