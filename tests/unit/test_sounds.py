"""Prompts of the next configuration are made beside those in use, and heard only once it is active."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from config.schema import HotlineConfig
from dialplan.announcement import FOLDER
from hotline.changing import sounds as module
from hotline.changing.model import digest
from hotline.changing.sounds import NEXT, Sounds
from hotline.errors import SetupError
from hotline.setup import sound
from hotline.setup.prompts import MANIFEST, read_manifest
from hotline.state import StateDirectory


class Voice:
    """Instead of the rendering: makes `goodbye` anew, and forgets what nobody needs any more."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.found: set[str] = set()

    def render(
        self, _config: HotlineConfig, directory: Path, _recordings: Path, progress: Callable[[int, int], None]
    ) -> None:
        self.found = {path.name for path in directory.rglob("*")}
        if self.failure is not None:
            raise self.failure
        (directory / "old.wav").unlink(missing_ok=True)
        sound.write_whole(directory / "goodbye.wav", b"new")
        entries = read_manifest(directory) | {"goodbye": {"fingerprint": "new", "seconds": 2}}
        entries.pop("old", None)
        (directory / MANIFEST).write_text(json.dumps(entries))
        progress(1, 1)


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> Voice:
    one = Voice()
    monkeypatch.setattr(module, "render_prompts", one.render)
    return one


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    directory = StateDirectory(tmp_path)
    for name in ("goodbye", "greeting", "old", "en/greeting", f"{FOLDER}/0af"):
        path = directory.prompts / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"old")
    known = {name: {"fingerprint": "old", "seconds": 1} for name in ("goodbye", "greeting", "old")}
    (directory.prompts / MANIFEST).write_text(json.dumps(known))
    return directory


def nothing(_done: int, _of: int) -> None:
    """Progress nobody looks at."""


async def test_nothing_in_use_changes_before_it_is_published(
    state: StateDirectory, voice: Voice, config: HotlineConfig
) -> None:
    sounds = Sounds(state)
    await sounds.prepare(config, nothing)
    assert {"goodbye.wav", "greeting.wav", "old.wav", MANIFEST} <= voice.found
    assert "0af.wav" not in voice.found, "an announcement of the lead is no prompt"
    assert (state.prompts / "goodbye.wav").read_bytes() == b"old"
    await sounds.publish()
    assert (state.prompts / "goodbye.wav").read_bytes() == b"new"
    assert read_manifest(state.prompts)["goodbye"]["fingerprint"] == "new"
    assert not (state.path / NEXT).exists()


async def test_what_running_calls_still_need_stays(state: StateDirectory, voice: Voice, config: HotlineConfig) -> None:
    sounds = Sounds(state)
    await sounds.prepare(config, nothing)
    await sounds.publish()
    for name in ("greeting", "old", "en/greeting", f"{FOLDER}/0af"):
        assert (state.prompts / f"{name}.wav").read_bytes() == b"old"
    assert read_manifest(state.prompts)["old"]["fingerprint"] == "old"


async def test_what_cannot_be_made_changes_nothing(state: StateDirectory, voice: Voice, config: HotlineConfig) -> None:
    voice.failure = SetupError("sox is missing")
    sounds = Sounds(state)
    with pytest.raises(SetupError):
        await sounds.prepare(config, nothing)
    await sounds.discard()
    assert not (state.path / NEXT).exists()
    assert (state.prompts / "goodbye.wav").read_bytes() == b"old"


async def test_interrupted_activation_is_put_right_at_the_next_start(
    state: StateDirectory, voice: Voice, config: HotlineConfig
) -> None:
    assert not await Sounds(state).finish(config)
    (state.path / NEXT).mkdir()
    (state.path / NEXT / "goodbye.wav").write_bytes(b"half")
    assert await Sounds(state).finish(config)
    assert (state.prompts / "goodbye.wav").read_bytes() == b"new"
    assert not (state.path / NEXT).exists()


async def test_recordings_that_say_another_text_are_named(state: StateDirectory, config: HotlineConfig) -> None:
    said = {"greeting": config.texts.greeting, "goodbye": "Ade.", "closed_hours": None}
    state.recordings.mkdir(parents=True, exist_ok=True)
    for name, text in said.items():
        (state.recordings / f"{name}.wav").write_bytes(b"own")
        if text is not None:
            (state.recordings / f"{name}.json").write_text(json.dumps({"text": digest(text)}))
    assert await Sounds(state).outdated(config) == ("goodbye",)
