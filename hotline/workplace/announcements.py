"""An announcement in the lead's own words, spoken by the machine voice within seconds, beside the rendered prompts.

Its file is named after what can be heard, so that the same words are made once, and are found again after a restart.
"""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import structlog

from config.schema import HotlineConfig
from dialplan.announcement import FOLDER
from hotline.errors import Refused, SetupError
from hotline.setup import sound
from hotline.setup.prompts import speak
from ivr.prompts import spoken

log = structlog.get_logger()

LONGEST = 300
"""Characters: about 25 seconds."""
SPEAK_SECONDS = 30.0


class Announcer:
    """Makes sound files in `directory`/announcements, one after the other."""

    def __init__(self, directory: Path, configuration: Callable[[], tuple[int, HotlineConfig]]) -> None:
        self._directory = directory
        self._configuration = configuration
        self._making = asyncio.Lock()

    async def prompt(self, text: str) -> str:
        """The name of the prompt that speaks `text`, as it is given to `Play`. Refused when it cannot be made."""
        config = self._configuration()[1]
        name = _name(config, text)
        async with self._making:
            try:
                async with asyncio.timeout(SPEAK_SECONDS):
                    await asyncio.to_thread(_make, config, text, self._directory / FOLDER, name)
            except (SetupError, OSError, TimeoutError) as error:
                log.error("announcement not spoken", error=type(error).__name__)
                raise Refused(
                    "Der Text konnte nicht gesprochen werden, die Ansage ist nicht eingeschaltet. Bitte prüfen Sie "
                    "den Text; hilft das nicht, sagt „hotline doctor“ der Technik, was fehlt."
                ) from None
        return f"{FOLDER}/{name}"

    async def forget_others(self, text: str | None) -> None:
        """At a start: delete what earlier announcements left, but not the one that goes on."""
        keep = None if text is None else _name(self._configuration()[1], text)
        await asyncio.to_thread(_remove_others, self._directory / FOLDER, keep)


def _name(config: HotlineConfig, text: str) -> str:
    heard = f"{config.voice.language} {config.voice.speed}\n{spoken(config.voice, text)}"
    return hashlib.sha256(heard.encode()).hexdigest()[:16]


def _make(config: HotlineConfig, text: str, directory: Path, name: str) -> None:
    if all((directory / f"{name}.{extension}").is_file() for extension in sound.FORMATS):
        return
    directory.mkdir(parents=True, exist_ok=True)
    speak(config, name, text, directory)


def _remove_others(directory: Path, keep: str | None) -> None:
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.stem != keep:
            path.unlink(missing_ok=True)
