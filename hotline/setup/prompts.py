"""Makes the prompts' sound files from the texts of the configuration; a recording of the same name always wins.

Each sound is made once, by its content (hotline/setup/by_content.py), and then linked to the prompt's own name. Those
of a further language lie in a folder of its own, recordings and sound files alike, and have their own voice.
A manifest beside the files says what those in force were made from, and how long they last.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.schema import HotlineConfig, Voice
from hotline.errors import SetupError
from hotline.setup import by_content, sound
from ivr.prompts import catalogue, spoken, voice_of
from ivr.words import LANGUAGES

MANIFEST = "manifest.json"
RECIPE = 1
"""Part of every fingerprint: count it up when the way prompts are made changes."""


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    text: str
    recording: Path | None
    """The recording that wins over the voice."""
    fingerprint: str
    """Changes with everything that can be heard."""
    voice: Voice

    @property
    def content(self) -> str:
        """The sound it is, as `hotline.setup.by_content` names it."""
        return by_content.name_of(self.fingerprint)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a rendering did; names of prompts, and how long each lasts."""

    made: list[str]
    kept: list[str]
    removed: list[str]
    seconds: dict[str, float]


def planned(config: HotlineConfig, recordings: Path) -> list[Prompt]:
    """Every prompt of the catalogue and what it is to be made from."""
    return [_plan(config, name, text, _found(recordings / f"{name}.wav")) for name, text in catalogue(config).items()]


def planned_one(config: HotlineConfig, name: str, recording: Path | None) -> Prompt:
    """A prompt of the catalogue, to be made from this recording; None: from the voice."""
    return _plan(config, name, catalogue(config)[name], recording)


def render_prompts(
    config: HotlineConfig,
    directory: Path,
    recordings: Path,
    progress: Callable[[int, int], None],
    *,
    alone: bool = True,
) -> Rendered:
    """Bring the sound files in `directory` up to date; `progress(done, of)` after each prompt that is made.

    `alone`: no hotline runs here, so that what is not needed any more can be removed.
    SetupError when sox is missing, or when a recording cannot be used: then all is in force that was.
    """
    prompts = planned(config, recordings)
    made = make(prompts, directory, progress)
    put_in_force(prompts, directory)
    removed = _remove_others(directory, {prompt.name for prompt in prompts}) if alone else []
    kept = [prompt.name for prompt in prompts if prompt.name not in made]
    lasting = {name: entry["seconds"] for name, entry in read_manifest(directory).items()}
    return Rendered(made, kept, removed, lasting)


def make(prompts: list[Prompt], directory: Path, progress: Callable[[int, int], None]) -> list[str]:
    """Make the sounds that are missing, and touch nothing that is in force; the names of these prompts.

    What was made before a failure (SetupError, OSError) stays, so that the next try gets further.
    """
    (directory / by_content.FOLDER).mkdir(parents=True, exist_ok=True)
    known = read_manifest(directory)
    for prompt in prompts:
        _adopt(prompt, known, directory)
    missing = [prompt for prompt in prompts if not by_content.is_there(directory, prompt.content)]
    each = list({prompt.content: prompt for prompt in missing}.values())  # the same words are one sound
    for done, _ in enumerate(_make_all(each, directory), start=1):
        progress(done, len(each))
    return [prompt.name for prompt in missing]


def put_in_force(prompts: list[Prompt], directory: Path) -> None:
    """From now on the prompts' own names are these sounds; one that was not made stays as it was. OSError."""
    entries, known = {}, read_manifest(directory)
    for prompt in prompts:
        if by_content.is_there(directory, prompt.content):
            by_content.link(directory, prompt.content, prompt.name)
            entries[prompt.name] = _entry(prompt, directory)
        elif prompt.name in known:
            entries[prompt.name] = known[prompt.name]
    if entries != known:
        _write_manifest(directory, entries)


def put_one_in_force(prompt: Prompt, directory: Path) -> None:
    """The same for one of them alone, which was made."""
    by_content.link(directory, prompt.content, prompt.name)
    _write_manifest(directory, read_manifest(directory) | {prompt.name: _entry(prompt, directory)})


def are_in_force(prompts: list[Prompt], directory: Path) -> bool:
    """Whether each of them is there under its own name, as it is to be."""
    return all(by_content.is_linked(directory, prompt.content, prompt.name) for prompt in prompts)


