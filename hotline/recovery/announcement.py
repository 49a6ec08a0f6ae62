"""The lead's announcement, noted for Asterisk too, so that callers hear it while the service is away.

The note stands in a global variable, and in a file for an Asterisk that starts again (dialplan/announcement.py). Each
change is noted at once. Both places are compared after each login to Asterisk and from time to time (mirror.py),
because either side may have been away when the other one changed. What we have always wins.
"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from dialplan.announcement import FOLDER, NOTHING, kept, note
from dialplan.variables import ANNOUNCEMENT
from hotline.errors import AmiError
from hotline.setup.asterisk_files import write_private

log = structlog.get_logger()

ANSWER_SECONDS = 5.0
DIFFERENCE = "fallback announcement corrected"


class Manager(Protocol):
    """What is needed of the AMI client."""

    @property
    def connected(self) -> bool: ...

    async def action(self, name: str, *, timeout: float = ..., **fields: str) -> list[dict[str, str]]: ...


class FallbackAnnouncement:
    """`file` is the one that Asterisk includes; `check_soon` is set when Asterisk did not take a change.

    Until the first change nothing is compared: what Asterisk has from before stays.
    """

    def __init__(self, ami: Manager, file: Path, check_soon: asyncio.Event) -> None:
        self._ami = ami
        self._file = file
        self._check_soon = check_soon
        self._wanted: str | None = None
        """The note as it should be; None before we know."""
        self._noting = asyncio.Lock()

    async def on(self, prompt: str, until: datetime) -> None:
        """It is played until then (business time); `prompt` is its name as given to `Play`, and its files exist."""
        await self._want(note(prompt.removeprefix(f"{FOLDER}/"), until))

    async def off(self) -> None:
        """There is none."""
        await self._want(NOTHING)

    async def check(self) -> int:
        """Compare both places with what we have, and correct them; how many differences there were."""
        if self._wanted is None:
            return 0
        async with self._noting:
            return await self._check_file(self._wanted) + await self._check_asterisk(self._wanted)

    async def _want(self, wanted: str) -> None:
        before, self._wanted = self._wanted, wanted
        if before is None:
            await self.check()
        elif before != wanted:
            async with self._noting:
                await self._keep(wanted)
                if self._ami.connected and not await self._tell(wanted):
                    self._check_soon.set()

    async def _check_file(self, wanted: str) -> int:
        found = await asyncio.to_thread(self._read)
        if found == kept(wanted):
            return 0
        log.info(DIFFERENCE, where="in its file")
        await self._keep(wanted)
        return 1

    async def _check_asterisk(self, wanted: str) -> int:
        try:
            answer = await self._ami.action("Getvar", timeout=ANSWER_SECONDS, Variable=ANNOUNCEMENT)
        except AmiError as error:
            log.warning("fallback announcement not compared", why=str(error))
            return 0
        if (answer[0].get("Value") or NOTHING) == wanted:
            return 0
        log.info(DIFFERENCE, where="in asterisk")
        await self._tell(wanted)
        return 1

    def _read(self) -> str:
        try:
            return self._file.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return kept(NOTHING)
        except OSError:
            return ""

    async def _keep(self, wanted: str) -> None:
        try:
            await asyncio.to_thread(write_private, self._file, kept(wanted))
        except OSError as error:
            log.error("announcement not kept for an asterisk that starts again", error=type(error).__name__)

    async def _tell(self, wanted: str) -> bool:
        """False when Asterisk did not take it."""
        try:
            await self._ami.action("Setvar", timeout=ANSWER_SECONDS, Variable=ANNOUNCEMENT, Value=wanted)
        except AmiError as error:
            log.info("asterisk did not take the announcement", why=str(error))
            return False
        return True
