"""What a telephone hears and says: takes the call's sound out of baresip in time, and feeds it in at its own pace."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from baresip import AudioNotActive, AudioRestarted

from hotline.phone import tones

TICK_SECONDS = 0.05
AT_ONCE = 1 << 16


@dataclass(eq=False)
class Sound:
    """Both directions of one call; `audio` is baresip's `CallAudio`."""

    audio: Any
    _listeners: list[bytearray] = field(default_factory=list)
    _closed: bool = False

    async def run(self) -> None:
        """Hand what arrives to all who listen, until cancelled; what nobody hears is thrown away."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._take()

    def close(self) -> None:
        """The call is over: whoever listens or plays comes to an end."""
        self._closed = True

    def _take(self) -> None:
        with suppress(AudioNotActive, AudioRestarted):
            while heard := self.audio.read(AT_ONCE):
                for listener in self._listeners:
                    listener.extend(heard)

    async def hear(self, seconds: float) -> tuple[bytes, int]:
        """The sound that arrives from now on for so long, or until the call ends, and its rate in Hz."""
        loop, heard, rate = asyncio.get_running_loop(), bytearray(), self._rate(heard=True)
        self._take()
        self._listeners.append(heard)
        deadline = loop.time() + seconds
        try:
            while loop.time() < deadline and not self._closed:
                await asyncio.sleep(min(TICK_SECONDS, max(0.0, deadline - loop.time())))
                rate = self._rate(heard=True) or rate
            self._take()
        finally:
            self._listeners = [one for one in self._listeners if one is not heard]
        return bytes(heard), rate or 8000

    async def play(self, parts: Sequence[tones.Part], level: float) -> None:
        """Say this and return when all of it is on its way, or the call is over."""
        await self._ready()
        rest = memoryview(tones.melody(parts, self._rate(heard=False), level))
        while not self._closed and (rest or self._waiting()):
            with suppress(AudioNotActive, AudioRestarted):
                rest = rest[self.audio.write(rest) :]
            await asyncio.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """Fall silent now."""
        with suppress(AudioNotActive, AudioRestarted):
            self.audio.flush_tx()

    async def _ready(self) -> None:
        while not self._closed and not self._rate(heard=False):  # noqa: ASYNC110 - baresip tells no such event
            await asyncio.sleep(TICK_SECONDS)

    def _rate(self, *, heard: bool) -> int:
        try:
            info = self.audio.info()
        except AudioNotActive:
            return 0
        return int(info.rx_sample_rate if heard else info.tx_sample_rate)

    def _waiting(self) -> int:
        try:
            return int(self.audio.info().tx_buffered)
        except AudioNotActive:
            return 0
