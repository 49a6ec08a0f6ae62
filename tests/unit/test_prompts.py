"""Which prompts exist, what the voice is given, and what is made again when something changes."""

import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.schema import Closure, Emergency, Interval
from hotline.errors import SetupError
from hotline.setup import by_content, sound
from hotline.setup import prompts as prompts_module
from hotline.setup.prompts import planned, read_manifest, render_prompts
from ivr import recording
from ivr.prompts import LANGUAGE_OFFER, catalogue, spoken
from ivr.words import moment_prompts, telephone_prompts, words
from routing.announcing import closure_prompt
from tests.unit.conversations import changed, shipped


def test_every_name_is_a_safe_file_name_and_every_text_says_something():
    for name, text in catalogue(shipped()).items():
        assert re.fullmatch(r"(en/)?[a-z][a-z0-9_-]{0,40}", name)
        assert text.strip()


def test_the_catalogue_holds_the_texts_the_menu_and_the_words():
    names = catalogue(shipped())
    assert names["greeting"] == shipped().texts.greeting
    assert names["type_rent"] == "Für Mietkosten die 4."
    assert {f"number_{number}" for number in (*range(24), 30)} | {f"day_{day}" for day in range(1, 32)} <= names.keys()


def test_every_prompt_is_there_in_each_language_too():
    names = catalogue(shipped())
    own = {name for name in names if "/" not in name}
    english = {name.removeprefix("en/") for name in names if name.startswith("en/")}
    assert english == own - recording.PROMPTS.keys() | {LANGUAGE_OFFER}
    assert names["en/type_rent"] == "For rent, 4."
    assert names["en/language_offer"] == "For English, press 9."


def test_a_request_type_that_a_language_leaves_out_is_spoken_all_the_same():
    language = shipped().languages[0].model_copy(update={"request_types": {}})
    names = catalogue(shipped().model_copy(update={"languages": [language]}))
    assert names["en/type_rent"] == names["type_rent"]


def test_announcements_of_the_configuration_have_names_that_only_their_words_change():
    emergency = Emergency.model_validate({"text": "Heute geschlossen.", "until": "2026-11-23T18:00"})
    closure = {"from": "2026-11-25", "reason": "Versammlung", "announcement": "Heute Nachmittag sind wir nicht da."}
    again = {**closure, "from": "2026-12-25", "reason": "etwas anderes"}
    closures = [Closure.model_validate(one) for one in (closure, again)]
    config = changed(hours={"closures": closures}).model_copy(update={"emergency": emergency})
    added = catalogue(config).keys() - catalogue(shipped()).keys()
    name = closure_prompt("Heute Nachmittag sind wir nicht da.")
    assert added == {"emergency", name}
    assert re.fullmatch("closure_[0-9a-f]{12}", name)
    assert catalogue(config)["emergency"] == "Heute geschlossen."
    assert closure_prompt("Heute Nachmittag sind wir da.") != name


def test_a_request_type_never_takes_the_place_of_a_text():
    config = shipped()
    strange = config.request_types[0].model_copy(update={"key": "greeting", "prompt": "Etwas anderes."})
    names = catalogue(config.model_copy(update={"request_types": [strange]}))
    assert names["greeting"] == config.texts.greeting
    assert names["type_greeting"] == "Etwas anderes."


@pytest.mark.parametrize(
    ("written", "voice"),
    [
        ("Für Mietkosten die 4.", "Für Mietkosten die vier."),
        ("Drücken Sie die 1, sonst die 2.", "Drücken Sie die eins, sonst die zwei."),
        ("drücken Sie die 1. Für eine andere die 2.", "drücken Sie die eins. Für eine andere die zwei."),
        ("Miete: 4.", "Miete: vier."),
        ("am 23. November", "am 23. November"),
        ("die 115", "die 115"),
        ("um 8 Uhr", "um 8 Uhr"),
        ("das Jobcenter in Rinteln", "das Jobzenter in Rinteln"),
    ],
)
def test_the_voice_is_given_keys_as_words_because_it_reads_die_4_as_die_vierte(written, voice):
    assert spoken(shipped().voice, written) == voice


