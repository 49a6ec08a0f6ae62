"""Composes the quiet music callers hear while they wait: our own piece, so that no rights are touched.

Eight slow chords with a few soft single notes above them, 48 s, its end running into its beginning.
"""

import math
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from hotline.setup import sound

NAME = "calm"
RATE = 8000
"""Everything heard lies below 1.5 kHz, and telephones carry little more."""
CHORD_SECONDS = 6.0
MUSIC_DBFS = -27.0
"""Loudness (RMS): well below the prompts, so that it is never in the way of a word."""
_CHORDS = (
    ("F3", "A3", "C4", "G4"),
    ("D3", "A3", "C4", "F4"),
    ("A#3", "D4", "F4", "C5"),
    ("C4", "E4", "G4", "D5"),
    ("F3", "C4", "E4", "A4"),
    ("A3", "C4", "E4", "G4"),
    ("A#3", "D4", "F4", "A4"),
    ("C4", "F4", "G4", "A#4"),
)
_MELODY = ("C5", "A4", "F4", "A4", "D5", "C5", "E5", "D5", "C5", "A4", "G4", "E4", "F4", "D5", "C5", "G4")
_SEMITONES = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "A#": 1}


def render_music(directory: Path) -> bool:
    """Write the music once, as calm.wav, .alaw and .sln16; whether it had to be made. SetupError without sox."""
    if all((directory / f"{NAME}.{extension}").is_file() for extension in sound.FORMATS):
        return False
    directory.mkdir(parents=True, exist_ok=True)
    sox = sound.find_sox()
    narrow = (*sound.PCM[:3], str(RATE), *sound.PCM[4:])
    sound.convert(sox, sound.run(sox, (*narrow, "-", *sound.PCM, "-"), compose()), directory, NAME)
    return True


def compose() -> bytes:
    """The piece as 16-bit PCM at `RATE`, mono."""
    mix = array("d", bytes(8 * int(len(_CHORDS) * CHORD_SECONDS * RATE)))
    for number, chord in enumerate(_CHORDS):
        for note in chord:
            _add(mix, number * CHORD_SECONDS, _pad(_hertz(note)))
    for number, note in enumerate(_MELODY):
        _add(mix, number * CHORD_SECONDS / 2 + 1.5, _bell(_hertz(note)))
    rms = math.sqrt(sum(sample * sample for sample in mix) / len(mix))
    gain = 32767 * 10 ** (MUSIC_DBFS / 20) / rms
    return array("h", (round(max(-32767.0, min(32767.0, sample * gain))) for sample in mix)).tobytes()


def _hertz(note: str) -> float:
    return 440.0 * 2 ** (_SEMITONES[note[:-1]] / 12 + int(note[-1]) - 4)


def _add(mix: "array[float]", start: float, samples: Iterator[float]) -> None:
    """Mix a note in from `start` seconds on; what reaches beyond the end goes on at the beginning: a smooth loop."""
    place = int(start * RATE)
    for sample in samples:
        mix[place % len(mix)] += sample
        place += 1


def _pad(hertz: float) -> Iterator[float]:
    """A note that swells, stays, and fades into the next chord."""
    shape = ((0.0, 0.0), (1.8, 1.0), (5.0, 0.8), (7.5, 0.0))
    for (begin, low), (finish, high) in pairwise(shape):
        steps = int((finish - begin) * RATE)
        for step in range(steps):
            seconds = begin + step / RATE
            swell = low + (high - low) * (0.5 - 0.5 * math.cos(math.pi * step / steps))
            turn = math.tau * hertz * seconds
            yield swell * (math.sin(turn) + 0.25 * math.sin(2 * turn) + 0.5 * math.sin(turn * 1.003))


def _bell(hertz: float) -> Iterator[float]:
    """A soft single note that dies away."""
    for step in range(int(2.8 * RATE)):
        seconds = step / RATE
        fade = min(1.0, seconds / 0.03) * math.exp(-1.6 * seconds) * (1 - seconds / 2.8)
        yield 0.9 * fade * (math.sin(math.tau * hertz * seconds) + 0.15 * math.sin(math.tau * 2 * hertz * seconds))
