"""What somebody heard on the telephone, and when: the longest silence, and which tones sounded when. Pure."""

import asyncio
import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from multiprocessing import get_context

from hotline.phone import tones

FRAME_SECONDS = 0.02
LOUD = 32768.0**2 * 10 ** (tones.SOUND / 10)
"""Mean square of a frame that counts as sound."""
LOOK_SECONDS = 0.2
"""A tone is looked for in pieces of this length."""
TONE_SHARE = 0.15
"""A tone is there when it has at least this share of the energy: two may sound together, neither drowned."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch without sound; seconds of the monotonic clock."""

    since: float
    until: float

    @property
    def seconds(self) -> float:
        return self.until - self.since


@dataclass(frozen=True)
class Recording:
    """Pieces of PCM with the moment at which each had come in."""

    pieces: Sequence[tuple[float, bytes]]
    rate: int

    @cached_property
    def frames(self) -> list[tuple[float, "array[int]"]]:
        """Frames with their moments. A piece ends at its moment and begins no earlier than the one before ended."""
        found: list[tuple[float, array[int]]] = []
        size, before = round(FRAME_SECONDS * self.rate), -math.inf
        for at, pcm in self.pieces:
            values = tones.samples(pcm)
            count = max(1, len(values) // size)
            for number in range(count):
                moment = max(before, at - (count - number - 1) * FRAME_SECONDS)
                found.append((moment, values[number * size : (number + 1) * size]))
            before = at
        return found

    @cached_property
    def loud(self) -> list[float]:
        """The moments of all frames with sound."""
        return [at for at, frame in self.frames if _mean_square(frame) > LOUD]

    def silences(self, since: float, until: float) -> Iterator[Silence]:
        """Every stretch without sound between two moments; no packets at all are silence too."""
        inside = self.loud[bisect_left(self.loud, since) : bisect_left(self.loud, until)]
        for first, second in pairwise([since, *inside, until]):
            if second - first > 2 * FRAME_SECONDS:
                yield Silence(first, second)

    def worst_silence(self, since: float, until: float) -> Silence:
        """The longest of them; one of no length when there was always sound."""
        return max(self.silences(since, until), key=lambda silence: silence.seconds, default=Silence(since, since))

    def tones(self, frequencies: Sequence[int]) -> list[tuple[float, frozenset[int]]]:
        """Which of these tones sounded, in pieces of LOOK_SECONDS, by the moment at which each piece began."""
        pieces = [(at, _heard(values, self.rate, frequencies)) for at, values in self._pieces()]
        return [(at, heard) for at, heard in pieces if heard]

    def spells(self, frequency: int) -> list[Silence]:
        """When this tone sounded: from, until; gaps of a second at most are passed over."""
        found: list[Silence] = []
        for at, _ in self.tones([frequency]):
            end = at + LOOK_SECONDS
            if found and at - found[-1].until <= 1.0:
                found[-1] = Silence(found[-1].since, end)
            else:
                found.append(Silence(at, end))
        return found

    def _pieces(self) -> Iterator[tuple[float, "array[int]"]]:
        count = round(LOOK_SECONDS / FRAME_SECONDS)
        for start in range(0, len(self.frames), count):
            group = self.frames[start : start + count]
            values = array("h")
            for _, frame in group:
                values.extend(frame)
            yield group[0][0], values


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody heard between two moments."""

    worst_silence: Silence
    spells: Mapping[int, Sequence[Silence]]
    """When which of the tones that were asked for sounded, in Hz."""


def listen(recording: Recording, since: float, until: float, frequencies: Sequence[int]) -> Heard:
    spells = {frequency: recording.spells(frequency) for frequency in frequencies}
    return Heard(recording.worst_silence(since, until), spells)


async def heard(recording: Recording, since: float, until: float, frequencies: Sequence[int]) -> Heard:
    """`listen` in a process of its own, so that nobody who acts in time is kept waiting."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_listener(), listen, recording, since, until, frequencies)


@cache
def _listener() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _heard(values: "array[int]", rate: int, frequencies: Sequence[int]) -> frozenset[int]:
    power = _mean_square(values)
    if power < LOUD:
        return frozenset()
    pcm = values.tobytes()
    levels = {one: 10 ** (tones.tone_level(pcm, rate, one) / 10) * tones.FULL**2 for one in frequencies}
    return frozenset(one for one, level in levels.items() if level >= TONE_SHARE * power)


def _mean_square(values: Sequence[int]) -> float:
    return sum(value * value for value in values) / len(values) if values else 0.0
