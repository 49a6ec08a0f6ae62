"""Own recordings with the real sox: which files can be a prompt, and what is heard after a change or a failure."""

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.loading import load
from hotline.changing import recordings as module
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
from hotline.errors import Refused, SetupError
from hotline.phone import tones
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


class Log:
    """Instead of the audit log."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str | None]] = []

    async def record(self, _at: object, who: str, action: str, subject: str | None = None) -> None:
        self.rows.append((who, action, subject))


class Studio:
    def __init__(self, path: Path) -> None:
        self.state, self.log, self.lock = StateDirectory(path), Log(), asyncio.Lock()
        self.state.prepare()
        self.recordings = Recordings(self.state, lambda: CONFIG, self.log, Clock(), self._alone)  # type: ignore[arg-type]

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self.lock:
            yield

    def tone(self, name: str) -> float | None:
        with wave.open(str(self.recordings.sound(name))) as file:
            return tones.dominant(file.readframes(file.getnframes()), 8000)

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


async def test_failure_leaves_the_recording_before(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tone(1.0)
    await studio.recordings.keep("klara", "goodbye", first)

    def failing(*_: object) -> None:
        raise SetupError("no space left")

    monkeypatch.setattr(module, "render_one", failing)
    for change in (studio.recordings.keep("otto", "goodbye", tone(2.0)), studio.recordings.remove("otto", "goodbye")):
        with pytest.raises(Refused, match=NOT_STORED):
            await change
    assert (studio.state.recordings / "goodbye.wav").read_bytes() == first
    assert json.loads((studio.state.recordings / "goodbye.json").read_bytes())["by"] == "klara"
    assert len(studio.log.rows) == 1


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
