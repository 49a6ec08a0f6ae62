"""The telephone's own process: one baresip runtime, commanded by JSON lines on stdin, telling events on stdout.

    {"id": 1, "do": "dial", ...}            a command
    {"id": 1, "result": {...}}              its answer, or {"id": 1, "error": "why"}
    {"event": "ended", "call": 7, ...}      an event; `call` is the number that `dial` or `incoming` gave

baresip holds its state in the process, so each telephone has one of its own. It ends with its parent, hangs up
before it goes, and leaves no file: the directory that baresip asks for is removed as soon as it is open.
"""

import asyncio
import base64
import ctypes
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from baresip import BaresipError, CallState, Config, Event, RegistrationError, Runtime, StackEvent, UserAgent

from hotline.phone.sound import Sound

HEADERS = ("From", "To", "P-Asserted-Identity", "Privacy", "Diversion", "Alert-Info", "Call-Info", "Reason")
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
GOODBYE_SECONDS = 3
REPORTED = {
    Event.CALL_RINGING: "ringing",
    Event.CALL_PROGRESS: "ringing",
    Event.CALL_ESTABLISHED: "answered",
    Event.CALL_CLOSED: "ended",
}
Fields = dict[str, Any]


def main() -> None:
    """Run until stdin ends, `stop` comes, or the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
    if "--trace" in sys.argv:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(message)s")
    asyncio.run(_run())


async def _run() -> None:
    loop, telephone = asyncio.get_running_loop(), Telephone()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, reader.feed_eof)
    while line := await reader.readline():
        telephone.obey(json.loads(line))
    signal.alarm(GOODBYE_SECONDS)  # a goodbye that nobody answers must not keep this process
    await telephone.stop()


def tell(message: Fields) -> None:
    """One line to the parent; nobody to tell it to is no reason to fail."""
    try:
        os.write(1, json.dumps(message).encode() + b"\n")
    except OSError:
        signal.raise_signal(signal.SIGTERM)


class Telephone:
    """Carries out commands, each in a task of its own, so that one can listen while another speaks."""

    def __init__(self) -> None:
        self._runtime = Runtime(native_log_level="debug" if "--trace" in sys.argv else "error")
        self._agents: dict[str, UserAgent] = {}
        self._registered: list[UserAgent] = []
        self._calls: dict[int, Any] = {}
        self._sounds: dict[int, Sound] = {}
        self._pumps: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def obey(self, command: Fields) -> None:
        """Begin what a line asks for."""
        task = asyncio.create_task(self._answer(command.pop("id"), command.pop("do"), command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, number: int, name: str, fields: Fields) -> None:
        act: Callable[..., Awaitable[Fields | None]] = getattr(self, f"do_{name}")
        try:
            tell({"id": number, "result": await act(**fields) or {}})
        except (BaresipError, ValueError, OSError, LookupError) as error:
            status = getattr(error, "status", None)
            tell({"id": number, "error": str(error) or type(error).__name__, "status": status})

    async def stop(self) -> None:
        """Hang up, unregister, end."""
        for agent in self._registered:
            with suppress(BaresipError):
                await agent.unregister(timeout=1)
        await self._runtime.close()

    # --- commands ----------------------------------------------------------------------------

    async def do_start(self, address: str, port: int, transport: str, rtp: list[int], trace: bool) -> Fields:
        """Listen for SIP on this address; port 0 is any free one."""
        where = f"[{address}]" if ":" in address else address
        directives = (
            f"sip_listen {where}:{port}",
            f"sip_transports {transport}",
            f"net_af {'ipv6' if ':' in address else 'ipv4'}",
            f"rtp_ports {rtp[0]}-{rtp[1]}",
            "call_local_timeout 86400",
        )
        config = Config(
            net_interface=address,
            expose_headers=HEADERS,
            max_concurrent_calls=None,
            native_log_level="debug" if trace else "error",
            sip_trace=trace,
            extra_config_text="\n".join(directives),
        )
        with tempfile.TemporaryDirectory(prefix="hotline-phone-") as directory:
            tempfile.tempdir = directory
            await self._runtime.start(config)
            tempfile.tempdir = None
        self._runtime.subscribe(self._report)
        return {"port": port or _own_port(address, transport)}

    async def do_dial(self, uri: str, account: str, headers: dict[str, str]) -> Fields:
        agent = await self._agent(account)
        return {"call": self._keep(await agent.dial(uri, headers))}

    async def do_register(self, account: str, timeout: float) -> None:
        agent = await self._agent(account)
        try:
            await agent.register(timeout=timeout)
        except RegistrationError:
            self._agents.pop(account)
            raise
        self._registered.append(agent)

    async def do_listen(self, account: str) -> None:
        """Take calls for this account without registering it anywhere."""
        await self._agent(account)

    async def do_unregister(self) -> None:
        while self._registered:
            await self._registered.pop().unregister()

    async def do_answer(self, call: int) -> None:
        await self._calls[call].answer()

    async def do_reject(self, call: int) -> None:
        await self._calls[call].reject()

    async def do_hang_up(self, call: int) -> None:
        await self._calls[call].hangup()

    async def do_hold(self, call: int, on: bool) -> None:
        await (self._calls[call].hold() if on else self._calls[call].resume())

    async def do_digits(self, call: int, digits: str, gap: int) -> None:
        await self._calls[call].send_dtmf(digits, gap)

    async def do_play(self, call: int, parts: list[Any], level: float) -> None:
        await self._sounds[call].play([(tuple(tones), seconds) for tones, seconds in parts], level)

    async def do_silence(self, call: int) -> None:
        self._sounds[call].stop()

    async def do_hear(self, call: int, seconds: float) -> Fields:
        pcm, rate = await self._sounds[call].hear(seconds)
        return {"pcm": base64.b64encode(pcm).decode(), "rate": rate}

    # --- calls and events --------------------------------------------------------------------

    async def _agent(self, account: str) -> UserAgent:
        """The user agent of an account; made once, because baresip never lets one go."""
        if account not in self._agents:
            agent = self._agents[account] = await UserAgent.create(self._runtime, account)
            agent.on_incoming(self._incoming)
        return self._agents[account]

    def _keep(self, call: Any) -> int:
        number: int = call.handle
        sound = Sound(call.audio)
        self._calls[number], self._sounds[number] = call, sound
        if call.state is CallState.CLOSED:
            sound.close()
        else:
            self._pumps[number] = asyncio.create_task(sound.run())
        return number

    def _incoming(self, call: Any) -> None:
        number = self._keep(call)
        tell({"event": "incoming", "call": number, "peer": call.peer, "headers": call.headers})

    def _report(self, event: StackEvent) -> None:
        name = REPORTED.get(event.event)
        if name is None:
            return
        tell({"event": name, "call": event.call, "text": event.text, "headers": event.headers})
        if name == "ended" and event.call in self._sounds:
            self._sounds[event.call].close()
            self._pumps.pop(event.call).cancel()


def _own_port(address: str, transport: str) -> int:
    """The port this process listens on at that address, by what the kernel lists; its helpers listen on any address."""
    own = _sockets()
    table = Path("/proc/net") / (transport + ("6" if ":" in address else ""))
    for row in table.read_text().splitlines()[1:]:
        columns = row.split()
        host, _, port = columns[1].partition(":")
        if f"socket:[{columns[9]}]" in own and set(host) != {"0"}:
            return int(port, 16)
    raise OSError(f"no port is open on {address}")


def _sockets() -> set[str]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of this very listing
            found.add(str(link.readlink()))
    return found
