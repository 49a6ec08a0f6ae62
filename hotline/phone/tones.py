"""What is in a piece of sound: how loud it is, which tone it holds; and the tones and keys themselves.

Sound is PCM: 16-bit samples, little-endian, one channel. Levels are dBFS: 0 is a full-scale square wave,
a full-scale sine has -3, silence has `SILENCE`. Speech on a telephone lies around -25, A-law's own noise at -72.
"""

import cmath
import math
import sys
from array import array
from collections.abc import Iterable, Sequence

FULL = 32768.0
SILENCE = -96.0
SOUND = -45.0
"""Louder than this counts as sound: far above the noise of any codec, below the softest prompt."""
BLOCK_SECONDS = 0.1
"""A tone's level is the mean over blocks of this length, so that one lost packet does not hide it."""
SPECTRUM = 4096
Part = tuple[Sequence[float], float]
"""Frequencies that sound together (none: silence), and for how many seconds."""

_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS: dict[str, tuple[int, int]] = {
    key: (_ROWS[at // 4], _COLUMNS[at % 4]) for at, key in enumerate("123A456B789C*0#D")
}
"""The two frequencies of each key (ITU-T Q.23)."""


def samples(pcm: bytes) -> "array[int]":
    """The samples of a piece of sound; an odd last byte is left out."""
    values = array("h", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        values.byteswap()
    return values


def tone(frequencies: Sequence[float], seconds: float, rate: int, level: float = -15.0) -> bytes:
    """Frequencies sounding together, `level` dBFS in all; nothing at all for no frequency."""
    count = round(seconds * rate)
    if not frequencies:
        return bytes(2 * count)
    peak = FULL * 10 ** (level / 20) * math.sqrt(2 / len(frequencies))
    turns = [2 * math.pi * frequency / rate for frequency in frequencies]
    values = array("h", (_clipped(peak * sum(math.sin(turn * i) for turn in turns)) for i in range(count)))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _clipped(value: float) -> int:
    return max(-32768, min(32767, round(value)))


def melody(parts: Iterable[Part], rate: int, level: float = -15.0) -> bytes:
    """Parts one after the other."""
    return b"".join(tone(frequencies, seconds, rate, level) for frequencies, seconds in parts)


def keys(digits: str, seconds: float = 0.12, gap: float = 0.1) -> list[Part]:
    """The sound of keys (inband DTMF): at least 40 ms each with gaps as long, says ITU-T Q.24."""
    return [part for digit in digits.upper() for part in ((KEYS[digit], seconds), ((), gap))]


def loudness(pcm: bytes) -> float:
    """Mean level in dBFS."""
    return _level(_mean_square(samples(pcm)))


def _mean_square(values: Sequence[int]) -> float:
    return sum(value * value for value in values) / len(values) if values else 0.0


def tone_level(pcm: bytes, rate: int, frequency: float) -> float:
    """How strong one tone is, in dBFS, by Goertzel's algorithm; about 10 Hz wide."""
    values, size = samples(pcm), max(1, round(rate * BLOCK_SECONDS))
    blocks = [values[start : start + size] for start in range(0, max(1, len(values) - size + 1), size)]
    powers = [_goertzel(block, frequency / rate) for block in blocks if block]
    return _level(sum(powers) / len(powers)) if powers else SILENCE


def _goertzel(values: Sequence[int], turns: float) -> float:
    """Mean square of the share of `values` that swings with so many turns per sample."""
    factor = 2 * math.cos(2 * math.pi * turns)
    before = last = 0.0
    for value in values:
        before, last = last, value + factor * last - before
    power = before * before + last * last - factor * before * last
    return 2 * power / len(values) ** 2


def dominant(pcm: bytes, rate: int) -> float | None:
    """The strongest tone in Hz (exact to a few), looked for where the sound is loudest; None for silence."""
    values = samples(pcm)
    if len(values) < SPECTRUM // 16:
        return None
    window = _loudest(values)
    if _level(_mean_square(window)) < SOUND:
        return None
    shaped = [value * (0.5 - 0.5 * math.cos(2 * math.pi * i / len(window))) for i, value in enumerate(window)]
    spectrum = _spectrum([complex(value) for value in shaped] + [0j] * (SPECTRUM - len(shaped)))
    first = round(60 / rate * SPECTRUM)
    strongest = max(range(first, SPECTRUM // 2), key=lambda at: abs(spectrum[at]))
    return strongest * rate / SPECTRUM


def _loudest(values: "array[int]") -> "array[int]":
    starts = range(0, max(1, len(values) - SPECTRUM + 1), SPECTRUM // 2)
    return max((values[start : start + SPECTRUM] for start in starts), key=lambda part: sum(map(abs, part)))


def _spectrum(values: list[complex]) -> list[complex]:
    """Fast Fourier transform; the length must be a power of two."""
    half = len(values) // 2
    if not half:
        return values
    even, odd = _spectrum(values[::2]), _spectrum(values[1::2])
    turned = [cmath.exp(-1j * math.pi * k / half) * odd[k] for k in range(half)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [a - b for a, b in zip(even, turned, strict=True)]


def _level(mean_square: float) -> float:
    return max(SILENCE, 10 * math.log10(mean_square / FULL**2)) if mean_square > 0 else SILENCE
