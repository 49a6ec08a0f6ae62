"""The real voice and the real sox: what callers hear is there, short enough, evenly loud and not clipped."""

import json
import subprocess
import sys
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.loading import load
from hotline.cli import main
from hotline.errors import SetupError
from hotline.setup import sound
from hotline.setup.music import render_music
from hotline.setup.prompts import Rendered, render_prompts
from ivr.conversation import Conversation
from ivr.events import CallArrived
from ivr.prompts import catalogue, type_prompt
from routing.hours import Calendar

ROOT = Path(__file__).parents[2]
CONFIG = load(ROOT / "config" / "hotline.yaml")
LONGEST_MENU = 30.0
LONGEST_ANNOUNCEMENT = 8.0

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("prompts")


@pytest.fixture(scope="module")
def rendered(directory) -> Rendered:
    return render_prompts(CONFIG, directory, directory / "recordings", lambda done, of: None)


def pcm(directory: Path, name: str) -> bytes:
    return (directory / f"{name}.sln16").read_bytes()


def test_every_prompt_of_the_catalogue_has_each_format_in_the_same_length(rendered, directory):
    assert set(rendered.made) == catalogue(CONFIG).keys()
    for name, seconds in rendered.seconds.items():
        with wave.open(str(directory / f"{name}.wav")) as wav:
            assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
            assert wav.getnframes() / 8000 == pytest.approx(seconds, abs=0.01)
        assert (directory / f"{name}.alaw").stat().st_size / 8000 == pytest.approx(seconds, abs=0.01)
        assert len(pcm(directory, name)) / 32000 == pytest.approx(seconds, abs=0.01)


def test_the_greeting_and_the_whole_menu_last_at_most_30_seconds(rendered):

    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    (menu,) = Conversation(CONFIG, Calendar(CONFIG)).receive(CallArrived(at, None, False))
    assert {type_prompt(request.key) for request in CONFIG.request_types} <= set(menu.prompts)
    assert sum(rendered.seconds[name] for name in menu.prompts) <= LONGEST_MENU


def test_alaw_sounds_as_the_wideband_file_does(rendered, directory):
    sox, to_wide = sound.find_sox(), ("-t", "al", "-r", "8000", "-c", "1", "-", *sound.PCM, "-")
    for name in ("greeting", "number_8", "number_5"):
        narrow = sound.levels(sox, sound.run(sox, to_wide, (directory / f"{name}.alaw").read_bytes()))
        assert narrow[1] == pytest.approx(sound.levels(sox, pcm(directory, name))[1], abs=2), name
        assert narrow[0] < -0.5


def test_no_announcement_is_longer_than_a_short_sentence_or_two(rendered):
    assert {name: seconds for name, seconds in rendered.seconds.items() if seconds > LONGEST_ANNOUNCEMENT} == {}


def test_prompts_are_evenly_loud_never_clipped_and_begin_at_once(rendered, directory):
    sox = sound.find_sox()
    for name in rendered.seconds:
        heard = pcm(directory, name)
        peak, rms = sound.levels(sox, heard)
        assert peak <= sound.PEAK_DBFS + 0.1, name
        assert sound.SPEECH_DBFS - 3 <= rms <= sound.SPEECH_DBFS + 0.5, name
        assert sound.levels(sox, heard[:9600])[0] > -40, f"{name}: nothing is heard in the first 0.3 s"


def test_keys_are_spoken_as_numbers_not_as_ordinals(tmp_path):
    def seconds(text: str) -> float:
        words = [sys.executable, "-m", "hotline.setup.speak", "de-DE", "0.95"]
        raw = subprocess.run(words, input=text.encode(), capture_output=True, check=True, cwd=ROOT).stdout
        return len(sound.speech(sound.find_sox(), raw, sound.PCM)) / 32000

    assert seconds("Für Mietkosten die 4.") == pytest.approx(seconds("Für Mietkosten die vierte."), abs=0.05)
    assert seconds("Für Mietkosten die vier.") < seconds("Für Mietkosten die vierte.") - 0.05


