"""One real hotline as an operator runs it: `hotline run` in a state directory of its own, with what the tests replace.

Replaced are only the sounds (each prompt a tone of 700 Hz, the music one of 330 Hz, so that a caller's silence is
seen) and the demo mailbox (an SMTP server of the tests, so that it can misbehave).
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from hotline.parent.processes import Child
from hotline.phone import tones
from hotline.setup import music, sound
from hotline.setup.prompts import MANIFEST, planned
from hotline.state import EXAMPLE, StateDirectory
from tests.faults import logs
from tests.faults.mail import MailServer
from tests.faults.phones import RecordingPhone
from tests.faults.small_disk import small_disk
from tests.system.conftest import on_free_ports

HOTLINE = (sys.executable, "-P", "-m", "hotline")
AT = "2026-11-23T09:00"
"""Business time at the start: a Monday within hours."""
PROMPT_TONE, MUSIC_TONE = 700, 330
PROMPT_SECONDS = {"greeting": 3.0, "data_protection": 1.5, "agent_lost": 2.0, "technical_problem": 3.0}
OTHER_PROMPTS_SECONDS = 0.8
START_PATIENCE, STOP_PATIENCE, CONSOLE_PATIENCE = 60.0, 30.0, 3.0
READY = "hotline ready"
"""What the service logs once it serves."""


@dataclass(frozen=True, slots=True)
class Line:
    """What `hotline run` has printed, with the moment (monotonic clock)."""

    at: float
    text: str


@dataclass
class House:
    """A running hotline. Process ids are looked up at every use: parts come and go."""

    state: StateDirectory
    config: HotlineConfig
    mail: MailServer
    options: tuple[str, ...] = ("--at", AT)
    environment: Mapping[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    _child: Child | None = None

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Return when the service serves."""
        before = len(self.lines)
        command = [*HOTLINE, "run", "--state", self.state.path, *self.options]
        self._child = Child("run", command, self._keep, environment={"PYTHONUNBUFFERED": "1", **self.environment})
        await self._child.start()
        await self.until(lambda: self.said(READY, since=before) or not self.running, START_PATIENCE, "the start")
        assert self.running, "\n".join(self.texts)

    async def stop(self) -> None:
        if self._child is not None:
            await self._child.stop(STOP_PATIENCE)

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    def _keep(self, text: str) -> None:
        self.lines.append(Line(time.monotonic(), text))
        logs.note(text)

    # --- processes ---------------------------------------------------------------------------

    @property
    def parent(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def worker(self) -> int:
        """0 while there is none."""
        return self._child_with("hotline serve")

    @property
    def asterisk(self) -> int:
        """0 while there is none."""
        return self._child_with("asterisk.conf")

    def _child_with(self, words: str) -> int:
        return next((pid for pid, text in children(self.parent) if words in text), 0)

    async def ask(self, command: str) -> str:
        """What Asterisk's own command line answers, by its control socket; "" when Asterisk is not there."""
        try:
            async with asyncio.timeout(CONSOLE_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self.state.asterisk / "run" / "asterisk.ctl")
                try:
                    writer.write(f"cli quit after {command}".encode() + b"\0")
                    banner = await reader.readline()
                    return (await reader.read(-1)).decode("utf-8", "replace") if banner else ""
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return ""

    # --- what it says ------------------------------------------------------------------------

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    def said(self, pattern: str, since: int = 0) -> list[Line]:
        """The lines that match, from the line with number `since` on."""
        return [line for line in self.lines[since:] if re.search(pattern, line.text)]

    async def says(self, pattern: str, since: int = 0, patience: float = START_PATIENCE) -> Line:
        """The first such line, waited for."""
        await self.until(lambda: self.said(pattern, since), patience, f"the line {pattern!r}")
        return self.said(pattern, since)[0]

    async def until(self, wanted: Callable[[], Any], patience: float, what: str) -> None:
        """AssertionError with the last lines when it does not come true in time."""
        if not await eventually(wanted, patience):
            last = "\n".join(self.texts[-40:])
            raise AssertionError(f"{what} did not come within {patience:g} s; the last lines:\n{last}")

    async def metric(self, pattern: str) -> float:
        """How many log events that match the service has counted since its start; 0 when it cannot be asked."""
        address = f"{self.config.hotline.public_url}/metrics"
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(3)) as http, http.get(address) as answer:
                text = await answer.text() if answer.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError):
            return 0
        counted = re.findall(r'^hotline_events_total\{event="([^"]*)"[^}]*\} (\S+)$', text, re.MULTILINE)
        return sum(float(count) for event, count in counted if re.search(pattern, event))

    # --- where things are ----------------------------------------------------------------------

    @property
    def address(self) -> str:
        """What callers dial."""
        return f"sip:9824@127.0.0.1:{self.config.network.sip.port}"

    @property
    def database(self) -> Path:
        return self.state.path / "moved.sqlite"

    @property
    def release(self) -> str:
        """Of the Asterisk in use, as it was told at the start."""
        return next((text.partition(" (")[0] for text in self.texts if text.startswith("Asterisk ")), "unknown")


