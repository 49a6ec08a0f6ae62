"""The prompts of the next configuration: made beside those in use, and put among them once it is active.

So an activation that fails has changed nothing that callers hear, and calls that go on keep the prompts that only
they need. What is no longer needed is removed by the next start of the hotline.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from config.schema import HotlineConfig
from dialplan.announcement import FOLDER
from hotline.changing.recordings import heard_as
from hotline.setup import sound
from hotline.setup.prompts import MANIFEST, read_manifest, render_prompts
from hotline.state import StateDirectory
from ivr.prompts import catalogue

NEXT = "prompts.next"
"""Folder beside the prompts; there while an activation goes on, or was interrupted."""


class Sounds:
    def __init__(self, state: StateDirectory) -> None:
        self._prompts, self._recordings = state.prompts, state.recordings
        self._next = state.path / NEXT

    async def prepare(self, config: HotlineConfig, progress: Callable[[int, int], None]) -> None:
        """Make what is missing. SetupError when it cannot be made, OSError."""
        loop = asyncio.get_running_loop()

        def tell(done: int, of: int) -> None:
            loop.call_soon_threadsafe(progress, done, of)

        await asyncio.to_thread(self._prepare, config, tell)

    async def publish(self) -> None:
        """Callers hear what was prepared. OSError."""
        await asyncio.to_thread(self._publish)

    async def discard(self) -> None:
        """What was prepared is not wanted."""
        await asyncio.to_thread(shutil.rmtree, self._next, ignore_errors=True)

    async def finish(self, config: HotlineConfig) -> bool:
        """After an activation that was interrupted: callers hear what belongs to this configuration. SetupError."""
        if not self._next.exists():
            return False
        await self.prepare(config, lambda _done, _of: None)
        await self.publish()
        return True

    async def outdated(self, config: HotlineConfig) -> tuple[str, ...]:
        """Names of the prompts whose own recording reads another text aloud than this configuration's."""
        return await asyncio.to_thread(self._outdated, config)

    def _outdated(self, config: HotlineConfig) -> tuple[str, ...]:
        said = catalogue(config).items()
        return tuple(name for name, text in said if heard_as(self._recordings / f"{name}.wav", None).outdated(text))

    def _prepare(self, config: HotlineConfig, progress: Callable[[int, int], None]) -> None:
        shutil.rmtree(self._next, ignore_errors=True)
        self._next.mkdir()
        for name in _sounds(self._prompts):
            (self._next / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(self._prompts / name, self._next / name)
        if (self._prompts / MANIFEST).exists():
            shutil.copyfile(self._prompts / MANIFEST, self._next / MANIFEST)
        render_prompts(config, self._next, self._recordings, progress)

    def _publish(self) -> None:
        """Files first: one without an entry is only made again."""
        entries = read_manifest(self._prompts) | read_manifest(self._next)
        for name in _sounds(self._next):
            (self._prompts / name).parent.mkdir(parents=True, exist_ok=True)
            (self._next / name).replace(self._prompts / name)
        sound.write_whole(self._prompts / MANIFEST, json.dumps(entries, indent=1, sort_keys=True).encode())
        shutil.rmtree(self._next, ignore_errors=True)


def _sounds(directory: Path) -> list[Path]:
    """The sound files of prompts, relative to the folder; announcements of the lead are none of them."""
    found = [path.relative_to(directory) for path in directory.rglob("*") if path.suffix[1:] in sound.FORMATS]
    return sorted(name for name in found if name.parts[0] != FOLDER and not name.name.startswith("."))
