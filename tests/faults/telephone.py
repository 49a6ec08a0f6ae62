"""A telephone's process that also keeps what it hears, with the time of each piece, and hums without end.

Run as `python -m tests.faults.telephone`. Beyond the commands of hotline/phone/process.py:

    {"do": "hum", "call": 7, "frequency": 440}   say that tone until the call ends
    {"do": "recorded", "call": 7}                all that was heard: [[seconds, base64 of PCM], …] and its rate

Seconds are the machine's monotonic clock, the same in every process: the measurement is made where the sound
arrives, so that a busy test cannot turn its own slowness into a caller's silence.
"""

import asyncio
import base64
import time
from contextlib import suppress
from typing import Any

from baresip import AudioNotActive, AudioRestarted

from hotline.phone import process, tones
from hotline.phone.sound import TICK_SECONDS

HUM_AHEAD = 0.3
"""So much of the tone is on its way at any moment, seconds."""
HUM_LEVEL = -20.0


class Recorder:
    """Listens like any other; `pieces` are (when it was taken, PCM)."""

    def __init__(self) -> None:
        self.pieces: list[tuple[float, bytes]] = []

    def extend(self, pcm: bytes) -> None:
        self.pieces.append((time.monotonic(), bytes(pcm)))


class Telephone(process.Telephone):
    """Records every call from its first packet."""

    def __init__(self) -> None:
        super().__init__()
        self._recorders: dict[int, Recorder] = {}

    def _keep(self, call: Any) -> int:
        number = super()._keep(call)
        self._recorders[number] = recorder = Recorder()
        self._sounds[number]._listeners.append(recorder)  # type: ignore[arg-type]
        return number

    async def do_hum(self, call: int, frequency: int) -> None:
        """`frequency` in whole Hz, so that one second of it runs into the next without a click."""
        task = asyncio.create_task(self._hum(call, frequency))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def do_recorded(self, call: int) -> dict[str, Any]:
        pieces = [[at, base64.b64encode(pcm).decode()] for at, pcm in self._recorders[call].pieces]
        with suppress(AudioNotActive):
            return {"pieces": pieces, "rate": self._sounds[call].audio.info().rx_sample_rate or 8000}
        return {"pieces": pieces, "rate": 8000}

    async def _hum(self, call: int, frequency: int) -> None:
        sound = self._sounds[call]
        await sound._ready()
        rate = sound._rate(heard=False) or 8000
        second, at = tones.tone((frequency,), 1.0, rate, HUM_LEVEL), 0
        while not sound._closed:
            wanted = int(HUM_AHEAD * rate) * 2 - sound._waiting()
            while wanted > 0:
                piece = second[at : at + wanted]
                taken = self._say(sound, piece)
                at, wanted = (at + taken) % len(second), wanted - taken
                if taken < len(piece):
                    break
            await asyncio.sleep(TICK_SECONDS)

    @staticmethod
    def _say(sound: Any, piece: bytes) -> int:
        with suppress(AudioNotActive, AudioRestarted):
            return int(sound.audio.write(piece))
        return 0


if __name__ == "__main__":
    process.Telephone = Telephone  # type: ignore[misc]
    process.main()
