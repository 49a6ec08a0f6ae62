"""Keeps the opening hours in Asterisk's own dialplan current: at each of its starts, and soon after each midnight.

The parent does it, because Asterisk goes by them while the service is away.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hotline.parent.asterisk_commands import carried_out

AFTER_MIDNIGHT = 1.0
LOOK_SECONDS = 30.0
"""At least so often the date is looked at: a machine may have slept, its clock may have been set."""


class AsteriskCalendar:
    """`render` writes the dialplan anew, `script` runs Asterisk, `now` tells business time.

    `took` is called when the running Asterisk has read it.
    """

    def __init__(
        self,
        render: Callable[[], bool],
        script: Path,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        say: Callable[[str], None],
        took: Callable[[], None] = lambda: None,
    ) -> None:
        self._took = took
        self._render, self._script, self._now, self._zone, self._say = render, script, now, zone, say
        self._known: date | None = None
        """The day on which Asterisk last got its hours."""

    async def render(self) -> None:
        """Before Asterisk starts: it reads what is written. A failure is said, and tried again at the next look."""
        today = self._local().date()
        self._known = today if await self._rendered() else None

    async def run(self) -> None:
        """For ever: on each new day, render and let the running Asterisk read it. What fails is tried again."""
        while True:
            await asyncio.sleep(min(seconds_to_midnight(self._local()) + AFTER_MIDNIGHT, LOOK_SECONDS))
            today = self._local().date()
            if today != self._known and await self._rendered() and await self._read():
                self._took()
                self._known = today
                self._say(f"Asterisk has its opening hours from {today} on.")

    async def _rendered(self) -> bool:
        try:
            await asyncio.to_thread(self._render)
        except Exception as error:  # whatever it is, tomorrow's try must not be lost with it
            why = str(error) or type(error).__name__
            self._say(f"Asterisk's opening hours cannot be written ({why}): it goes on with those it has.")
            return False
        return True

    async def _read(self) -> bool:
        """Let the running Asterisk read its dialplan again; calls in progress do not notice."""
        try:
            taken = await carried_out(self._script, "dialplan reload")
        except OSError as error:
            self._say(f"{self._script} cannot be run ({error.strerror}): Asterisk goes on with the hours it has.")
            return False
        if not taken:
            self._say("Asterisk did not read its new opening hours: another try follows.")
        return taken

    def _local(self) -> datetime:
        return self._now().astimezone(self._zone)


def seconds_to_midnight(local: datetime) -> float:
    """Real seconds from a time in the hotline's zone to the beginning of its next day."""
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
    return midnight.timestamp() - local.timestamp()
