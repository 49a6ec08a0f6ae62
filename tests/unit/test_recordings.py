"""Own recordings without sox: what an exchange leaves when the configuration changes meanwhile, or when it fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from config.schema import HotlineConfig
from hotline.changing import recordings as module
from hotline.changing.live import Live
from hotline.changing.recordings import NOT_STORED, RECORDED, UNCHANGED, UNKNOWN, Recordings
from hotline.clock import Clock
from hotline.errors import Refused, StorageError
from hotline.setup import by_content, sound
from hotline.setup import prompts as prompts_module
from hotline.setup.prompts import Prompt
from hotline.state import StateDirectory
from tests.unit.conversations import shipped

PROMPT = "en/goodbye"


class Log:
    """Instead of the audit log; takes so many rows."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str | None]] = []
        self.room = 100

    async def record(self, _at: object, who: str, action: str, subject: str | None = None) -> None:
        if len(self.rows) >= self.room:
            raise StorageError("database is locked")
        self.rows.append((who, action, subject))


class Studio:
    def __init__(self, path: Path, config: HotlineConfig) -> None:
        self.state, self.log, self.lock = StateDirectory(path), Log(), asyncio.Lock()
        self.state.prepare()
        self.live = Live(1, config)
        self.held: set[str] = set()
        """Sounds that calls going on hear."""
        parts: Any = (self.state, self.live, self.log, Clock(), self._alone, self._heard_now)
        self.recordings = Recordings(*parts)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self.lock:
            yield

    def _heard_now(self) -> set[str]:
        return {*self.live.sounds.values(), *self.held}

    def sounds(self) -> set[str]:
        """All that lie there by content."""
        return {f"{by_content.FOLDER}/{path.stem}" for path in (self.state.prompts / by_content.FOLDER).iterdir()}


def plainly(prompt: Prompt, directory: Path, _sox: str) -> None:
    """Instead of voice and sox."""
    content = prompt.text.encode() if prompt.recording is None else prompt.recording.read_bytes()
    for file in by_content.files(directory, prompt.content):
        sound.write_whole(file, content)


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setattr(prompts_module, "_make", plainly)
    monkeypatch.setattr(sound, "find_sox", lambda: "sox")
    monkeypatch.setattr(module, "examined", lambda content: content)
    return Studio(tmp_path, shipped())


def without_languages() -> HotlineConfig:
    return shipped().model_copy(update={"languages": []})


async def test_prompt_that_is_gone_when_it_is_our_turn_is_refused(studio: Studio) -> None:
    async with studio.lock:
        keeping = asyncio.create_task(studio.recordings.keep("klara", PROMPT, b"own"))
        done, _ = await asyncio.wait([keeping], timeout=0.2)
        assert not done
        studio.live.take(2, without_languages(), {})
    with pytest.raises(Refused, match=UNKNOWN):
        await keeping
    assert (studio.log.rows, studio.live.sounds) == ([], {})
    assert list(studio.state.recordings.rglob("*.wav")) == []


async def test_sounds_of_former_recordings_go_when_no_call_hears_them(studio: Studio) -> None:
    await studio.recordings.keep("klara", PROMPT, b"first")
    first = studio.live.sounds[PROMPT]
    studio.held = {first}
    await studio.recordings.keep("klara", PROMPT, b"second")
    second = studio.live.sounds[PROMPT]
    assert studio.sounds() == {first, second}
    studio.held = set()
    await studio.recordings.keep("klara", PROMPT, b"third")
    assert studio.sounds() == {studio.live.sounds[PROMPT]}


@pytest.mark.parametrize("room", [100, 1], ids=["told", "not even that"])
async def test_exchange_that_fails_behind_its_row_has_a_row_of_its_own(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    studio.log.room = room
    monkeypatch.setattr(module, "put_one_in_force", full)
    with pytest.raises(Refused, match=NOT_STORED):
        await studio.recordings.keep("klara", PROMPT, b"own")
    assert studio.log.rows == [("klara", RECORDED, PROMPT), ("klara", UNCHANGED, PROMPT)][:room]
    assert list(studio.state.recordings.rglob("*.wav")) == []