def contents_in_force(directory: Path) -> dict[str, str]:
    """Which sound is linked to each prompt's own name, by the manifest."""
    made = read_manifest(directory)
    return {name: by_content.name_of(entry["fingerprint"]) for name, entry in made.items()}


def speak(config: HotlineConfig, name: str, text: str, directory: Path) -> float:
    """Write the files of one text that is no prompt of the catalogue; its length in seconds. SetupError."""
    sox, prompt = sound.find_sox(), Prompt(name, text, None, "", config.voice)
    pcm = _pcm(prompt, sox)
    sound.convert(sox, pcm, directory, name)
    return round(len(pcm) / 2 / sound.RATE, 3)


def read_manifest(directory: Path) -> dict[str, dict[str, Any]]:
    """Name → fingerprint and seconds of the files that are there; empty when nothing was made yet."""
    try:
        entries = json.loads((directory / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _found(recording: Path) -> Path | None:
    return recording if recording.is_file() else None


def _plan(config: HotlineConfig, name: str, text: str, recording: Path | None) -> Prompt:
    voice = voice_of(config, name)
    source = spoken(voice, text).encode() if recording is None else recording.read_bytes()
    heard = f"{voice.language} {voice.speed}" if recording is None else "recording"
    fingerprint = hashlib.sha256(f"{RECIPE} {heard}\n".encode() + source).hexdigest()
    return Prompt(name, text, recording, fingerprint, voice)


def _entry(prompt: Prompt, directory: Path) -> dict[str, Any]:
    return {"fingerprint": prompt.fingerprint, "seconds": by_content.seconds(directory, prompt.content)}


def _write_manifest(directory: Path, entries: dict[str, dict[str, Any]]) -> None:
    sound.write_whole(directory / MANIFEST, json.dumps(entries, indent=1, sort_keys=True).encode())


def _adopt(prompt: Prompt, known: dict[str, dict[str, Any]], directory: Path) -> None:
    """What was made under the prompt's own name, by an earlier release, need not be made again."""
    made = known.get(prompt.name, {}).get("fingerprint") == prompt.fingerprint
    if made and not by_content.is_there(directory, prompt.content) and by_content.is_there(directory, prompt.name):
        by_content.link(directory, prompt.name, prompt.content)


def _remove_others(directory: Path, names: set[str]) -> list[str]:
    """Delete sound files that no prompt of the catalogue needs, half-written ones included."""
    folders = [directory, *(directory / key for key in LANGUAGES if (directory / key).is_dir())]
    removed = set()
    for path in (path for folder in folders for path in folder.iterdir()):
        name = path.relative_to(directory).with_suffix("").as_posix()
        part = path.name.endswith(".part")
        if part or (path.suffix[1:] in sound.FORMATS and name not in names):
            path.unlink()
            removed |= set() if part else {name}
    return sorted(removed)


def _make_all(prompts: list[Prompt], directory: Path) -> Iterator[None]:
    """One that cannot be made does not keep the others from it; its SetupError comes at the end."""
    if not prompts:
        return
    sox = sound.find_sox()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # the threads only wait for the programs they start
        making = [pool.submit(_make, prompt, directory, sox) for prompt in prompts]
        failures = []
        try:
            for one in making:
                try:
                    one.result()
                except SetupError as error:
                    failures.append(error)
                yield
        finally:
            pool.shutdown(cancel_futures=True)
    if failures:
        raise failures[0]


def _make(prompt: Prompt, directory: Path, sox: str) -> None:
    """Write one sound's files."""
    sound.convert(sox, _pcm(prompt, sox), directory, prompt.content)


def _pcm(prompt: Prompt, sox: str) -> bytes:
    try:
        return _recorded(prompt.recording, sox) if prompt.recording else _voiced(prompt.voice, prompt.text, sox)
    except SetupError as error:
        source = prompt.recording or "the voice"
        raise SetupError(f'the prompt "{prompt.name}" cannot be made from {source}: {error}') from None


def _recorded(recording: Path, sox: str) -> bytes:
    return sound.speech(sox, recording.read_bytes(), ("-t", "wav"))


def _voiced(voice: Voice, text: str, sox: str) -> bytes:
    words = [sys.executable, "-m", "hotline.setup.speak", voice.language, str(voice.speed)]
    done = subprocess.run(words, input=spoken(voice, text).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"the voice failed: {said[-1] if said else f'exit code {done.returncode}'}")
    return sound.speech(sox, done.stdout, sound.PCM)
