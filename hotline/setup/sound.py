"""Turns recorded or spoken sound into the files Asterisk plays: trimmed, evenly loud, one file a format.

Uses sox (Debian package `sox`), which must be on PATH.
"""

import re
import shutil
import subprocess
from pathlib import Path

from hotline.errors import SetupError

RATE = 16_000
PCM = ("-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-c", "1")
FORMATS = {
    "wav": ("-t", "wav", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1"),
    "alaw": ("-t", "al", "-r", "8000", "-c", "1"),
    "sln16": PCM,
}
"""File extension → sox's words for it: alaw as most calls need it, 16 kHz for G.722, WAV for anything else."""
SPEECH_DBFS = -20.0
"""Loudness (RMS) of every prompt, where its peaks allow it."""
PEAK_DBFS = -3.0
PAD_SECONDS = (0.05, 0.15)
"""Silence before and after a prompt: enough to keep words apart, little enough to keep sentences flowing."""
_SILENCE = ("silence", "1", "0.01", "1%")
_TRIM = ("highpass", "80", *_SILENCE, "reverse", *_SILENCE, "reverse")


def find_sox() -> str:
    """Path of sox. SetupError when it is not installed."""
    sox = shutil.which("sox")
    if sox is None:
        raise SetupError("sox is missing, which makes the prompts' sound files: install it with `apt-get install sox`")
    return sox


def speech(sox: str, source: bytes, kind: tuple[str, ...]) -> bytes:
    """16 kHz PCM of one prompt from sound that sox reads as `kind`: silence trimmed, loudness set, short pads.

    SetupError when it holds nothing audible.
    """
    trimmed = run(sox, (*kind, "-", *PCM, "-", *_TRIM), source)
    if len(trimmed) < RATE // 10:
        raise SetupError("a prompt's sound is silent or shorter than a twentieth of a second: record it again")
    finish = ("gain", f"{_gain(sox, trimmed):.2f}", "pad", *map(str, PAD_SECONDS))
    return run(sox, (*PCM, "-", *PCM, "-", *finish), trimmed)


def convert(sox: str, pcm: bytes, directory: Path, name: str) -> None:
    """Write `pcm` as NAME.wav, .alaw and .sln16; each file appears whole or not at all."""
    for extension, words in FORMATS.items():
        write_whole(directory / f"{name}.{extension}", run(sox, (*PCM, "-", *words, "-"), pcm))


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file at once, so that nobody ever plays half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def levels(sox: str, pcm: bytes) -> tuple[float, float]:
    """Peak and RMS of 16 kHz PCM, in dBFS."""
    told = _call(sox, (*PCM, "-", "-n", "stats"), pcm).stderr.decode()
    found = [re.search(rf"^{label} lev dB +(-?[\d.]+|-inf)", told, re.MULTILINE) for label in ("Pk", "RMS")]
    peak, rms = (float(match[1]) if match else float("-inf") for match in found)
    return peak, rms


def run(sox: str, words: tuple[str, ...], source: bytes) -> bytes:
    """Standard output of sox for `source` on its standard input. SetupError when it fails."""
    return _call(sox, words, source).stdout


def _call(sox: str, words: tuple[str, ...], source: bytes) -> "subprocess.CompletedProcess[bytes]":
    done = subprocess.run([sox, "-D", *words], input=source, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"sox cannot convert this sound: {said[-1] if said else f'exit code {done.returncode}'}")
    return done


def _gain(sox: str, pcm: bytes) -> float:
    peak, rms = levels(sox, pcm)
    return min(SPEECH_DBFS - rms, PEAK_DBFS - peak)
