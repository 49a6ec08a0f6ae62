"""Own recordings with the real sox: which files can be a prompt, and what is heard after a change or a failure."""

import asyncio
import io
import json
import os
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from config.loading import load
from config.schema import Emergency
from hotline.changing.live import Live
from hotline.changing.model import digest
from hotline.changing.recordings import (
    MOST_BYTES,
    NO_WAV,
    NOT_RECORDED,
    NOT_STORED,
    TOO_LARGE,
    TOO_LONG,
    TOO_LOUD,
    TOO_QUIET,
    UNKNOWN,
    Recordings,
    examined,
)
from hotline.clock import Clock
from hotline.errors import Refused, SetupError, StorageError
from hotline.phone import tones
from hotline.setup import by_content, sound
from hotline.setup import prompts as prompts_module
from hotline.setup.prompts import planned, read_manifest
from hotline.state import EXAMPLE, StateDirectory

CONFIG = load(EXAMPLE)


def wav(pcm: bytes, rate: int = 16_000, claimed: int | None = None) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((1, 2, claimed or rate, 0, "NONE", "not compressed"))
        made.writeframes(pcm)
    return file.getvalue()


def tone(seconds: float, level: float = -15.0, frequency: float = 440.0, rate: int = 16_000) -> bytes:
    return wav(tones.tone((frequency,), seconds, rate, level), rate)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", NO_WAV),
        (b"ID3" + bytes(1000), NO_WAV),
        (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(200), NO_WAV),
        (bytes(MOST_BYTES + 1), TOO_LARGE),
        (tone(61, rate=8000), TOO_LONG),
        (wav(bytes(40_000), claimed=1), TOO_LONG),
        (tone(2, level=-70), TOO_QUIET),
        (wav(bytes(64_000)), TOO_QUIET),
        (wav(b""), TOO_QUIET),
        (tone(2, level=3), TOO_LOUD),
    ],
    ids=["empty", "mp3", "broken", "large", "long", "claims hours", "quiet", "silent", "no samples", "clipped"],
)
def test_what_can_be_no_prompt_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Refused) as refused:
        examined(content)
    assert str(refused.value) == why


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_usual_files_are_taken(rate: int) -> None:
    pcm = examined(tone(1, rate=rate))
    assert tones.dominant(pcm, 16_000) == pytest.approx(440, abs=5)


def test_minute_that_ended_a_few_frames_late_is_taken() -> None:
    assert examined(tone(60.2, rate=8000))


@pytest.mark.parametrize(("limit", "value"), [("CPU_SECONDS", 1), ("PATIENCE", 0.5)])
def test_file_that_keeps_sox_busy_is_given_up(monkeypatch: pytest.MonkeyPatch, limit: str, value: float) -> None:
    monkeypatch.setattr(sound, limit, value)
    with pytest.raises(SetupError, match="sox cannot convert this sound"):
        sound.run(sound.find_sox(), ("-n", *sound.PCM, "-", "synth", "1000000", "sine", "440", "trim", "999999"), b"")


def test_file_that_fills_the_memory_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "MEMORY_KB", 2000)
    with pytest.raises(SetupError, match="sox cannot convert this sound"):
        sound.run(sound.find_sox(), ("-t", "wav", "-", *sound.PCM, "-"), tone(1))