def test_the_longest_word_to_be_spoken_differently_wins_and_nothing_is_replaced_twice():
    config = changed(voice={"spoken_as": {"Job": "Dschob", "Jobcenter": "Jobzenter", "zenter": "x"}})
    assert spoken(config.voice, "Jobcenter, Job, zenter") == "Jobzenter, Dschob, x"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("day_1", "ersten"),
        ("day_3", "dritten"),
        ("day_7", "siebten"),
        ("day_8", "achten"),
        ("day_12", "zwölften"),
        ("day_17", "siebzehnten"),
        ("day_20", "zwanzigsten"),
        ("day_21", "einundzwanzigsten"),
        ("day_30", "dreißigsten"),
        ("day_31", "einunddreißigsten"),
        ("number_0", "null,"),
        ("number_16", "sechzehn,"),
        ("number_17", "siebzehn,"),
        ("number_20", "zwanzig,"),
        ("weekday_friday", "am Freitag, dem"),
        ("month_3", "März,"),
        ("number_30", "dreißig,"),
    ],
)
def test_days_and_numbers_are_german(name, word):
    assert words(shipped(), shipped().voice)[name] == word


@pytest.mark.parametrize(
    ("interval", "name", "text"),
    [
        ("08:30-12:00", "time_0830", "um 8 Uhr 30"),
        ("01:00-02:00", "time_0100", "um ein Uhr"),
        ("00:05-02:00", "time_0005", "um 0 Uhr 5"),
    ],
)
def test_each_time_at_which_the_week_can_open_has_a_prompt(interval, name, text):
    start, end = interval.split("-")
    config = changed(hours={"week": {"friday": [Interval(start=start, end=end)]}})
    assert words(config, config.voice)[name] == text
    assert "time_0800" not in words(config, config.voice)


def test_the_end_of_a_closure_of_some_hours_has_a_prompt_too():
    closure = Closure.model_validate({"from": "2026-11-25", "hours": "12:00-14:15", "reason": "Personalversammlung"})
    config = changed(hours={"closures": [closure]})
    assert words(config, config.voice)["time_1415"] == "um 14 Uhr 15"


def test_telephone_numbers_are_read_as_they_are_dialled_here():
    assert "".join(name[-1] for name in telephone_prompts(shipped(), "+4957219824")) == "057219824"
    assert "".join(name[-1] for name in telephone_prompts(shipped(), "+4312345")) == "004312345"


@pytest.mark.parametrize(
    ("now", "opens", "day"),
    [
        ((22, 22, 30), (23, 7, 0), "tomorrow"),
        ((22, 23, 30), (23, 7, 0), "today"),
        ((21, 22, 30), (23, 7, 0), "weekday_monday"),
    ],
)
def test_today_and_tomorrow_are_meant_in_berlin_not_in_utc(now, opens, day):
    now, opens = datetime(2026, 11, *now, tzinfo=UTC), datetime(2026, 11, *opens, tzinfo=UTC)
    prompts = moment_prompts(shipped(), opens, now)
    assert (prompts[0], prompts[-1]) == (day, "time_0800")


def test_a_time_that_no_opening_hours_have_is_left_out_because_no_prompt_exists():
    now = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    assert moment_prompts(shipped(), now + timedelta(hours=9), now) == ("tomorrow",)


# --- what is made again -------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """Rendering without voice and sox: the names that would be made."""
    names: list[str] = []

    def make(prompt, directory: Path, sox: str) -> None:
        names.append(prompt.name)
        for file in by_content.files(directory, prompt.content):
            sound.write_whole(file, prompt.text.encode())

    monkeypatch.setattr(prompts_module, "_make", make)
    monkeypatch.setattr(sound, "find_sox", lambda: "sox")
    return names


def render(config, tmp_path: Path):
    return render_prompts(config, tmp_path / "prompts", tmp_path / "recordings", lambda done, of: None)


def test_the_second_rendering_makes_nothing(made, tmp_path):
    assert set(render(shipped(), tmp_path).made) == catalogue(shipped()).keys()
    made.clear()
    again = render(shipped(), tmp_path)
    assert (again.made, made, again.removed) == ([], [], [])
    assert set(again.seconds) == set(again.kept) == catalogue(shipped()).keys()


def test_a_changed_text_alone_is_made_again(made, tmp_path):
    render(shipped(), tmp_path)
    made.clear()
    assert render(changed(texts={"goodbye": "Tschüs."}), tmp_path).made == made == ["goodbye"]


