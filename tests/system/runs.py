"""`hotline run` in a test: real processes with a state directory of their own, and what they say."""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hotline.parent.processes import Child
from tests.system.conftest import on_free_ports

HOTLINE = (sys.executable, "-P", "-m", "hotline")
SHIPPED = Path(__file__).resolve().parents[2] / "config" / "hotline.yaml"
PATIENCE = 120.0
"""Seconds; the first start makes the prompts."""
OPEN_AT = "2026-11-23T09:00"


@contextmanager
def state_made_once() -> Iterator[Path]:
    """A state directory whose prompts are made by the first test that needs them."""
    path = Path(tempfile.mkdtemp(prefix="hotline-"))
    try:
        yield path / "var"
    finally:
        shutil.rmtree(path)


def on_ports_of_its_own(state: Path) -> Path:
    """The shipped configuration on free ports, every agent with a desk phone, and nothing known of earlier runs."""
    state.mkdir(exist_ok=True)
    for left in state.glob("*.sqlite*"):
        left.unlink()
    raw: dict[str, Any] = on_free_ports(YAML(typ="safe").load(SHIPPED.read_text("utf-8")))
    for agent in raw["agents"]:
        agent["phone"] = "desk"
    with (state / "hotline.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(raw, file)
    return state


def network(state: Path) -> Any:
    return YAML(typ="safe").load((state / "hotline.yaml").read_text("utf-8"))["network"]


def secrets(state: Path) -> Any:
    return json.loads((state / "secrets.json").read_text("utf-8"))


def number(state: Path) -> str:
    """Where callers call."""
    return f"sip:9824@127.0.0.1:{network(state)['sip']['port']}"


class Run:
    """A running command of the hotline, as `run` or `drain`, and what it has printed."""

    def __init__(
        self, state: Path, *options: str, command: str = "run", environment: Mapping[str, str] | None = None
    ) -> None:
        self.state = state
        self.lines: list[str] = []
        words = [*HOTLINE, command, "--state", state, *options]
        self.child = Child("run", words, self.lines.append, environment=environment)

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

    async def ended(self) -> tuple[int, list[str]]:
        """Its exit code and what it said, when it ends by itself."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.child.wait(), self.lines
        except TimeoutError:
            pytest.fail("\n".join(["it did not end", *self.lines]))


@asynccontextmanager
async def running(state: Path, *options: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Run]:
    run = Run(state, *options, environment=environment)
    await run.child.start()
    try:
        await run.says("^Log in with name")
        yield run
    finally:
        await run.child.stop(PATIENCE)


async def started(state: Path, *options: str, command: str = "run") -> Run:
    """A command that is expected to end by itself."""
    run = Run(state, *options, command=command)
    await run.child.start()
    return run


async def finished(state: Path, *options: str, command: str = "run") -> tuple[int, list[str]]:
    """A command that ends by itself: exit code and what it said."""
    return await (await started(state, *options, command=command)).ended()


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


async def channels(state: Path) -> list[list[str]]:
    """The channels of the running Asterisk: each its name, context, extension, priority, state, application, …"""
    asking = await asyncio.create_subprocess_exec(
        state / "asterisk" / "asterisk", "-rx", "core show channels concise", stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asking.communicate()
    return [line.split("!") for line in told.decode().splitlines() if "!" in line]