class Log:
    """Instead of the audit log; `fails` like a database that is locked."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str | None]] = []
        self.fails = False

    async def record(self, _at: object, who: str, action: str, subject: str | None = None) -> None:
        if self.fails:
            raise StorageError("database is locked")
        self.rows.append((who, action, subject))


def tone_of(path: Path) -> float | None:
    with wave.open(str(path)) as file:
        return tones.dominant(file.readframes(file.getnframes()), 8000)


class Studio:
    def __init__(self, path: Path) -> None:
        self.state, self.log, self.lock = StateDirectory(path), Log(), asyncio.Lock()
        self.state.prepare()
        self.live = Live(1, CONFIG)
        self.held: set[str] = set()
        """Sounds that calls going on hear."""
        parts: Any = (self.state, self.live, self.log, Clock(), self._alone, self._heard_now)
        self.recordings = Recordings(*parts)

    def _heard_now(self) -> set[str]:
        return {*self.live.sounds.values(), *self.held}

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self.lock:
            yield

    def tone(self, name: str) -> float | None:
        """Of what is in force."""
        return tone_of(self.recordings.sound(name))

    def heard(self, sounds: Mapping[str, str], name: str) -> float | None:
        """The tone that a call hears which began with these."""
        return tone_of(self.state.prompts / f"{sounds[name]}.wav")

    def everything(self) -> dict[str, bytes]:
        """All that is heard, under its own name, all recordings, and what is known of them."""
        folders = (self.state.prompts, self.state.recordings)
        files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if path.parent.name != by_content.FOLDER}

    def is_current(self, name: str) -> bool:
        """The next rendering would not make it again."""
        wanted = {one.name: one.fingerprint for one in planned(CONFIG, self.state.recordings)}
        return bool(read_manifest(self.state.prompts)[name]["fingerprint"] == wanted[name])


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.mark.parametrize("name", ["goodbye", "en/goodbye"])
async def test_recording_is_heard_at_once_and_goes_again(studio: Studio, name: str) -> None:
    await studio.recordings.keep("klara", name, tone(1.0))
    assert studio.tone(name) == pytest.approx(440, abs=5)
    assert studio.is_current(name)
    heard = (await studio.recordings.heard())[name]
    assert heard.recorded
    assert heard.seconds == pytest.approx(1.2, abs=0.1)
    assert heard.outdated("Etwas anderes.")
    await studio.recordings.remove("klara", name)
    assert studio.tone(name) != pytest.approx(440, abs=5)
    assert studio.is_current(name)
    assert not (await studio.recordings.heard())[name].recorded
    assert not [path for path in studio.state.recordings.rglob("*") if path.is_file()]
    assert studio.log.rows == [("klara", "prompt_recorded", name), ("klara", "prompt_voiced", name)]


async def test_text_that_was_read_aloud_is_remembered(studio: Studio) -> None:
    await studio.recordings.keep("klara", "goodbye", tone(1.0))
    heard = (await studio.recordings.heard())["goodbye"]
    assert heard.text_digest == digest(CONFIG.texts.goodbye)
    assert not heard.outdated(f" {CONFIG.texts.goodbye}\n")
    (studio.state.recordings / "goodbye.json").write_text("[]")
    assert not (await studio.recordings.heard())["goodbye"].outdated("Etwas anderes.")


async def test_calls_that_go_on_hear_what_they_did(studio: Studio) -> None:
    await studio.recordings.keep("klara", "goodbye", tone(1.0))
    before = studio.live.sounds
    studio.held = set(before.values())
    await studio.recordings.keep("klara", "goodbye", tone(1.0, frequency=880))
    assert studio.heard(before, "goodbye") == pytest.approx(440, abs=5)
    assert studio.heard(studio.live.sounds, "goodbye") == pytest.approx(880, abs=5)
    await studio.recordings.remove("klara", "goodbye")
    assert studio.heard(before, "goodbye") == pytest.approx(440, abs=5)
    assert studio.heard(studio.live.sounds, "goodbye") not in (pytest.approx(440, abs=5), pytest.approx(880, abs=5))


async def test_recording_of_the_emergency_is_heard_by_all(studio: Studio) -> None:
    emergency = Emergency.model_validate({"text": "Sturm.", "until": "2026-11-23T18:00"})
    studio.live.take(2, CONFIG.model_copy(update={"emergency": emergency}), {})
    await studio.recordings.keep("klara", "emergency", tone(1.0))
    assert studio.tone("emergency") == pytest.approx(440, abs=5)
    assert studio.heard(studio.live.sounds, "emergency") == pytest.approx(440, abs=5)


async def test_what_is_kept_is_what_was_examined_and_not_the_file(studio: Studio) -> None:
    upload = tone(1.0, rate=44_100) + b"LIST" + b"what nobody has looked at"
    await studio.recordings.keep("klara", "goodbye", upload)
    kept = (studio.state.recordings / "goodbye.wav").read_bytes()
    assert kept == sound.wav(examined(upload), sound.RATE)
    assert b"nobody" not in kept


def broken_voice(*_: object) -> None:
    raise SetupError("no space left")


MOST_FILES = 40
"""More than one change needs."""


class Disk:
    """Has room for so many more files."""

    def __init__(self, files: int) -> None:
        self.files, self.link, self.write = files, os.link, Path.write_bytes

    def _take(self) -> None:
        self.files -= 1
        if self.files < 0:
            raise OSError(28, "No space left on device")

    def linked(self, source: Path, target: Path) -> None:
        self._take()
        self.link(source, target)

    def written(self, path: Path, content: bytes) -> int:
        self._take()
        return self.write(path, content)


@pytest.mark.parametrize("kept", [True, False], ids=["another recording", "back to the voice"])
async def test_failure_at_whatever_moment_leaves_all_as_it_was(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    await studio.recordings.keep("klara", "goodbye", tone(0.3))
    before, sounds = studio.everything(), studio.live.sounds
    for files in range(MOST_FILES):
        disk = Disk(files)
        with monkeypatch.context() as full:
            full.setattr(os, "link", disk.linked)
            full.setattr(Path, "write_bytes", lambda path, content, disk=disk: disk.written(path, content))
            try:
                if kept:
                    await studio.recordings.keep("otto", "goodbye", tone(0.3, frequency=880))
                else:
                    await studio.recordings.remove("otto", "goodbye")
            except Refused:
                pass
            else:
                break
        assert (studio.everything(), studio.live.sounds) == (before, sounds), files
        assert studio.heard(sounds, "goodbye") == pytest.approx(440, abs=5)
    assert files > 5, "nothing has failed"
    assert studio.tone("goodbye") != pytest.approx(440, abs=5)
    assert studio.is_current("goodbye")


async def test_without_its_row_in_the_audit_log_nothing_changes(studio: Studio) -> None:
    await studio.recordings.keep("klara", "goodbye", tone(1.0))
    before, sounds = studio.everything(), studio.live.sounds
    studio.log.fails = True
    with pytest.raises(Refused, match=NOT_STORED):
        await studio.recordings.keep("otto", "goodbye", tone(2.0))
    with pytest.raises(Refused, match=NOT_STORED):
        await studio.recordings.remove("otto", "goodbye")
    assert (studio.everything(), studio.live.sounds) == (before, sounds)
    studio.log.fails = False
    await studio.recordings.remove("otto", "goodbye")
    assert [who for who, *_ in studio.log.rows] == ["klara", "otto"]


async def test_voice_that_fails_leaves_the_recording_before(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    await studio.recordings.keep("klara", "goodbye", tone(1.0))
    before = studio.everything()
    monkeypatch.setattr(prompts_module, "_make", broken_voice)
    with pytest.raises(Refused, match=NOT_STORED):
        await studio.recordings.remove("otto", "goodbye")
    assert studio.everything() == before
    assert json.loads((studio.state.recordings / "goodbye.json").read_bytes())["by"] == "klara"


async def test_activation_that_goes_on_is_waited_for(studio: Studio) -> None:
    async with studio.lock:
        keeping = asyncio.create_task(studio.recordings.keep("klara", "goodbye", tone(1.0)))
        done, _ = await asyncio.wait([keeping], timeout=0.2)
        assert not done
        assert not (studio.state.recordings / "goodbye.wav").exists()
    await keeping
    assert studio.tone("goodbye") == pytest.approx(440, abs=5)


async def test_only_prompts_in_use(studio: Studio) -> None:
    for name in ("nothing", "../hotline", "xx/goodbye"):
        with pytest.raises(Refused, match=UNKNOWN):
            await studio.recordings.keep("klara", name, tone(1.0))
        with pytest.raises(Refused, match=UNKNOWN):
            studio.recordings.sound(name)
    with pytest.raises(Refused, match=NOT_RECORDED):
        await studio.recordings.remove("klara", "goodbye")
