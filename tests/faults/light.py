"""Telephones that cost next to nothing, for callers by the hundred: they speak SIP and press keys, but hear nothing.

Now and then each sends a packet of sound: so it is seen to be there, and whoever talks with it hears something.
"""

import asyncio
import contextlib
import re
import secrets
import socket
import struct
import time
from dataclasses import dataclass, field

from tests.system.sip import SDP, Answer, Call, UdpPhone

RESEND_SECONDS = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0)
"""Timer E of RFC 3261, cut: a request is sent again until something comes back."""
SOUND_EVERY = 0.5
"""Far less than the 2 s that count as silence, and far more than the 20 ms of a real telephone."""
PACKET_SECONDS = 0.02
KEYS = "0123456789*#"
ALAW, EVENTS = 8, 101
VOLUME, KEY_TICKS = 10, (160, 320, 480, 640)
RATE = 8000
TONE = (b"\x85" * 8 + b"\x05" * 8) * 10
"""20 ms of 500 Hz, A-law."""


@dataclass(eq=False)
class LightCaller:
    """One call into the house; `await dial()` once. Moments of the monotonic clock."""

    number: str
    server_port: int
    answered: float | None = None
    ended: float | None = None
    hung_up_themselves: bool = False
    refused: int | None = None
    reached: bool = False
    """The other side has answered anything at all."""
    _phone: "_Phone" = field(init=False)

    @property
    def is_there(self) -> bool:
        return self.ended is None

    async def dial(self) -> None:
        """Returns when the call is answered, or over."""
        self._phone = _Phone(self)
        await self._phone.begin()

    async def press(self, key: str) -> None:
        """Nothing happens when the call is over."""
        if self.answered is not None and self.is_there:
            await self._phone.press(key)

    async def hang_up(self) -> None:
        if self.is_there:
            self.hung_up_themselves = True
            await self._phone.end()

    async def until_over(self) -> None:
        await self._phone.over.wait()

    def close(self) -> None:
        """Let go of the sockets."""
        self._phone.close()


class _Phone(UdpPhone):
    """The signalling of one call, and the sound it sends."""

    def __init__(self, caller: LightCaller) -> None:
        super().__init__(caller.server_port)
        self._caller = caller
        self._call = Call(self, sender=f"<sip:{caller.number}@127.0.0.1>")
        self._branch, self._to_tag, self._bye = secrets.token_hex(8), "", secrets.token_hex(8)
        self._answered_or_over = asyncio.Event()
        self._came, self._confirmed = asyncio.Event(), asyncio.Event()
        self.over = asyncio.Event()
        self._sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self._sound.setblocking(False)
        self._sound.bind(("127.0.0.1", 0))
        self._there: tuple[str, int] | None = None
        self._source, self._sequence, self._began = secrets.randbits(32), secrets.randbits(15), time.monotonic()
        self._talking: asyncio.Task[None] | None = None

    # --- signalling --------------------------------------------------------------------------

    async def begin(self) -> None:
        await self.__aenter__()
        body = SDP.format(port=self._sound.getsockname()[1])
        await self._send_until(self._call.message("INVITE", 1, body=body, branch=self._branch), self._came)
        if not self._came.is_set():
            self._finish()
        await self._answered_or_over.wait()

    async def end(self) -> None:
        """BYE, or CANCEL before the answer."""
        if self._caller.answered is None:
            await self._send_until(self._call.message("CANCEL", 1, branch=self._branch), self.over)
        else:
            message = self._call.message("BYE", 2, self._to_tag, branch=self._bye)
            await self._send_until(message, self._confirmed)
        self._finish()

    def close(self) -> None:
        self._finish()
        self._transport.close()
        self._sound.close()

    async def _send_until(self, message: str, done: asyncio.Event) -> None:
        for seconds in RESEND_SECONDS:
            self.send(message)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await done.wait()
            if done.is_set():
                return

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = Answer(data.decode("utf-8", "replace"))
        self._caller.reached = True
        self._came.set()
        if answer.method:
            self._asked(answer)
        elif answer.status >= 200 and answer.header("CSeq").endswith("INVITE"):
            self._final(answer)
        elif answer.status >= 200 and answer.header("CSeq").endswith("BYE"):
            self._confirmed.set()

    def _asked(self, request: Answer) -> None:
        if request.method == "BYE":
            self.reply(request, "200 OK")
            self._finish()
        elif request.method != "ACK":
            known = {"OPTIONS": "200 OK", "INVITE": "488 Not Acceptable Here"}
            self.reply(request, known.get(request.method, "405 Method Not Allowed"))

    def _final(self, answer: Answer) -> None:
        """A repeated answer is acknowledged again."""
        tag = re.search(r";tag=([^;\s]+)", answer.header("To"))
        self._to_tag = tag[1] if tag else ""
        accepted = answer.status < 300
        self.send(self._call.message("ACK", 1, self._to_tag, branch="" if accepted else self._branch))
        if not accepted:
            self._caller.refused = None if self._caller.hung_up_themselves else answer.status
            self._finish()
        elif self._caller.answered is None and self._caller.is_there:
            self._caller.answered = time.monotonic()
            self._there = _sound_address(answer.text)
            self._talking = asyncio.create_task(self._make_sound())
            self._answered_or_over.set()

    def _finish(self) -> None:
        if self._caller.ended is None:
            self._caller.ended = time.monotonic()
        if self._talking is not None:
            self._talking.cancel()
        for event in (self.over, self._answered_or_over):
            event.set()

    # --- sound -------------------------------------------------------------------------------

    async def _make_sound(self) -> None:
        while True:
            self._packet(ALAW, TONE, self._now())
            await asyncio.sleep(SOUND_EVERY)

    async def press(self, key: str) -> None:
        """One key by RFC 4733: growing durations under one time stamp, its end said three times."""
        code, began = KEYS.index(key), self._now()
        for number, ticks in enumerate((*KEY_TICKS, *[KEY_TICKS[-1]] * 2)):
            last = number >= len(KEY_TICKS) - 1
            event = struct.pack("!BBH", code, VOLUME | (0x80 if last else 0), ticks)
            self._packet(EVENTS, event, began, marked=number == 0)
            await asyncio.sleep(PACKET_SECONDS)

    def _now(self) -> int:
        """The time stamp of this moment."""
        return round((time.monotonic() - self._began) * RATE) & 0xFFFFFFFF

    def _packet(self, kind: int, content: bytes, at: int, marked: bool = False) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        kind |= 0x80 if marked else 0
        head = struct.pack("!BBHII", 0x80, kind, self._sequence, at, self._source)
        if self._there is not None:
            with contextlib.suppress(OSError):
                self._sound.sendto(head + content, self._there)


def _sound_address(text: str) -> tuple[str, int] | None:
    host, port = re.search(r"^c=IN IP4 (\S+)", text, re.MULTILINE), re.search(r"^m=audio (\d+)", text, re.MULTILINE)
    return (host[1], int(port[1])) if host and port else None
