"""Own recordings of prompts: judged, kept instead of the voice, thrown away again; each change is heard at once.

A recording is RECORDINGS/NAME.wav in the state directory. NAME.json beside it says which text was read aloud, so that
it is noticed when the text has changed since.
"""

import asyncio
import json
from array import array
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import structlog

from config.schema import HotlineConfig
from hotline.changing.model import Heard, digest
from hotline.changing.pins import Pins
from hotline.clock import Clock
from hotline.errors import Refused, SetupError
from hotline.setup import sound
from hotline.setup.prompts import read_manifest, render_one
from hotline.state import StateDirectory
from hotline.storage.audit import Audit
from ivr.prompts import catalogue

log = structlog.get_logger()

MOST_BYTES = 5 * 1024 * 1024
LONGEST_SECONDS = 60
QUIETEST_DBFS = -50.0
CLIPPED, MOST_CLIPPED = 32_700, 0.001
"""A sample counts as clipped from there on; speech that is not clipped hardly ever reaches it."""
PATIENCE = 30.0
"""Seconds to wait for an activation that goes on."""
RECORDED, VOICED, PIN_GIVEN = "prompt_recorded", "prompt_voiced", "prompt_pin_given"
"""Codes of the audit log."""

UNKNOWN = "Diese Ansage gibt es nicht, oder sie ist noch nicht in Kraft."
NOT_RECORDED = "Zu dieser Ansage gibt es keine eigene Aufnahme."
TOO_LARGE = "Die Datei ist zu groß: Erlaubt sind 5 Megabyte."
NO_WAV = "Das ist keine WAV-Datei, die wir lesen können. Speichern Sie die Aufnahme bitte als WAV (PCM)."
TOO_LONG = "Die Aufnahme ist zu lang: Erlaubt sind 60 Sekunden."
TOO_QUIET = "Auf der Aufnahme ist nichts oder fast nichts zu hören. Bitte sprechen Sie lauter oder näher am Mikrofon."
TOO_LOUD = "Die Aufnahme ist übersteuert. Bitte nehmen Sie leiser oder mit mehr Abstand zum Mikrofon auf."
NOT_STORED = "Die Aufnahme lässt sich gerade nicht speichern. Es bleibt bei dem, was bisher zu hören war."
BUSY = "Es wird gerade eine Version in Kraft gesetzt. Bitte versuchen Sie es in einer Minute noch einmal."

Alone = Callable[[], AbstractAsyncContextManager[None]]
"""Nothing else makes prompts inside this block; waits for it."""


def examined(content: bytes) -> bytes:
    """The prompt that this WAV file gives, as 16 kHz PCM. Refused with a German sentence when it gives none.

    SetupError without sox.
    """
    if len(content) > MOST_BYTES:
        raise Refused(TOO_LARGE)
    sox = sound.find_sox()
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise Refused(NO_WAV)
    try:
        # Cut before anything else is done: a header can claim that a few bytes last for hours.
        heard = sound.run(sox, ("-t", "wav", "-", *sound.PCM, "-", "trim", "0", str(LONGEST_SECONDS + 1)), content)
    except SetupError:
        raise Refused(NO_WAV) from None
    if len(heard) > 2 * sound.RATE * LONGEST_SECONDS:
        raise Refused(TOO_LONG)
    if not heard or sound.levels(sox, heard)[1] < QUIETEST_DBFS:
        raise Refused(TOO_QUIET)
    samples = array("h", heard)
    if sum(abs(sample) >= CLIPPED for sample in samples) > MOST_CLIPPED * len(samples):
        raise Refused(TOO_LOUD)
    try:
        return sound.speech(sox, heard, sound.PCM)
    except SetupError:
        raise Refused(TOO_QUIET) from None