def test_another_speed_of_the_voice_makes_all_of_its_language_again(made, tmp_path):
    render(shipped(), tmp_path)
    again = render(changed(voice={"speed": 1.2}), tmp_path).made
    assert set(again) == {name for name in catalogue(shipped()) if not name.startswith("en/")}


def test_a_language_is_spoken_by_its_own_voice_and_its_recordings_lie_in_its_folder(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "greeting.wav").write_bytes(b"x")
    by_name = {prompt.name: prompt for prompt in planned(shipped(), tmp_path)}
    assert by_name["en/goodbye"].voice == shipped().languages[0].voice
    assert by_name["goodbye"].voice == shipped().voice
    assert by_name["en/greeting"].recording == tmp_path / "en" / "greeting.wav"
    assert by_name["greeting"].recording is None


def test_a_language_that_no_longer_exists_leaves_no_sound_and_announcements_stay(made, tmp_path):
    render(shipped(), tmp_path)
    directory = tmp_path / "prompts"
    (directory / "announcements").mkdir()
    (directory / "announcements" / "0123.alaw").write_bytes(b"x")
    (directory / "en" / ".half.wav.part").write_bytes(b"x")
    removed = render(shipped().model_copy(update={"languages": []}), tmp_path).removed
    assert set(removed) == {name for name in catalogue(shipped()) if name.startswith("en/")}
    assert list((directory / "en").iterdir()) == []
    assert (directory / "announcements" / "0123.alaw").exists()


def test_a_missing_file_is_made_again(made, tmp_path):
    render(shipped(), tmp_path)
    made.clear()
    (goodbye,) = (one for one in planned(shipped(), tmp_path) if one.name == "goodbye")
    for name in ("goodbye", goodbye.content):
        (tmp_path / "prompts" / f"{name}.alaw").unlink()
    render(shipped(), tmp_path)
    assert made == ["goodbye"]
    assert (tmp_path / "prompts" / "goodbye.alaw").read_text() == shipped().texts.goodbye


def test_a_sound_is_made_once_for_all_prompts_of_the_same_words(made, tmp_path):
    same = changed(texts={"goodbye": "Bitte warten.", "please_wait": "Bitte warten."})
    assert {"goodbye", "please_wait"} <= set(render(same, tmp_path).made)
    assert len(made) == len({one.content for one in planned(same, tmp_path)}) < len(catalogue(same))
    files = [tmp_path / "prompts" / f"{name}.wav" for name in ("goodbye", "please_wait")]
    assert files[0].samefile(files[1])


def test_an_empty_file_is_no_sound(made, tmp_path):
    render(shipped(), tmp_path)
    made.clear()
    (goodbye,) = (one for one in planned(shipped(), tmp_path) if one.name == "goodbye")
    (tmp_path / "prompts" / f"{goodbye.content}.sln16").write_bytes(b"")  # power was lost
    render(shipped(), tmp_path)
    assert made == ["goodbye"]


def test_what_an_earlier_release_has_made_is_not_made_again(made, tmp_path):
    render(shipped(), tmp_path)
    shutil.rmtree(tmp_path / "prompts" / by_content.FOLDER)
    made.clear()
    assert (render(changed(texts={"goodbye": "Ade."}), tmp_path).made, made) == (["goodbye"], ["goodbye"])


def test_what_comes_into_force_leaves_the_sound_before_to_whoever_still_hears_it(made, tmp_path):
    render(shipped(), tmp_path)
    (before,) = (one for one in planned(shipped(), tmp_path) if one.name == "goodbye")
    render(changed(texts={"goodbye": "Ade."}), tmp_path)
    prompts = tmp_path / "prompts"
    assert (prompts / "goodbye.wav").read_text() == "Ade."
    assert (prompts / f"{before.content}.wav").read_text() == shipped().texts.goodbye


def test_sounds_that_nobody_needs_are_removed(made, tmp_path):
    render(shipped(), tmp_path)
    prompts = tmp_path / "prompts"
    needed = {one.content for one in planned(shipped(), tmp_path)}
    for name in ("0123456789abcdef.wav", ".half.wav.part"):
        (prompts / by_content.FOLDER / name).write_bytes(b"x")
    by_content.remove_unused(prompts, needed)
    assert (prompts / by_content.FOLDER / ".half.wav.part").exists(), "somebody may be writing it"
    by_content.remove_parts(prompts)
    assert {f"{by_content.FOLDER}/{path.stem}" for path in (prompts / by_content.FOLDER).iterdir()} == needed
    made.clear()
    render(shipped(), tmp_path)
    assert made == []


