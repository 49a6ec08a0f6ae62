"""Turns recorded or spoken sound into the files Asterisk plays: trimmed, evenly loud, one file a format.

Uses sox (Debian package `sox`), which must be on PATH.
"""

import io
import math
import re
import shutil
import subprocess
import wave
from array import array
from pathlib import Path

from hotline.errors import SetupError

RATE = 16_000
PCM = ("-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-c", "1")
NARROW = 8000
FORMATS = ("wav", "alaw", "sln16")
"""Extensions: alaw as most calls need it, 16 kHz for G.722, WAV for anything else and for listening to."""
SPEECH_DBFS = -20.0
"""Loudness (RMS) of every prompt."""
KNEE_DBFS, PEAK_DBFS = -8.0, -3.0
"""What is louder than the first is rounded off below the second: the bursts of t and k, hardly ever a vowel."""
PAD_SECONDS = (0.05, 0.15)
"""Silence before and after a prompt: enough to keep words apart, little enough to keep sentences flowing."""
CPU_SECONDS, MEMORY_KB, PATIENCE = 30, 1_000_000, 60.0
"""What sox gets for one sound, which needs a second of it: a file may have been made to keep it busy for ever."""
_SILENCE = ("silence", "1", "0.01", "0.1%")
"""So low, because the f of "fünf" and the ch of "acht" are hardly louder."""
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
    before, after = (bytes(2 * round(seconds * RATE)) for seconds in PAD_SECONDS)
    return before + _evenly_loud(trimmed, 10 ** ((SPEECH_DBFS - levels(sox, trimmed)[1]) / 20)) + after


def convert(sox: str, pcm: bytes, directory: Path, name: str) -> None:
    """Write `pcm` as NAME.wav, .alaw and .sln16; each file appears whole or not at all."""
    narrow = run(sox, (*PCM, "-", "-t", "raw", "-r", str(NARROW), *PCM[4:], "-"), pcm)
    write_whole(directory / f"{name}.sln16", pcm)
    write_whole(directory / f"{name}.wav", wav(narrow, NARROW))
    write_whole(directory / f"{name}.alaw", run(sox, (*PCM[:3], str(NARROW), *PCM[4:], "-", "-t", "al", "-"), narrow))


def wav(pcm: bytes, rate: int) -> bytes:
    """A WAV file of 16-bit PCM, mono; sox cannot know the length when it writes to a pipe: its header is wrong."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        made.writeframes(pcm)
    return file.getvalue()


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
    limited = f'ulimit -t {CPU_SECONDS}; ulimit -v {MEMORY_KB}; exec "$@"'
    command = ["/bin/sh", "-c", limited, "sh", sox, "-D", *words]
    try:
        done = subprocess.run(command, input=source, capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise SetupError(f"sox cannot convert this sound: it was not done after {PATIENCE:.0f} seconds") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"sox cannot convert this sound: {said[-1] if said else f'exit code {done.returncode}'}")
    return done


def _evenly_loud(pcm: bytes, factor: float) -> bytes:
    """Multiply by `factor`; what then lies above the knee is rounded off so that it stays below the peak."""
    knee, room = (32768 * 10 ** (KNEE_DBFS / 20), 32768 * (10 ** (PEAK_DBFS / 20) - 10 ** (KNEE_DBFS / 20)))

    def rounded(sample: float) -> int:
        over = abs(sample) - knee
        return round(sample if over <= 0 else math.copysign(knee + room * math.tanh(over / room), sample))

    return array("h", (rounded(sample * factor) for sample in array("h", pcm))).tobytes()
