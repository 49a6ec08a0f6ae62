"""Gives each softphone a new SIP password soon after midnight; a call that is going on does not notice.

The page gets the new one from the service as soon as Asterisk refuses the old one, at the latest when it registers
anew, within a minute. Until then Asterisk rings it as before, and what belongs to a call is not asked for a password.
Desk phones keep theirs: a person has typed it in. Days are real ones, in the hotline's zone.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig, PhoneKind
from hotline.errors import SetupError
from hotline.parent.asterisk_calendar import AFTER_MIDNIGHT, seconds_to_midnight
from hotline.parent.asterisk_commands import carried_out
from hotline.state import StateDirectory

LOOK_SECONDS = 30.0
"""At least so often the date is looked at: a machine may have slept, its clock may have been set."""
RELOAD = "module reload res_pjsip.so"


def softphones(config: HotlineConfig) -> list[str]:
    """The agents whose telephone is in the page."""
    return [agent.name for agent in config.agents if agent.phone is PhoneKind.BROWSER]


class PhoneSecrets:
    """`agents` tells whose telephones are softphones now, `write` writes Asterisk's configuration of the phones anew.

    `script` runs Asterisk, `now` tells real time; `took` is called when Asterisk has read what was written.
    """

    def __init__(
        self,
        state: StateDirectory,
        agents: Callable[[], Sequence[str]],
        write: Callable[[], None],
        script: Path,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        say: Callable[[str], None],
        took: Callable[[], None] = lambda: None,
    ) -> None:
        self._took = took
        self._state, self._agents, self._write = state, agents, write
        self._script, self._now, self._zone, self._say = script, now, zone, say
        self._known: date | None = self._today()
        """The day whose secrets Asterisk has: `prepare` has made them."""

    async def run(self) -> None:
        """For ever: on each new day, make new ones and let the running Asterisk read them. What fails is repeated."""
        while True:
            await asyncio.sleep(min(seconds_to_midnight(self._local()) + AFTER_MIDNIGHT, LOOK_SECONDS))
            today = self._today()
            if today != self._known and await self.renew(today):
                self._known = today

    async def renew(self, day: date) -> bool:
        """Whether everybody has the secrets of that day."""
        if not self._agents():
            return True
        try:
            await asyncio.to_thread(self._make, day)
            taken = await carried_out(self._script, RELOAD)
        except (OSError, SetupError) as error:
            self._say(f"The softphones' passwords cannot be renewed ({error}): another try follows.")
            return False
        if taken:
            self._took()
        else:
            self._say("Asterisk did not read the softphones' new passwords: another try follows.")
        return taken

    def _make(self, day: date) -> None:
        self._state.renew_phone_secrets(self._agents(), day)
        self._write()

    def _today(self) -> date:
        return self._local().date()

    def _local(self) -> datetime:
        return self._now().astimezone(self._zone)