def test_a_second_rendering_makes_nothing_and_starts_no_program(rendered, directory, monkeypatch):
    monkeypatch.setenv("PATH", "")
    again = render_prompts(CONFIG, directory, directory / "recordings", lambda done, of: None)
    assert (again.made, again.removed) == ([], [])
    assert again.seconds == rendered.seconds


def tone(path: Path, seconds: float, *effects: str) -> None:
    stereo = [sound.find_sox(), "-n", "-r", "44100", "-c", "2", str(path)]
    subprocess.run([*stereo, "synth", str(seconds), "sine", "440", *effects], check=True)


def test_a_recording_in_studio_format_wins_over_the_voice(tmp_path):
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    tone(recordings / "goodbye.wav", 2.0, "vol", "0.05", "pad", "1", "1")
    prompts = tmp_path / "prompts"
    only = CONFIG.model_copy(update={"request_types": CONFIG.request_types[:1]})
    rendered = render_prompts(only, prompts, recordings, lambda done, of: None)
    assert rendered.seconds["goodbye"] == pytest.approx(2.2, abs=0.05)
    assert sound.levels(sound.find_sox(), pcm(prompts, "goodbye"))[1] == pytest.approx(sound.SPEECH_DBFS, abs=1)
    back_to_voice = recordings / "goodbye.wav"
    back_to_voice.unlink()
    assert render_prompts(only, prompts, recordings, lambda done, of: None).made == ["goodbye"]


@pytest.mark.parametrize("content", [b"this is no sound", b""])
def test_a_recording_that_is_no_sound_is_named_in_one_sentence(tmp_path, content):
    (tmp_path / "greeting.wav").write_bytes(content)
    with pytest.raises(SetupError, match=r'"greeting" cannot be made from .*greeting\.wav') as refused:
        render_prompts(CONFIG, tmp_path / "prompts", tmp_path, lambda done, of: None)
    assert "\n" not in str(refused.value)


def test_a_silent_recording_is_refused_because_a_caller_must_not_hear_nothing(tmp_path):
    tone(tmp_path / "greeting.wav", 1.0, "vol", "0")
    with pytest.raises(SetupError, match="silent"):
        render_prompts(CONFIG, tmp_path / "prompts", tmp_path, lambda done, of: None)


def test_the_music_is_quiet_long_enough_starts_at_once_and_runs_into_itself(tmp_path):
    assert render_music(tmp_path) is True
    music, sox = pcm(tmp_path, "calm"), sound.find_sox()
    assert 30 <= len(music) / 32000 <= 60
    peak, rms = sound.levels(sox, music)
    assert rms == pytest.approx(-27, abs=0.5)
    assert peak < -10
    quarter = 32000 // 4
    quietest = min(sound.levels(sox, music[at : at + quarter])[1] for at in range(0, len(music) - quarter, quarter))
    assert quietest > -45, "no hole that sounds like a lost connection"
    seam = sound.levels(sox, music[-quarter:] + music[:quarter])[1]
    assert seam == pytest.approx(rms, abs=6)
    assert render_music(tmp_path) is False


def test_the_command_lists_and_renders(tmp_path, monkeypatch, capsys):
    state = tmp_path / "var"

    def run(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["hotline", "prompts", "--state", str(state), *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert stopped.value.code == 0
        return capsys.readouterr().out

    listed = run("--render")
    assert len(listed.splitlines()) == len(catalogue(CONFIG))
    greeting = next(line for line in listed.splitlines() if line.startswith("greeting "))
    assert "voice" in greeting
    assert CONFIG.texts.greeting in greeting
    assert "not made" not in listed
    tone(state / "recordings" / "greeting.wav", 1.0)
    assert "recording not made" in " ".join(run().split())
    assert json.loads((state / "prompts" / "manifest.json").read_text())["goodbye"]["seconds"] > 0
