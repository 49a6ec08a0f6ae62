"""What can be done with one call of a telephone: press, say, listen, answer, hang up; and how it ended."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from hotline.errors import HotlineError
from hotline.phone import tones


class PhoneError(HotlineError):
    """The telephone could not do what it was asked; `status` is the SIP status, when there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Dtmf(StrEnum):
    """How keys travel."""

    RFC4733 = "rfc4733"
    INFO = "info"
    INBAND = "inband"


Command = Callable[..., Awaitable[dict[str, Any]]]
"""Carries out a command in the telephone's process; PhoneError when it cannot."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended."""

    by_us: bool
    status: int | None
    """The SIP status that refused the call, None when it was hung up."""
    reason: str

    @classmethod
    def read(cls, text: str, by_us: bool) -> Self:
        """From baresip's words, as "486 Busy Here,Q.850;cause=17"; a BYE reads "Connection reset by peer"."""
        reason = text.partition(",Q.850")[0]
        refused = re.fullmatch(r"([3-6][0-9][0-9]) (.*)", reason)
        return cls(by_us, int(refused[1]), refused[2]) if refused else cls(by_us, None, reason)


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of sound; levels in dBFS."""

    pcm: bytes
    rate: int

    @property
    def seconds(self) -> float:
        """How much sound came; less than was listened for when packets were missing."""
        return len(self.pcm) / 2 / self.rate

    @property
    def loudness(self) -> float:
        return tones.loudness(self.pcm)

    @property
    def silent(self) -> bool:
        return self.loudness < tones.SOUND

    @property
    def tone(self) -> float | None:
        """The strongest tone in Hz."""
        return tones.dominant(self.pcm, self.rate)

    def level(self, frequency: float) -> float:
        return tones.tone_level(self.pcm, self.rate, frequency)

    def has_tone(self, frequency: float) -> bool:
        """This tone is there, and most of what is heard is this tone."""
        return not self.silent and self.level(frequency) > self.loudness - 3


class PhoneCall:
    """One call of a telephone, dialled or incoming."""

    def __init__(self, command: Command, number: int, dtmf: Dtmf, peer: str, headers: Mapping[str, str]) -> None:
        self._command, self._number, self._dtmf = command, number, dtmf
        self.peer = peer
        """URI of the other side."""
        self.headers = dict(headers)
        """Of an incoming call: From, P-Asserted-Identity, Privacy, Alert-Info…, as far as they were there."""
        self._rings, self._up, self._over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._hung_up_by_us = False
        self._end: Ended | None = None

    @property
    def is_answered(self) -> bool:
        return self._up.is_set()

    @property
    def end(self) -> Ended | None:
        """How it ended; None while it goes on."""
        return self._end

    async def ringing(self, timeout: float = 10.0) -> None:
        """Return when the other side rings (or has answered). PhoneError when the call ends before, or in time."""
        await self._first(self._rings, timeout, "ring")

    async def answered(self, timeout: float = 20.0) -> None:
        """Return when the call is answered. PhoneError when it ends before, or is not in time."""
        await self._first(self._up, timeout, "answer")

    async def ended(self, timeout: float = 20.0) -> Ended:
        """How the call ended; PhoneError when it still goes on after `timeout` seconds."""
        try:
            await asyncio.wait_for(self._over.wait(), timeout)
        except TimeoutError:
            raise PhoneError(f"the call still goes on after {timeout:g} s") from None
        assert self._end is not None  # noqa: S101 - set together with the event
        return self._end

    async def press(self, digits: str, mode: Dtmf | None = None, gap: float = 0.12) -> None:
        """Press keys one after the other. Other modes than the call's own: inband only (it is mere sound).

        A call that ends meanwhile is no error: the other side may hang up at a key.
        """
        mode = mode or self._dtmf
        if not digits or set(digits.upper()) - set(tones.KEYS):
            raise ValueError(f"these are no keys of a telephone: {digits!r}")
        if mode is Dtmf.INBAND:
            await self._say(tones.keys(digits, gap=gap), level=-12.0)
        elif mode is self._dtmf:
            await self._unless_over(self._do("digits", digits=digits, gap=round(gap * 1000)))
        else:
            raise ValueError(f"dial with dtmf={mode.value} to send keys that way")

    async def play_tone(self, frequency: float, seconds: float = 1.0, level: float = -15.0) -> None:
        """Say a tone; returns when it is said."""
        await self._say([((frequency,), seconds)], level)

    async def hear(self, seconds: float) -> Heard:
        """What comes in from now on for so long, or until the call ends."""
        heard = await self._do("hear", seconds=seconds)
        return Heard(base64.b64decode(heard["pcm"]), heard["rate"])

    async def sound(self, timeout: float = 10.0) -> None:
        """Return when something is heard. PhoneError when it stays silent."""
        await self._until(silent=False, lasting=0.2, timeout=timeout)

    async def quiet(self, lasting: float = 1.0, timeout: float = 40.0) -> None:
        """Return when nothing has been heard for so long. PhoneError when it never gets quiet."""
        await self._until(silent=True, lasting=lasting, timeout=timeout)

    async def hold(self, on: bool = True) -> None:
        """Put the other side on hold, or take it back."""
        await self._do("hold", on=on)

    async def answer(self) -> None:
        """Take an incoming call; `answered()` tells when it stands."""
        await self._do("answer")

    async def reject(self, status: int = 486) -> None:
        """Refuse an incoming call as busy."""
        if status != 486:
            raise ValueError("this telephone can only refuse with 486")
        self._hung_up_by_us = True
        await self._do("reject")

    async def hang_up(self) -> None:
        """End the call; nothing happens when it is over."""
        if self._over.is_set():
            return
        self._hung_up_by_us = True
        await self._unless_over(self._do("hang_up"))

    def happened(self, event: Mapping[str, Any]) -> None:
        """What the telephone's process tells of this call."""
        if event["event"] == "ended":
            self._end = Ended.read(event["text"] or "", self._hung_up_by_us)
            self._over.set()
            return
        self._rings.set()
        if event["event"] == "answered":
            self._up.set()

    def lost(self) -> None:
        """The telephone's process is gone."""
        if not self._over.is_set():
            self._end = Ended(True, None, "the telephone is gone")
            self._over.set()

    async def _unless_over(self, command: Awaitable[Any]) -> None:
        """A command that fails only because the other side has hung up at the same time is no failure."""
        try:
            await command
        except PhoneError as error:
            try:
                await asyncio.wait_for(self._over.wait(), 1.0)
            except TimeoutError:
                raise error from None

    async def _first(self, wanted: asyncio.Event, timeout: float, what: str) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in (wanted, self._over)]
        try:
            await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        if wanted.is_set():
            return
        if self._end is not None:
            status = f"{self._end.status} " if self._end.status else ""
            raise PhoneError(f"the call ended before an {what}: {status}{self._end.reason}", self._end.status)
        raise PhoneError(f"no {what} within {timeout:g} s")

    async def _until(self, *, silent: bool, lasting: float, timeout: float) -> None:
        loop, lasted = asyncio.get_running_loop(), 0.0
        deadline = loop.time() + timeout
        while lasted < lasting - 0.01:
            if loop.time() > deadline or self._over.is_set():
                raise PhoneError("the other side " + ("never fell silent" if silent else "stayed silent"))
            lasted = lasted + 0.2 if (await self.hear(0.2)).silent is silent else 0.0

    async def _say(self, parts: Sequence[tones.Part], level: float) -> None:
        await self._do("play", parts=[[list(frequencies), seconds] for frequencies, seconds in parts], level=level)

    async def _do(self, name: str, **fields: Any) -> dict[str, Any]:
        return await self._command(name, call=self._number, **fields)
