"""Makes the prompts' sound files from the texts of the configuration; a recording of the same name always wins.

Those of a further language lie in a folder of its own, recordings and sound files alike, and have their own voice.
A manifest beside the files says what each was made from, so that only what changed is made again.
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
from hotline.setup import sound
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


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a rendering did; names of prompts, and how long each lasts."""

    made: list[str]
    kept: list[str]
    removed: list[str]
    seconds: dict[str, float]


def planned(config: HotlineConfig, recordings: Path) -> list[Prompt]:
    """Every prompt of the catalogue and what it is to be made from."""
    return [_plan(config, name, text, recordings / f"{name}.wav") for name, text in catalogue(config).items()]


def render_prompts(
    config: HotlineConfig, directory: Path, recordings: Path, progress: Callable[[int, int], None]
) -> Rendered:
    """Bring the sound files in `directory` up to date; `progress(done, of)` after each prompt that is made.

    SetupError when sox is missing, or when a recording cannot be used.
    """
    directory.mkdir(parents=True, exist_ok=True)
    prompts, known = planned(config, recordings), read_manifest(directory)
    missing = [prompt for prompt in prompts if not _is_current(prompt, known, directory)]
    removed = _remove_others(directory, {prompt.name for prompt in prompts})
    entries = {prompt.name: known[prompt.name] for prompt in prompts if prompt not in missing}
    try:
        for done, (prompt, seconds) in enumerate(_make_all(missing, directory), start=1):
            entries[prompt.name] = {"fingerprint": prompt.fingerprint, "seconds": seconds}
            progress(done, len(missing))
    finally:
        if missing or removed:
            sound.write_whole(directory / MANIFEST, json.dumps(entries, indent=1, sort_keys=True).encode())
    made = [prompt.name for prompt in missing]
    kept = [prompt.name for prompt in prompts if prompt not in missing]
    return Rendered(made, kept, removed, {name: entry["seconds"] for name, entry in entries.items()})


def render_one(config: HotlineConfig, name: str, directory: Path, recordings: Path) -> None:
    """Make this prompt anew, whatever there is of it. SetupError as in `render_prompts`."""
    prompt = _plan(config, name, catalogue(config)[name], recordings / f"{name}.wav")
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    seconds = _make(prompt, directory, sound.find_sox())
    entries = read_manifest(directory) | {name: {"fingerprint": prompt.fingerprint, "seconds": seconds}}
    sound.write_whole(directory / MANIFEST, json.dumps(entries, indent=1, sort_keys=True).encode())


def speak(config: HotlineConfig, name: str, text: str, directory: Path) -> float:
    """Write the files of one text that is no prompt of the catalogue; its length in seconds. SetupError."""
    return _make(Prompt(name, text, None, "", config.voice), directory, sound.find_sox())


def read_manifest(directory: Path) -> dict[str, dict[str, Any]]:
    """Name → fingerprint and seconds of the files that are there; empty when nothing was made yet."""
    try:
        entries = json.loads((directory / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _plan(config: HotlineConfig, name: str, text: str, recording: Path) -> Prompt:
    recorded, voice = recording.is_file(), voice_of(config, name)
    source = recording.read_bytes() if recorded else spoken(voice, text).encode()
    heard = "recording" if recorded else f"{voice.language} {voice.speed}"
    fingerprint = hashlib.sha256(f"{RECIPE} {heard}\n".encode() + source).hexdigest()
    return Prompt(name, text, recording if recorded else None, fingerprint, voice)


def _is_current(prompt: Prompt, known: dict[str, dict[str, Any]], directory: Path) -> bool:
    entry = known.get(prompt.name, {})
    there = all((directory / f"{prompt.name}.{extension}").is_file() for extension in sound.FORMATS)
    return there and entry.get("fingerprint") == prompt.fingerprint and "seconds" in entry


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


def _make_all(prompts: list[Prompt], directory: Path) -> Iterator[tuple[Prompt, float]]:
    if not prompts:
        return
    sox = sound.find_sox()
    for folder in {(directory / prompt.name).parent for prompt in prompts}:
        folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # the threads only wait for the programs they start
        making = [pool.submit(_make, prompt, directory, sox) for prompt in prompts]
        try:
            for prompt, result in zip(prompts, making, strict=True):
                yield prompt, result.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _make(prompt: Prompt, directory: Path, sox: str) -> float:
    """Write one prompt's files; its length in seconds."""
    try:
        pcm = _recorded(prompt.recording, sox) if prompt.recording else _voiced(prompt.voice, prompt.text, sox)
        sound.convert(sox, pcm, directory, prompt.name)
    except SetupError as error:
        source = prompt.recording or "the voice"
        raise SetupError(f'the prompt "{prompt.name}" cannot be made from {source}: {error}') from None
    return round(len(pcm) / 2 / sound.RATE, 3)


def _recorded(recording: Path, sox: str) -> bytes:
    return sound.speech(sox, recording.read_bytes(), ("-t", "wav"))


def _voiced(voice: Voice, text: str, sox: str) -> bytes:
    words = [sys.executable, "-m", "hotline.setup.speak", voice.language, str(voice.speed)]
    done = subprocess.run(words, input=spoken(voice, text).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"the voice failed: {said[-1] if said else f'exit code {done.returncode}'}")
    return sound.speech(sox, done.stdout, sound.PCM)
