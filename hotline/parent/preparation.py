"""What must be there before anything starts: free ports, an Asterisk, prompts, music, Asterisk's configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from config.loading import ConfigurationError, load_with_source
from config.schema import HotlineConfig
from hotline import ports
from hotline.clock import Clock
from hotline.errors import ConfigurationBroken, SetupError
from hotline.parent.phone_secrets import softphones
from hotline.setup import asterisk_files, by_content
from hotline.setup.asterisk import Asterisk
from hotline.setup.asterisk_root import find_or_install
from hotline.setup.music import render_music
from hotline.setup.prompts import planned, render_prompts
from hotline.state import Secrets, StateDirectory

Show = Callable[[str], None]
_EVERY = 25
"""Progress of the prompts is told after so many."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Ready to be started."""

    script: Path
    """Runs our Asterisk."""
    secrets: Secrets
    asterisk: Asterisk


def configuration(state: StateDirectory) -> HotlineConfig:
    """The configuration in use; ConfigurationBroken with everything that is wrong with it."""
    return configuration_and_source(state)[0]


def configuration_and_source(state: StateDirectory) -> tuple[HotlineConfig, bytes]:
    """With it the bytes that it was read from."""
    try:
        return load_with_source(state.config_file)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None


def prepare(state: StateDirectory, config: HotlineConfig, clock: Clock, show: Show) -> Prepared:
    """Bring everything up to date; SetupError in one plain sentence when that fails."""
    ports.require_free(ports.needed(config))
    asterisk = find_or_install(show)
    show(f"{asterisk.release} ({asterisk.program})")
    _make_sounds(state, config, show)
    state.secrets(agent.name for agent in config.agents)
    today = clock.real_now().astimezone(ZoneInfo(config.hotline.timezone)).date()
    state.renew_phone_secrets(softphones(config), today)
    secrets = state.secrets()
    facts = asterisk_files.facts_for(config, state, asterisk, secrets, clock)
    return Prepared(asterisk_files.write(config, facts, asterisk), secrets, asterisk)


def _make_sounds(state: StateDirectory, config: HotlineConfig, show: Show) -> None:
    """Prompts and music; what is not needed any more goes, as no call is on."""
    try:
        by_content.remove_parts(state.prompts)
        render_prompts(config, state.prompts, state.recordings, _counting(show))
        needed = {prompt.content for prompt in planned(config, state.recordings)}
        by_content.remove_unused(state.prompts, needed)
        if render_music(state.music):
            show("Music for waiting callers is made.")
    except OSError as error:
        place = error.filename or state.path
        why = f"The prompts and the music cannot be written ({error.strerror}: {place})"
        raise SetupError(f"{why}: make room there, or correct the owner.") from None


def _counting(show: Show) -> Callable[[int, int], None]:
    def progress(done: int, of: int) -> None:
        if done == of or done % _EVERY == 0:
            show(f"Prompts: {done} of {of} are made.")

    return progress
