"""Fixtures for tests with a real Asterisk, each on free ports and in a directory of its own.

`installation`    the Asterisk in use (HOTLINE_ASTERISK_ROOT, PATH or the shared cache; installed when missing)
`shipped`         the shipped configuration on free ports, as a dictionary to be changed before it is used
`short_directory` an empty directory with a path short enough for Asterisk's control socket
`start_asterisk`  `await start_asterisk(config)` → RunningAsterisk; stopped after the test; further keywords
                  replace what the rendering knows (AsteriskFacts)
`asterisk`        that with the shipped configuration
"""

import asyncio
import random
import re
import shutil
import tempfile
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.schema import HotlineConfig
from dialplan.facts import AsteriskFacts
from dialplan.gateways import gateway_endpoint
from dialplan.voice import PROMPTS
from hotline.parent.asterisk_process import AsteriskProcess
from hotline.phone import tones
from hotline.setup import asterisk_files
from hotline.setup.asterisk import Asterisk
from hotline.setup.asterisk_root import find_or_install
from hotline.state import EXAMPLE, Secrets, StateDirectory
from tests.ports import free_ports
from tests.system.manager import Ami

RTP_PORTS = 200
MUSIC_TONE = 330.0
"""What waiting callers hear in tests, Hz."""
GATEWAY_PATIENCE = 15.0
"""Seconds."""
QUALIFY_TIMEOUT = 3.0
"""Seconds in which a gateway must answer Asterisk's OPTIONS: its own default, which our rendering leaves."""


def on_free_ports(raw: dict[str, Any]) -> dict[str, Any]:
    """The same configuration on ports of its own."""
    sip, web, agi, ami, websocket, mail = free_ports(6)
    network = {"sip": sip, "web": web, "agi": agi, "ami": ami, "websocket": websocket}
    rtp = random.randrange(18400, 25800, 2)  # below the free ports above, beside those of the phones
    raw["network"] = {key: {"host": "127.0.0.1", "port": port} for key, port in network.items()}
    raw["network"]["rtp"] = {"from": rtp, "to": rtp + RTP_PORTS}
    raw["mail"]["port"] = mail
    raw["hotline"]["public_url"] = f"http://127.0.0.1:{web}"
    return raw


def silent_prompt(path: Path, seconds: float = 0.2) -> None:
    """A prompt that says nothing."""
    sound_file(path, bytes(int(seconds * 16000)))


def sound_file(path: Path, pcm: bytes) -> None:
    """A sound file that Asterisk plays: 8 kHz, 16 bit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(pcm)


@dataclass
class RunningAsterisk:
    config: HotlineConfig
    state: StateDirectory
    secrets: Secrets
    process: AsteriskProcess
    facts: AsteriskFacts
    lines: list[str]
    """What it has logged, as an administrator would see it."""

    @property
    def sip_port(self) -> int:
        return self.config.network.sip.port

    def ami(self) -> Ami:
        """A client with the service's own rights; use with `async with`."""
        return Ami(self.config.network.ami.port, asterisk_files.AMI_USER, self.secrets.ami_secret)

    async def cli(self, command: str) -> str:
        """What it answers on its own command line."""
        script = self.state.asterisk / "asterisk"
        asked = await asyncio.create_subprocess_exec(script, "-rx", command, stdout=asyncio.subprocess.PIPE)
        return (await asked.communicate())[0].decode()

    async def look_for_gateway(self) -> None:
        """Return when the first gateway, which listens now, is there for Asterisk.

        By itself it looks once a minute, for the first time at any moment of the first one, and then does not call a
        gateway that was not there. A look that began before the gateway listened may still fail after ours: we
        outlast it.
        """
        gateway = gateway_endpoint(self.config.gateways[0].name)
        there = re.compile(rf"Contact: +{gateway}/.* Avail ")
        loop = asyncio.get_running_loop()
        outlasted = loop.time() + QUALIFY_TIMEOUT
        async with asyncio.timeout(GATEWAY_PATIENCE):
            while loop.time() < outlasted or not there.search(await self.cli("pjsip show contacts")):
                await self.cli(f"pjsip qualify {gateway}")
                await asyncio.sleep(0.2)


StartAsterisk = Callable[..., Awaitable[RunningAsterisk]]


@pytest.fixture(scope="session")
def installation() -> Asterisk:
    return find_or_install(print)


@pytest.fixture
def shipped() -> dict[str, Any]:
    raw: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text("utf-8"))
    return on_free_ports(raw)


@pytest.fixture
def short_directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hotline-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def start_asterisk(installation: Asterisk, short_directory: Path) -> AsyncIterator[StartAsterisk]:
    running: list[RunningAsterisk] = []

    async def start(config: HotlineConfig, **changes: Any) -> RunningAsterisk:
        state = StateDirectory(short_directory / f"state{len(running)}")
        state.prepare()
        for name in PROMPTS:
            silent_prompt(state.prompts / f"{name}.wav")
        sound_file(state.music / "music.wav", tones.tone((MUSIC_TONE,), 2.0, 8000))
        secrets = state.secrets(agent.name for agent in config.agents)
        facts = replace(asterisk_files.facts_for(config, state, installation, secrets), **changes)
        script = asterisk_files.write(config, facts, installation)
        lines: list[str] = []
        process = AsteriskProcess(script, config.network.ami, asterisk_files.AMI_USER, secrets.ami_secret, lines.append)
        running.append(RunningAsterisk(config, state, secrets, process, facts, lines))
        await process.start()
        return running[-1]

    yield start
    for one in running:
        await one.process.stop()


@pytest.fixture
async def asterisk(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> RunningAsterisk:
    return await start_asterisk(HotlineConfig.model_validate(shipped))