async def eventually(wanted: Callable[[], Any], patience: float) -> bool:
    """Whether it comes true in time."""
    try:
        async with asyncio.timeout(patience):
            while not wanted():  # noqa: ASYNC110 - other processes give no event to wait for
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return True


def children(parent: int) -> Iterator[tuple[int, str]]:
    """Process id and command line of every child that lives."""
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            state, above = (directory / "stat").read_text().rpartition(") ")[2].split()[:2]
            if int(above) == parent and state != "Z":
                words = (directory / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
                yield int(directory.name), words


def kill(pid: int, number: signal.Signals) -> None:
    """A signal to a process that may be gone already."""
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


# --- building one ------------------------------------------------------------------------------


def configuration(phones: str = "desk", **line: Any) -> dict[str, Any]:
    """The shipped configuration on free ports, with our own mail server.

    The people here take calls and call nobody back: callbacks that keep their place are tried in
    tests/system/test_kept_place.py.
    """
    raw: dict[str, Any] = on_free_ports(YAML(typ="safe").load(EXAMPLE.read_text("utf-8")))
    raw["mail"]["demo_mailbox"] = False
    raw["line"] |= {"keep_place": False} | line
    for agent in raw["agents"]:
        agent["phone"] = phones
    return raw


@asynccontextmanager
async def house(
    raw: dict[str, Any],
    environment: Mapping[str, str] | None = None,
    disk: int | None = None,
    at: str = AT,
    text: str | None = None,
) -> AsyncIterator[House]:
    """A hotline with that configuration, running inside the block; its directory is removed afterwards.

    `disk`: it gets a disk of its own with so many MB; `at`: business time at the start; `text`: the same configuration
    as somebody has written it, with comments.
    """
    with _directory(disk) as path:
        state = StateDirectory(path / "s")
        state.prepare()
        state.config_file.write_text(text or json.dumps(raw, default=str), "utf-8")  # JSON is YAML
        config = HotlineConfig.model_validate(raw)
        _place_sounds(state, config)
        async with MailServer(config.mail.port) as mail:
            running = House(state, config, mail, ("--at", at), environment or {})
            try:
                await running.start()
                yield running
            finally:
                await running.stop()


@contextlib.contextmanager
def _directory(disk: int | None) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hotline-"))
    try:
        with small_disk(path, disk) if disk is not None else contextlib.nullcontext():
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _place_sounds(state: StateDirectory, config: HotlineConfig) -> None:
    """Tones, with the manifest that says they were made from these very texts: nothing is rendered at the start."""
    made = {}
    for prompt in planned(config, state.recordings):
        seconds = PROMPT_SECONDS.get(prompt.name, OTHER_PROMPTS_SECONDS)
        _place(PROMPT_TONE, seconds, state.prompts, prompt.name)
        made[prompt.name] = {"fingerprint": prompt.fingerprint, "seconds": seconds}
    (state.prompts / MANIFEST).write_text(json.dumps(made), "utf-8")
    _place(MUSIC_TONE, 10.0, state.music, music.NAME)


def _place(frequency: int, seconds: float, directory: Path, name: str) -> None:
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    for extension, content in _tone_files(frequency, seconds).items():
        (directory / f"{name}.{extension}").write_bytes(content)


@cache
def _tone_files(frequency: int, seconds: float) -> dict[str, bytes]:
    """The files Asterisk plays, by their extension."""
    with tempfile.TemporaryDirectory() as directory:
        sound.convert(sound.find_sox(), tones.tone((frequency,), seconds, sound.RATE), Path(directory), "tone")
        return {extension: (Path(directory) / f"tone.{extension}").read_bytes() for extension in sound.FORMATS}


@asynccontextmanager
async def telephone(**options: Any) -> AsyncIterator[RecordingPhone]:
    async with RecordingPhone(**options) as phone:
        yield phone
