"""`hotline prompts --render`: everything at the set-up, and nothing that disturbs a hotline that runs."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hotline.cli import cli
from hotline.cli import prompts as module
from hotline.errors import SetupError
from hotline.locks import exclusive
from hotline.setup import by_content, sound
from hotline.setup import prompts as prompts_module
from hotline.setup.prompts import Prompt
from hotline.state import StateDirectory
from hotline.storage.database import Database
from hotline.storage.versions import Versions

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)


def plainly(prompt: Prompt, directory: Path, _sox: str) -> None:
    """Instead of voice and sox."""
    for file in by_content.files(directory, prompt.content):
        sound.write_whole(file, prompt.text.encode())


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    monkeypatch.setattr(prompts_module, "_make", plainly)
    monkeypatch.setattr(sound, "find_sox", lambda: "sox")
    monkeypatch.setattr(module, "render_music", lambda _: False)
    return StateDirectory(tmp_path)


def render(state: StateDirectory) -> Result:
    return CliRunner().invoke(cli, ["prompts", "--render", "--state", str(state.path)])


def begun(state: StateDirectory) -> None:
    """A hotline that was started once with its file, whose prompts are made; and litter."""
    assert render(state).exit_code == 0

    async def activate() -> None:
        database = Database(state.database_url())
        await database.open()
        await Versions(database, "schaumburg").activate(state.config_file.read_text("utf-8"), "file", NINE)
        await database.close()

    asyncio.run(activate())
    for name in ("old.wav", ".half.wav.part"):
        (state.prompts / name).write_bytes(b"x")


def edit(state: StateDirectory) -> None:
    text = state.config_file.read_text("utf-8")
    state.config_file.write_text(text.replace("ring_seconds: 12", "ring_seconds: 15"), "utf-8")
    assert text != state.config_file.read_text("utf-8")


def test_at_the_set_up_everything_is_made_and_what_is_not_needed_goes(state: StateDirectory) -> None:
    begun(state)
    edit(state)
    result = render(state)
    assert (result.exit_code, "1 removed" in result.output) == (0, True)
    assert not (state.prompts / "old.wav").exists()
    assert (state.prompts / "goodbye.wav").exists()


def test_beside_a_hotline_what_is_in_force_is_made_again_and_nothing_removed(state: StateDirectory) -> None:
    begun(state)
    (state.prompts / "goodbye.wav").unlink()
    with exclusive(state.path / "run.lock"):
        assert render(state).exit_code == 0
    assert all((state.prompts / name).exists() for name in ("goodbye.wav", "old.wav", ".half.wav.part"))


@pytest.mark.parametrize("whole", [True, False], ids=["hotline run", "hotline serve"])
def test_beside_a_hotline_an_edited_file_is_refused(state: StateDirectory, whole: bool) -> None:
    begun(state)
    edit(state)
    (state.prompts / "goodbye.wav").unlink()
    if whole:
        with exclusive(state.path / "run.lock"):
            refused = render(state)
    else:
        note = {"pid": os.getpid(), "database_url": state.database_url(), "moved": False, "initial": []}
        (state.path / "running.json").write_text(json.dumps(note))
        refused = render(state)
    assert isinstance(refused.exception, SetupError)
    assert "is not what is in force" in str(refused.exception)
    assert not (state.prompts / "goodbye.wav").exists()
    assert (state.prompts / "old.wav").exists()
