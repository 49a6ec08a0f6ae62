"""`hotline prompts`: what callers hear, with the text, where the sound comes from, and how long it lasts."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from config.loading import ConfigurationError, load
from config.schema import HotlineConfig
from hotline.changing.store import whose
from hotline.cli.opening import url_in_use
from hotline.errors import ConfigurationBroken, SetupError
from hotline.locks import exclusive_or_refused
from hotline.setup.music import render_music
from hotline.setup.prompts import planned, read_manifest, render_prompts
from hotline.state import StateDirectory
from hotline.storage.database import Database
from hotline.storage.versions import Versions
from hotline.testcall_way import database_in_use

NOT_IN_FORCE = (
    "A hotline runs here, and {} is not what is in force: put it in force with `hotline config activate {}`, "
    "or end the hotline first."
)


@click.command("prompts")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var"),
    show_default=True,
    help="State directory of the hotline.",
)
@click.option("--render", is_flag=True, help="Make the sound files that are missing or out of date first.")
def command(state: Path, render: bool) -> int:
    """List every prompt: name, source, seconds, text.

    A recording RECORDINGS/NAME.wav in the state directory takes the place of the voice; --render makes its sound files.
    While the hotline runs, calls hear it from the next start or activation on, and nothing is removed.
    """
    directory = StateDirectory(state)
    if render:
        directory.prepare()
        with _alone(directory) as alone:
            config = _load(directory.config_file)
            if not alone and not asyncio.run(_is_in_force(directory)):
                raise SetupError(NOT_IN_FORCE.format(directory.config_file, directory.config_file))
            _render(config, directory, alone)
    config = _load(directory.config_file)
    for line in _lines(config, directory):
        click.echo(line)
    return 0


def _load(file: Path) -> HotlineConfig:
    try:
        return load(file)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None


@contextmanager
def _alone(directory: StateDirectory) -> Iterator[bool]:
    """Whether no hotline runs here; then none starts inside the block."""
    with ExitStack() as held:
        try:
            held.enter_context(exclusive_or_refused(directory.path / "run.lock", lambda _: BlockingIOError()))
        except BlockingIOError:
            alone = False
        else:
            alone = not _is_served(directory)
        yield alone


def _is_served(directory: StateDirectory) -> bool:
    """By a service that was started without `hotline run`."""
    try:
        database_in_use(directory)
    except SetupError:
        return False
    return True


async def _is_in_force(directory: StateDirectory) -> bool:
    raw = directory.config_file.read_bytes()
    database = Database(url_in_use(directory))
    await database.open()
    try:
        hotline = await whose(database, directory, raw)
        active = None if hotline is None else await Versions(database, hotline).active()
    finally:
        await database.close()
    return active is not None and active.text.encode() == raw


def _render(config: HotlineConfig, directory: StateDirectory, alone: bool) -> None:
    try:
        rendered = render_prompts(config, directory.prompts, directory.recordings, _progress, alone=alone)
        render_music(directory.music)
    except OSError as error:
        place = error.filename or directory.path
        raise SetupError(f"The sound files cannot be written ({error.strerror}: {place}).") from None
    summary = f"{len(rendered.made)} made, {len(rendered.kept)} kept, {len(rendered.removed)} removed"
    click.echo(summary, err=True)


def _progress(done: int, of: int) -> None:
    if done % 25 == 0 or done == of:
        click.echo(f"prompts: {done} of {of}", err=True)


def _lines(config: HotlineConfig, directory: StateDirectory) -> list[str]:
    made = read_manifest(directory.prompts)
    lines = []
    for prompt in planned(config, directory.recordings):
        entry = made.get(prompt.name)
        current = entry is not None and entry["fingerprint"] == prompt.fingerprint
        seconds = f"{entry['seconds']:5.2f} s" if entry is not None and current else "not made"
        source = "recording" if prompt.recording else "voice"
        lines.append(f"{prompt.name:26} {source:9} {seconds:>8}  {prompt.text}")
    return lines
