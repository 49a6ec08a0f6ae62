"""Prompts of the next configuration are made beside those in force; calls hear those of their own beginning."""

import errno
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from config.schema import Emergency, HotlineConfig
from hotline.changing.live import Live
from hotline.changing.model import digest
from hotline.changing.sounds import Sounds
from hotline.errors import AgiRefused, SetupError
from hotline.exchange.callers import Caller
from hotline.exchange.calls import Call
from hotline.setup import by_content, sound
from hotline.setup import prompts as prompts_module
from hotline.setup.prompts import MANIFEST, Prompt, read_manifest
from hotline.state import StateDirectory
from ivr.prompts import catalogue
from tests.unit.conversations import changed, shipped
from tests.unit.doubles_switchboard import MONDAY_NINE, Office


class Voice:
    """Instead of the real one: writes down the words. `fails` says for which prompts it does not work."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.fails: dict[str, Exception] = {}

    def make(self, prompt: Prompt, directory: Path, _sox: str) -> None:
        if prompt.name in self.fails:
            raise self.fails[prompt.name]
        self.said.append(prompt.name)
        for file in by_content.files(directory, prompt.content):
            sound.write_whole(file, prompt.text.encode())


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> Voice:
    one = Voice()
    monkeypatch.setattr(prompts_module, "_make", one.make)
    monkeypatch.setattr(sound, "find_sox", lambda: "sox")
    return one


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    directory = StateDirectory(tmp_path)
    directory.prepare()
    return directory


def nothing(_done: int, _of: int) -> None:
    """Progress nobody looks at."""


def sounds_of(state: StateDirectory, *heard: Mapping[str, str]) -> Sounds:
    """Of a hotline whose calls hear these, and no others."""
    return Sounds(state, lambda: {sound for one in heard for sound in one.values()})


async def in_force(state: StateDirectory, config: HotlineConfig) -> Live:
    """A hotline that has begun with this configuration, and all its sounds."""
    sounds = sounds_of(state)
    heard = await sounds.prepare(config, nothing)
    await sounds.publish(config)
    return Live(1, config, heard)


def said(state: StateDirectory, name: str) -> str:
    return (state.prompts / f"{name}.wav").read_text()


async def test_nothing_in_force_changes_before_it_is_published(state: StateDirectory, voice: Voice) -> None:
    old, new = shipped(), changed(texts={"goodbye": "Ade."})
    await in_force(state, old)
    voice.said.clear()
    before = read_manifest(state.prompts)
    heard = await sounds_of(state).prepare(new, nothing)
    assert voice.said == ["goodbye"]
    assert said(state, "goodbye") == old.texts.goodbye
    assert read_manifest(state.prompts) == before
    assert said(state, heard["goodbye"]) == "Ade."
    await sounds_of(state).publish(new)
    assert said(state, "goodbye") == "Ade."
    assert read_manifest(state.prompts)["goodbye"] != before["goodbye"]


async def test_what_running_calls_still_need_stays(state: StateDirectory, voice: Voice) -> None:
    live = await in_force(state, shipped())
    (state.prompts / "announcements").mkdir()
    (state.prompts / "announcements" / "0af.wav").write_text("Störung")
    new = shipped().model_copy(update={"languages": []})
    await sounds_of(state).prepare(new, nothing)
    await sounds_of(state, live.sounds).publish(new)
    assert {name: said(state, live.sounds[name]) for name in live.sounds} == catalogue(shipped())
    assert said(state, "announcements/0af") == "Störung"


async def test_what_cannot_be_made_changes_nothing_and_the_next_try_gets_further(
    state: StateDirectory, voice: Voice
) -> None:
    new = changed(texts={"goodbye": "Ade.", "greeting": "Moin."})
    await in_force(state, shipped())
    voice.fails["goodbye"] = SetupError("the voice failed")
    with pytest.raises(SetupError):
        await sounds_of(state).prepare(new, nothing)
    assert (said(state, "greeting"), said(state, "goodbye")) == (shipped().texts.greeting, shipped().texts.goodbye)
    voice.fails.clear()
    voice.said.clear()
    await sounds_of(state).prepare(new, nothing)
    assert voice.said == ["goodbye"]


# --- at a start ----------------------------------------------------------------------------------


async def test_interrupted_activation_is_put_right_at_the_next_start(state: StateDirectory, voice: Voice) -> None:
    await in_force(state, shipped())
    new = changed(texts={"goodbye": "Ade."})
    await sounds_of(state).prepare(new, nothing)
    voice.said.clear()
    live = Live(2, new)
    await sounds_of(state).begin(live)
    assert (said(state, "goodbye"), voice.said) == ("Ade.", [])
    assert said(state, live.sounds["goodbye"]) == "Ade."


async def test_half_linked_prompt_is_put_right(state: StateDirectory, voice: Voice) -> None:
    new = changed(texts={"goodbye": "Ade."})
    await in_force(state, shipped())
    heard = await sounds_of(state).prepare(new, nothing)
    (state.prompts / f"{heard['goodbye']}.wav").replace(state.prompts / "goodbye.wav")  # killed behind the first format
    await sounds_of(state).begin(Live(1, shipped()))
    assert said(state, "goodbye") == shipped().texts.goodbye


@pytest.mark.parametrize("error", [SetupError("sox cannot convert this sound"), OSError(28, "No space left on device")])
async def test_what_cannot_be_made_at_a_start_does_not_end_it(
    state: StateDirectory, voice: Voice, error: Exception
) -> None:
    await in_force(state, shipped())
    voice.fails["goodbye"] = error
    live = Live(2, changed(texts={"goodbye": "Ade.", "greeting": "Moin."}))
    await sounds_of(state).begin(live)
    assert said(state, "goodbye") == shipped().texts.goodbye
    assert "goodbye" not in live.sounds, "heard under its own name"
    assert said(state, live.sounds["please_wait"]) == shipped().texts.please_wait
    voice.fails.clear()
    await sounds_of(state).begin(live)
    assert (said(state, "goodbye"), said(state, "greeting")) == ("Ade.", "Moin.")


async def test_start_makes_nothing_where_all_is_well_or_nothing_was_ever_made(
    state: StateDirectory, voice: Voice
) -> None:
    live = Live(1, shipped())
    await sounds_of(state).begin(live)
    assert (voice.said, live.sounds) == ([], {})
    await in_force(state, shipped())
    voice.said.clear()
    await sounds_of(state).begin(live)
    assert voice.said == []
    assert live.sounds.keys() == catalogue(shipped()).keys()


async def test_full_disk_at_the_manifest_costs_no_call_its_sounds(
    state: StateDirectory, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_force(state, shipped())
    (state.prompts / "goodbye.wav").unlink()
    (state.prompts / MANIFEST).write_text('{"goodbye": {}}')

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prompts_module, "_write_manifest", full)
    live = Live(1, shipped())
    await sounds_of(state).begin(live)
    assert live.sounds.keys() == catalogue(shipped()).keys()


async def test_start_writes_no_manifest_that_says_the_same(
    state: StateDirectory, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_force(state, shipped())
    written: list[object] = []
    monkeypatch.setattr(prompts_module, "_write_manifest", lambda *what: written.append(what))
    await sounds_of(state).publish(shipped())
    assert written == []
    await sounds_of(state).publish(shipped().model_copy(update={"languages": []}))
    assert len(written) == 1


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV])
async def test_file_system_without_links_gets_copies(
    state: StateDirectory, voice: Voice, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(number, "not here")

    monkeypatch.setattr(os, "link", no_link)
    live = await in_force(state, shipped())
    assert said(state, "goodbye") == shipped().texts.goodbye
    assert by_content.is_linked(state.prompts, live.sounds["goodbye"], "goodbye")
    assert not by_content.is_linked(state.prompts, live.sounds["please_wait"], "goodbye")
    await sounds_of(state).publish(changed(texts={"goodbye": "Ade."}))
    assert said(state, "goodbye") == shipped().texts.goodbye, "it was not made"
    await in_force(state, changed(texts={"goodbye": "Ade."}))
    assert said(state, "goodbye") == "Ade."


async def test_what_is_half_written_of_a_recording_is_removed_at_the_next_start(state: StateDirectory) -> None:
    (state.recordings / "en").mkdir()
    left = [state.recordings / name for name in (".goodbye.wav.before.part", "en/.goodbye.json.part")]
    for path in (*left, state.recordings / "goodbye.wav"):
        path.write_bytes(b"own")
    await sounds_of(state).begin(Live(1, shipped()))
    assert [path.name for path in state.recordings.rglob("*") if path.is_file()] == ["goodbye.wav"]


async def test_sounds_do_not_pile_up_while_the_hotline_runs(state: StateDirectory, voice: Voice) -> None:
    live = await in_force(state, shipped())
    held = live.sounds
    for count in range(5):
        new = changed(texts={"goodbye": f"Ade {count}."})
        sounds = Sounds(state, lambda: {*live.sounds.values(), *held.values()})
        live.take(2 + count, new, await sounds.prepare(new, nothing))
        await sounds.publish(new)
    there = {f"{by_content.FOLDER}/{path.stem}" for path in (state.prompts / by_content.FOLDER).iterdir()}
    assert there == {*live.sounds.values(), *held.values()}
    assert said(state, held["goodbye"]) == shipped().texts.goodbye
    await sounds_of(state).publish(live.config)
    there = {f"{by_content.FOLDER}/{path.stem}" for path in (state.prompts / by_content.FOLDER).iterdir()}
    assert there == set(live.sounds.values()), "what is in force stays"


# --- what a call hears ---------------------------------------------------------------------------


def swapped() -> HotlineConfig:
    """Rent and income have changed keys and words."""
    config = shipped()
    kinds = {"rent": ("6", "Für Mietkosten die 6."), "income": ("4", "Für Einkommen die 4.")}
    changes = {key: {"press": press, "prompt": prompt} for key, (press, prompt) in kinds.items()}
    assert {config.request_type(key).press for key in kinds} == {"4", "6"}
    requests = [one.model_copy(update=changes.get(one.key, {})) for one in config.request_types]
    return config.model_copy(update={"request_types": requests})


def storm_is(word: str) -> HotlineConfig:
    """An emergency of this word."""
    emergency = Emergency.model_validate({"text": word, "until": "2026-11-23T18:00"})
    return shipped().model_copy(update={"emergency": emergency})


class Played:
    """An AGI session that only notes what it is told to play, and refuses what is not there."""

    hung_up, busy_with = False, None

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def play(self, path: str, _escape: str = "") -> str:
        if not Path(f"{path}.wav").exists():
            raise AgiRefused(path)
        self.paths.append(path)
        return ""

    async def music(self, *_: Any) -> None:
        """Nothing to hear."""


async def heard_by(
    call: Call, office: Office, state: StateDirectory, *names: str, now: Mapping[str, str] | None = None
) -> list[str]:
    """What this call hears of these prompts, word for word. `now`: the sounds in force."""
    session, none = Played(), None
    args: Any = (session, call, office.switchboard, none, none, none, office.clock)
    caller = Caller(*args, lambda name: str(state.prompts / name), lambda: (1, call.config), lambda: now or {})
    await caller._dialogue.play(names)
    return [Path(f"{path}.wav").read_text() for path in session.paths]


def call_from(live: Live) -> Call:
    version, config = live()
    return Call("id", "PJSIP/1", "1.1", config, version, MONDAY_NINE, None, "haus", live.sounds)


@pytest.fixture
def activate(state: StateDirectory) -> Callable[[Live, HotlineConfig], Any]:
    async def one(live: Live, config: HotlineConfig) -> None:
        sounds = sounds_of(state, live.sounds)
        live.take(live.version + 1, config, await sounds.prepare(config, nothing))
        await sounds.publish(config)

    return one


async def test_call_goes_on_with_the_menu_it_began_with(
    state: StateDirectory, voice: Voice, activate: Callable[..., Any]
) -> None:
    office, live = Office(shipped()), await in_force(state, shipped())
    before = call_from(live)
    await activate(live, swapped())
    menu = ("type_rent", "type_income")
    assert await heard_by(before, office, state, *menu) == [
        shipped().request_type("rent").prompt,
        shipped().request_type("income").prompt,
    ]
    assert await heard_by(call_from(live), office, state, *menu) == ["Für Mietkosten die 6.", "Für Einkommen die 4."]
    assert [said(state, name) for name in menu] == ["Für Mietkosten die 6.", "Für Einkommen die 4."]
    await office.close()


async def test_emergency_is_heard_as_it_is_in_force_also_by_who_called_before(
    state: StateDirectory, voice: Voice, activate: Callable[..., Any]
) -> None:
    storm, flood = storm_is("Sturm"), storm_is("Flut")
    office, live = Office(shipped()), await in_force(state, storm)
    before = call_from(live)
    await activate(live, flood)
    assert await heard_by(before, office, state, "emergency", now=live.sounds) == ["Flut"]
    none: Any = None
    parts: Any = (Played(), before, office.switchboard, none, none, none, office.clock, str)
    caller = Caller(*parts, live, lambda: live.sounds)
    assert caller._wait_elapsed().emergency == ("emergency",)
    live.take(3, shipped(), {})
    assert caller._wait_elapsed().emergency == ()
    await office.close()


@pytest.mark.parametrize("before", [shipped(), storm_is("Sturm")], ids=["none", "another"])
async def test_new_emergency_is_heard_from_the_moment_it_is_in_force_whatever_becomes_of_publishing(
    state: StateDirectory, voice: Voice, before: HotlineConfig
) -> None:
    office, live = Office(shipped()), await in_force(state, before)
    call, flood = call_from(live), storm_is("Flut")
    live.take(2, flood, await sounds_of(state).prepare(flood, nothing))
    for one in (call, call_from(live)):
        assert await heard_by(one, office, state, "emergency", now=live.sounds) == ["Flut"]
    await office.close()


async def test_emergency_taken_back_while_it_is_said_is_heard_as_the_call_knows_it(
    state: StateDirectory, voice: Voice, activate: Callable[..., Any]
) -> None:
    office, live = Office(shipped()), await in_force(state, storm_is("Sturm"))
    call = call_from(live)
    await activate(live, shipped())
    assert await heard_by(call, office, state, "emergency", now=live.sounds) == ["Sturm"]
    await office.close()


async def test_sound_that_is_lost_is_heard_as_it_is_in_force(state: StateDirectory, voice: Voice) -> None:
    office, live = Office(shipped()), await in_force(state, shipped())
    call = call_from(live)
    (state.prompts / f"{live.sounds['goodbye']}.wav").unlink()
    assert await heard_by(call, office, state, "goodbye") == [shipped().texts.goodbye]
    (state.prompts / "goodbye.wav").unlink()
    assert await heard_by(call, office, state, "goodbye", "please_wait") == [shipped().texts.please_wait]
    await office.close()


async def test_what_is_no_prompt_of_the_configuration_is_heard_under_its_own_name(
    state: StateDirectory, voice: Voice
) -> None:
    office, live = Office(shipped()), await in_force(state, shipped())
    (state.prompts / "announcements").mkdir()
    (state.prompts / "announcements" / "0af.wav").write_text("Störung")
    assert await heard_by(call_from(live), office, state, "announcements/0af") == ["Störung"]
    await office.close()


async def test_recordings_that_say_another_text_are_named(state: StateDirectory, config: HotlineConfig) -> None:
    said = {"greeting": config.texts.greeting, "goodbye": "Ade.", "closed_hours": None}
    state.recordings.mkdir(parents=True, exist_ok=True)
    for name, text in said.items():
        (state.recordings / f"{name}.wav").write_bytes(b"own")
        if text is not None:
            (state.recordings / f"{name}.json").write_text(json.dumps({"text": digest(text)}))
    assert await sounds_of(state).outdated(config) == ("goodbye",)
