"""What a start makes ready: sounds, and what is said when they cannot be written."""

from pathlib import Path

import pytest

from config.schema import HotlineConfig
from hotline.errors import SetupError
from hotline.parent import preparation as module
from hotline.setup import by_content
from hotline.state import StateDirectory


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    monkeypatch.setattr(module, "render_prompts", lambda *_: None)
    monkeypatch.setattr(module, "render_music", lambda _: False)
    state = StateDirectory(tmp_path)
    state.prepare()
    return state


def test_full_disk_is_told_in_one_sentence(
    state: StateDirectory, config: HotlineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(state.prompts / "goodbye.wav"))

    monkeypatch.setattr(module, "render_prompts", full)
    with pytest.raises(SetupError, match=r"No space left on device: .*goodbye\.wav"):
        module._make_sounds(state, config, print)


def test_what_nobody_needs_is_removed(state: StateDirectory, config: HotlineConfig) -> None:
    folder = state.prompts / by_content.FOLDER
    folder.mkdir()
    for name in ("0123456789abcdef.wav", ".half.wav.part"):
        (folder / name).write_bytes(b"x")
    module._make_sounds(state, config, print)
    assert list(folder.iterdir()) == []
