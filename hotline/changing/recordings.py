"""Own recordings of prompts: judged, kept instead of the voice, thrown away again; each new call hears the change.

A recording is RECORDINGS/NAME.wav in the state directory. NAME.json beside it says which text was read aloud, so that
it is noticed when the text has changed since.
"""

import asyncio
import json
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

import structlog

from config.schema import HotlineConfig
from hotline.changing.live import Live, heard_by_name
from hotline.changing.model import Heard, digest
from hotline.changing.pins import Pins
from hotline.changing.unheard import HeardNow, clear
from hotline.clock import Clock
from hotline.errors import Refused, SetupError, StorageError
from hotline.logs import log_failure
from hotline.setup import by_content, sound
from hotline.setup.prompts import MANIFEST, Prompt, make, planned_one, put_one_in_force, read_manifest
from hotline.state import StateDirectory
from hotline.storage.audit import Audit
from ivr.prompts import catalogue

log = structlog.get_logger()

MOST_BYTES = 5 * 1024 * 1024
LONGEST_SECONDS, TOLERANCE_SECONDS = 60, 0.5
"""A recorder that is told to stop after a minute stops a little later."""
QUIETEST_DBFS = -50.0
CLIPPED, MOST_CLIPPED = 32_700, 0.001
"""A sample counts as clipped from there on; speech that is not clipped hardly ever reaches it."""
PATIENCE = 30.0
"""Seconds to wait for an activation that goes on."""
RECORDED, VOICED, UNCHANGED = "prompt_recorded", "prompt_voiced", "prompt_unchanged"
PIN_GIVEN, PIN_WRONG = "prompt_pin_given", "prompt_pin_wrong"
"""Codes of the audit log; `UNCHANGED` behind one of the first two: it came to nothing."""

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
    if len(heard) > 2 * sound.RATE * (LONGEST_SECONDS + TOLERANCE_SECONDS):
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
        self, state: StateDirectory, live: Live, audit: Audit, clock: Clock, alone: Alone, heard_now: HeardNow
    ) -> None:
        self._state, self._live, self._audit, self._clock, self._alone = state, live, audit, clock, alone
        self._heard_now = heard_now
        self._pins = Pins()

    async def heard(self) -> dict[str, Heard]:
        """Every prompt in use, by name."""
        return await asyncio.to_thread(self._heard, self._live.config)

    def sound(self, name: str) -> Path:
        """The WAV file that callers hear. Refused when there is none."""
        path = self._state.prompts / f"{name}.wav"
        if name not in catalogue(self._live.config) or not path.is_file():
            raise Refused(UNKNOWN)
        return path

    async def keep(self, author: str, name: str, content: bytes) -> None:
        """What this WAV file says is what callers hear from now on. Refused: nothing has changed.

        The file itself is not kept: nothing unknown is read a second time.
        """
        self._text(name)
        clean = sound.wav(await asyncio.to_thread(examined, content), sound.RATE)
        about = {"text": digest(self._text(name)), "by": author, "at": self._clock.real_now().isoformat()}
        await self._change(author, RECORDED, name, clean, json.dumps(about).encode())

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

    async def open(self, phone: str, pin: str) -> tuple[str, str] | None:
        """Author and name of the prompt that these digits open; they are used up then. None for wrong ones.

        `phone` is the agent's name whose telephone it is.
        """
        now = self._clock.real_now()
        opened = None if self._pins.refuses(phone, now) else self._pins.take(phone, pin, now)
        if opened is None and pin:
            await self._audit.record(now, phone, PIN_WRONG)
        return opened

    def refuses(self, phone: str) -> bool:
        """Whether too many wrong digits came from this telephone just before."""
        return self._pins.refuses(phone, self._clock.real_now())

    def _text(self, name: str) -> str:
        text = catalogue(self._live.config).get(name)
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
                await self._exchange(author, action, name, content, about)
        except TimeoutError:
            raise Refused(BUSY) from None
        except (SetupError, StorageError, OSError) as error:
            log.warning("a recording could not be changed", prompt=name, error=type(error).__name__)
            raise Refused(NOT_STORED) from None
        log.info("a prompt sounds different now", prompt=name, author=author, recorded=content is not None)

    async def _exchange(self, author: str, action: str, name: str, content: bytes | None, about: bytes | None) -> None:
        """Made beside what is heard, written down, and only then heard. Calls that go on keep what they hear."""
        self._text(name)  # another version may have come into force while we waited
        aside = self._recording(name).with_suffix(".new")
        try:
            prompt = await asyncio.to_thread(self._made, name, aside, content)
            await self._audit.record(self._clock.real_now(), author, action, name)
            await self._replaced(author, prompt, content, about)
        finally:
            await asyncio.to_thread(aside.unlink, missing_ok=True)
        self._live.hear({**self._live.sounds, **heard_by_name([prompt])})
        await clear(self._state.prompts, self._heard_now)

    async def _replaced(self, author: str, prompt: Prompt, content: bytes | None, about: bytes | None) -> None:
        """The audit log, which says already that it was done, does not stay wrong when it fails."""
        try:
            await asyncio.to_thread(self._replace, prompt, content, about)
        except (SetupError, OSError):
            try:
                await self._audit.record(self._clock.real_now(), author, UNCHANGED, prompt.name)
            except StorageError as error:
                log_failure("a recording that was not changed is not in the audit log", "", error)
            raise

    def _made(self, name: str, aside: Path, content: bytes | None) -> Prompt:
        aside.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            aside.write_bytes(content)
        prompt = planned_one(self._live.config, name, None if content is None else aside)
        make([prompt], self._state.prompts, lambda _done, _of: None)
        return prompt

    def _replace(self, prompt: Prompt, content: bytes | None, about: bytes | None) -> None:
        """None deletes. When anything fails, all is as it was."""
        recording, prompts = self._recording(prompt.name), self._state.prompts
        note = recording.with_suffix(".json")
        with _put_back(recording, note, *by_content.files(prompts, prompt.name), prompts / MANIFEST):
            _put(note, about)
            _put(recording, content)
            put_one_in_force(prompt, prompts)

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


@contextmanager
def _put_back(*paths: Path) -> Iterator[None]:
    """When the block fails, these files are as they were; with hard links no space on the disk is needed for that."""
    before: dict[Path, Path] = {}
    try:
        for path in paths:
            before[path] = _kept(path)
        yield
    except BaseException:
        for path, kept in before.items():
            kept.replace(path) if kept.is_file() else path.unlink(missing_ok=True)
        raise
    finally:
        for kept in before.values():
            kept.unlink(missing_ok=True)


def _kept(path: Path) -> Path:
    """Another name of this file, if there is one."""
    kept = path.with_name(f".{path.name}.before.part")
    kept.unlink(missing_ok=True)
    if path.is_file():
        by_content.also_as(path, kept)
    return kept
