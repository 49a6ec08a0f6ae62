"""`hotline prompts`: what callers hear, with the text, where the sound comes from, and how long it lasts."""

from pathlib import Path

import click

from config.loading import ConfigurationError, load
from config.schema import HotlineConfig
from hotline.errors import ConfigurationBroken
from hotline.setup.music import render_music
from hotline.setup.prompts import planned, read_manifest, render_prompts
from hotline.state import StateDirectory


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
    While the hotline runs, calls hear it from the next start or activation on.
    """
    directory = StateDirectory(state)
    if render:
        directory.prepare()
    config = _load(directory.config_file)
    if render:
        _render(config, directory)
    for line in _lines(config, directory):
        click.echo(line)
    return 0


def _load(file: Path) -> HotlineConfig:
    try:
        return load(file)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None


def _render(config: HotlineConfig, directory: StateDirectory) -> None:
    rendered = render_prompts(config, directory.prompts, directory.recordings, _progress)
    render_music(directory.music)
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