def test_one_prompt_that_cannot_be_made_keeps_no_other_from_it_and_nothing_in_force_is_touched(
    made, tmp_path, monkeypatch
):
    render(shipped(), tmp_path)
    make, new = prompts_module._make, changed(texts={"greeting": "Moin.", "goodbye": "Ade."})

    def failing(prompt, directory, sox):
        if prompt.name == "greeting":
            raise SetupError("no such voice")
        make(prompt, directory, sox)

    monkeypatch.setattr(prompts_module, "_make", failing)
    with pytest.raises(SetupError, match="no such voice"):
        render(new, tmp_path)
    assert (tmp_path / "prompts" / "goodbye.wav").read_text() == shipped().texts.goodbye
    made.clear()
    monkeypatch.setattr(prompts_module, "_make", make)
    render(new, tmp_path)
    assert made == ["greeting"]


def test_prompts_that_no_longer_exist_are_removed_and_nothing_else(made, tmp_path):
    render(shipped(), tmp_path)
    directory = tmp_path / "prompts"
    (directory / "old.alaw").write_bytes(b"x")
    (directory / ".half.alaw.part").write_bytes(b"x")
    (directory / "README.txt").write_bytes(b"x")
    assert render(shipped(), tmp_path).removed == ["old"]
    assert not (directory / "old.alaw").exists()
    assert not (directory / ".half.alaw.part").exists()
    assert (directory / "README.txt").exists()


def test_a_recording_is_noticed_when_it_comes_changes_and_goes(made, tmp_path):
    render(shipped(), tmp_path)
    recording = tmp_path / "recordings" / "greeting.wav"
    recording.parent.mkdir()
    for content in (b"first", b"second", None):
        made.clear()
        recording.unlink() if content is None else recording.write_bytes(content)
        render(shipped(), tmp_path)
        assert made == ([] if content is None else ["greeting"]), "what the voice has said is still there"
        entry = read_manifest(tmp_path / "prompts")["greeting"]["fingerprint"]
        (wanted,) = (one for one in planned(shipped(), recording.parent) if one.name == "greeting")
        assert entry == wanted.fingerprint
        assert by_content.is_linked(tmp_path / "prompts", wanted.content, "greeting")


def test_a_recording_wins_over_the_voice(tmp_path):
    (tmp_path / "greeting.wav").write_bytes(b"x")
    by_name = {prompt.name: prompt for prompt in planned(shipped(), tmp_path)}
    assert by_name["greeting"].recording == tmp_path / "greeting.wav"
    assert by_name["goodbye"].recording is None


def test_what_was_made_before_a_failure_is_not_made_again(made, tmp_path, monkeypatch):
    make, catalogued = prompts_module._make, list(catalogue(shipped()))

    def failing(prompt, directory, sox):
        if prompt.name == catalogued[-1]:
            raise SetupError("no space left")
        return make(prompt, directory, sox)

    monkeypatch.setattr(prompts_module, "_make", failing)
    with pytest.raises(SetupError):
        render(shipped(), tmp_path)
    monkeypatch.setattr(prompts_module, "_make", make)
    made.clear()
    render(shipped(), tmp_path)
    assert made == [catalogued[-1]]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"goodbye": {}}'])
def test_a_damaged_manifest_is_written_anew(made, tmp_path, content):
    before = render(shipped(), tmp_path)
    (tmp_path / "prompts" / "manifest.json").write_bytes(content)
    made.clear()
    assert render(shipped(), tmp_path).seconds == before.seconds
    assert made == []
    assert read_manifest(tmp_path / "prompts").keys() == catalogue(shipped()).keys()


def test_a_missing_sox_is_one_plain_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=r"sox is missing.*apt-get install sox"):
        render(shipped(), tmp_path)


def test_a_voice_that_fails_says_which_prompt(tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no voice here' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(SetupError, match=r'the prompt "greeting" cannot be made from the voice: .*no voice here'):
        render(shipped(), tmp_path)
