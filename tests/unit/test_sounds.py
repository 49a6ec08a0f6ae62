"""Prompts of the next configuration are made beside those in force; calls hear those of their own beginning."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.schema import Emergency, HotlineConfig
from hotline.changing.live import Live
from hotline.changing.model import digest
from hotline.changing.sounds import Sounds
from hotline.errors import SetupError
from hotline.exchange.callers import Caller
from hotline.exchange.calls import Call
from hotline.setup import by_content, sound
from hotline.setup import prompts as prompts_module
from hotline.setup.prompts import Prompt, read_manifest
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


async def in_force(state: StateDirectory, config: HotlineConfig) -> Live:
    """A hotline that has begun with this configuration, and all its sounds."""
    sounds = Sounds(state)
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
    heard = await Sounds(state).prepare(new, nothing)
    assert voice.said == ["goodbye"]
    assert said(state, "goodbye") == old.texts.goodbye
    assert read_manifest(state.prompts) == before
    assert said(state, heard["goodbye"]) == "Ade."
    await Sounds(state).publish(new)
    assert said(state, "goodbye") == "Ade."
    assert read_manifest(state.prompts)["goodbye"] != before["goodbye"]


async def test_what_running_calls_still_need_stays(state: StateDirectory, voice: Voice) -> None:
    live = await in_force(state, shipped())
    (state.prompts / "announcements").mkdir()
    (state.prompts / "announcements" / "0af.wav").write_text("Störung")
    new = shipped().model_copy(update={"languages": []})
    await Sounds(state).prepare(new, nothing)
    await Sounds(state).publish(new)
    assert {name: said(state, live.sounds[name]) for name in live.sounds} == catalogue(shipped())
    assert said(state, "announcements/0af") == "Störung"


async def test_what_cannot_be_made_changes_nothing_and_the_next_try_gets_further(
    state: StateDirectory, voice: Voice
) -> None:
    new = changed(texts={"goodbye": "Ade.", "greeting": "Moin."})
    await in_force(state, shipped())
    voice.fails["goodbye"] = SetupError("the voice failed")
    with pytest.raises(SetupError):
        await Sounds(state).prepare(new, nothing)
    assert (said(state, "greeting"), said(state, "goodbye")) == (shipped().texts.greeting, shipped().texts.goodbye)
    voice.fails.clear()
    voice.said.clear()
    await Sounds(state).prepare(new, nothing)
    assert voice.said == ["goodbye"]


# --- at a start ----------------------------------------------------------------------------------


async def test_interrupted_activation_is_put_right_at_the_next_start(state: StateDirectory, voice: Voice) -> None:
    await in_force(state, shipped())
    new = changed(texts={"goodbye": "Ade."})
    await Sounds(state).prepare(new, nothing)
    voice.said.clear()
    live = Live(2, new)
    await Sounds(state).begin(live)
    assert (said(state, "goodbye"), voice.said) == ("Ade.", [])
    assert said(state, live.sounds["goodbye"]) == "Ade."


async def test_half_linked_prompt_is_put_right(state: StateDirectory, voice: Voice) -> None:
    new = changed(texts={"goodbye": "Ade."})
    await in_force(state, shipped())
    heard = await Sounds(state).prepare(new, nothing)
    (state.prompts / f"{heard['goodbye']}.wav").replace(state.prompts / "goodbye.wav")  # killed behind the first format
    await Sounds(state).begin(Live(1, shipped()))
    assert said(state, "goodbye") == shipped().texts.goodbye


@pytest.mark.parametrize("error", [SetupError("sox cannot convert this sound"), OSError(28, "No space left on device")])
async def test_what_cannot_be_made_at_a_start_does_not_end_it(
    state: StateDirectory, voice: Voice, error: Exception
) -> None:
    await in_force(state, shipped())
    voice.fails["goodbye"] = error
    live = Live(2, changed(texts={"goodbye": "Ade.", "greeting": "Moin."}))
    await Sounds(state).begin(live)
    assert said(state, "goodbye") == shipped().texts.goodbye
    assert "goodbye" not in live.sounds, "heard under its own name"
    assert said(state, live.sounds["please_wait"]) == shipped().texts.please_wait
    voice.fails.clear()
    await Sounds(state).begin(live)
    assert (said(state, "goodbye"), said(state, "greeting")) == ("Ade.", "Moin.")


async def test_start_makes_nothing_where_all_is_well_or_nothing_was_ever_made(
    state: StateDirectory, voice: Voice
) -> None:
    live = Live(1, shipped())
    await Sounds(state).begin(live)
    assert (voice.said, live.sounds) == ([], {})
    await in_force(state, shipped())
    voice.said.clear()
    await Sounds(state).begin(live)
    assert voice.said == []
    assert live.sounds.keys() == catalogue(shipped()).keys()


# --- what a call hears ---------------------------------------------------------------------------


def swapped() -> HotlineConfig:
    """Rent and income have changed keys and words."""
    config = shipped()
    kinds = {"rent": ("6", "Für Mietkosten die 6."), "income": ("4", "Für Einkommen die 4.")}
    changes = {key: {"press": press, "prompt": prompt} for key, (press, prompt) in kinds.items()}
    assert {config.request_type(key).press for key in kinds} == {"4", "6"}
    requests = [one.model_copy(update=changes.get(one.key, {})) for one in config.request_types]
    return config.model_copy(update={"request_types": requests})


class Played:
    """An AGI session that only notes what it is told to play."""

    hung_up, busy_with = False, None

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def play(self, path: str, _escape: str = "") -> str:
        self.paths.append(path)
        return ""

    async def music(self, *_: Any) -> None:
        """Nothing to hear."""


async def heard_by(call: Call, office: Office, state: StateDirectory, *names: str) -> list[str]:
    """What this call hears of these prompts, word for word."""
    session, none = Played(), None
    args: Any = (session, call, office.switchboard, none, none, none, office.clock)
    caller = Caller(*args, lambda name: str(state.prompts / name), lambda: (1, call.config))
    await caller._dialogue.play(names)
    return [Path(f"{path}.wav").read_text() for path in session.paths]


def call_from(live: Live) -> Call:
    version, config = live()
    return Call("id", "PJSIP/1", "1.1", config, version, MONDAY_NINE, None, "haus", live.sounds)


@pytest.fixture
def activate(state: StateDirectory) -> Callable[[Live, HotlineConfig], Any]:
    async def one(live: Live, config: HotlineConfig) -> None:
        sounds = Sounds(state)
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
    texts = {word: Emergency.model_validate({"text": word, "until": "2026-11-23T18:00"}) for word in ("Sturm", "Flut")}
    storm, flood = (shipped().model_copy(update={"emergency": texts[word]}) for word in ("Sturm", "Flut"))
    office, live = Office(shipped()), await in_force(state, storm)
    before = call_from(live)
    await activate(live, flood)
    assert await heard_by(before, office, state, "emergency") == ["Flut"]
    none: Any = None
    parts: Any = (Played(), before, office.switchboard, none, none, none, office.clock, str)
    caller = Caller(*parts, live)
    assert caller._wait_elapsed().emergency == ("emergency",)
    live.take(3, shipped(), {})
    assert caller._wait_elapsed().emergency == ()
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
    assert await Sounds(state).outdated(config) == ("goodbye",)