class Recordings:
    """`alone` is asked before prompts are made."""

    def __init__(
        self, state: StateDirectory, config: Callable[[], HotlineConfig], audit: Audit, clock: Clock, alone: Alone
    ) -> None:
        self._state, self._config, self._audit, self._clock, self._alone = state, config, audit, clock, alone
        self._pins = Pins()

    async def heard(self) -> dict[str, Heard]:
        """Every prompt in use, by name."""
        return await asyncio.to_thread(self._heard, self._config())

    def sound(self, name: str) -> Path:
        """The WAV file that callers hear. Refused when there is none."""
        path = self._state.prompts / f"{name}.wav"
        if name not in catalogue(self._config()) or not path.is_file():
            raise Refused(UNKNOWN)
        return path

    async def keep(self, author: str, name: str, content: bytes) -> None:
        """This WAV file is what callers hear from now on. Refused: nothing has changed."""
        self._text(name)
        await asyncio.to_thread(examined, content)
        about = {"text": digest(self._text(name)), "by": author, "at": self._clock.real_now().isoformat()}
        await self._change(author, RECORDED, name, content, json.dumps(about).encode())

    async def remove(self, author: str, name: str) -> None:
        """Back to the voice."""
        self._text(name)
        if not self._recording(name).is_file():
            raise Refused(NOT_RECORDED)
        await self._change(author, VOICED, name, None, None)

    async def pin(self, author: str, name: str) -> str:
        """The digits that open a recording of this prompt by telephone, once, for `pins.LIFETIME`."""
        self._text(name)
        await self._audit.record(self._clock.real_now(), author, PIN_GIVEN, name)
        return self._pins.give(author, name, self._clock.real_now())

    def open(self, pin: str) -> tuple[str, str] | None:
        """Author and name of the prompt that these digits open; they are used up then. None for wrong ones."""
        return self._pins.take(pin, self._clock.real_now())

    def _text(self, name: str) -> str:
        text = catalogue(self._config()).get(name)
        if text is None:
            raise Refused(UNKNOWN)
        return text

    def _recording(self, name: str) -> Path:
        return self._state.recordings / f"{name}.wav"

    async def _change(self, author: str, action: str, name: str, content: bytes | None, about: bytes | None) -> None:
        """Goes on to its end when whoever asked has gone."""
        await asyncio.shield(asyncio.create_task(self._changed(author, action, name, content, about)))

    async def _changed(self, author: str, action: str, name: str, content: bytes | None, about: bytes | None) -> None:
        try:
            async with asyncio.timeout(PATIENCE) as waiting, self._alone():
                waiting.reschedule(None)
                await asyncio.to_thread(self._replace, name, content, about)
        except TimeoutError:
            raise Refused(BUSY) from None
        except (SetupError, OSError) as error:
            log.warning("a recording could not be changed", prompt=name, error=type(error).__name__)
            raise Refused(NOT_STORED) from None
        await self._audit.record(self._clock.real_now(), author, action, name)
        log.info("a prompt sounds different now", prompt=name, author=author, recorded=content is not None)

    def _replace(self, name: str, content: bytes | None, about: bytes | None) -> None:
        """None deletes. When the prompt cannot be made, all is as it was."""
        recording = self._recording(name)
        note = recording.with_suffix(".json")
        before = [(path, path.read_bytes() if path.is_file() else None) for path in (recording, note)]
        recording.parent.mkdir(parents=True, exist_ok=True)
        try:
            _put(note, about)
            _put(recording, content)
            render_one(self._config(), name, self._state.prompts, self._state.recordings)
        except BaseException:
            for path, old in before:
                _put(path, old)
            raise

    def _heard(self, config: HotlineConfig) -> dict[str, Heard]:
        made = read_manifest(self._state.prompts)
        return {name: heard_as(self._recording(name), made.get(name, {}).get("seconds")) for name in catalogue(config)}


def heard_as(recording: Path, seconds: float | None) -> Heard:
    """A prompt that lasts so long, with its own recording if that is there."""
    if not recording.is_file():
        return Heard(seconds, False, None)
    try:
        text = json.loads(recording.with_suffix(".json").read_bytes())["text"]
    except (OSError, ValueError, KeyError, TypeError):  # put there by hand
        text = None
    return Heard(seconds, True, text if isinstance(text, str) else None)


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        sound.write_whole(path, content)
