"""What Asterisk has been told of our configuration: renders it, writes what changed, and lets Asterisk read only that.

The parent does it and not the service: the service, which everybody can reach, needs no right to change Asterisk's
files, to have them read, or to look into them; and Asterisk must be rendered while the service is away. The service
says over the control socket which configuration is in use.
"""

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.loading import ConfigurationError, parse
from config.schema import HotlineConfig
from dialplan.extensions import stamp
from dialplan.facts import AsteriskFacts
from hotline.changing.restart import effective
from hotline.clock import Clock
from hotline.errors import SetupError
from hotline.parent.asterisk_commands import Asking
from hotline.parent.asterisk_has import Has, asked_back, wanted
from hotline.setup import asterisk_files
from hotline.setup.asterisk import Asterisk
from hotline.state import StateDirectory

RELOADS = {
    "extensions.conf": ("dialplan reload",),
    "pjsip.conf": (
        "module reload res_pjsip.so",
        "module reload res_pjsip_endpoint_identifier_ip.so",
        "module reload res_pjsip_outbound_registration.so",
    ),
    "queues.conf": ("queue reload parameters",),
    "musiconhold.conf": ("moh reload",),
}
"""How the running Asterisk takes a file over; calls in progress do not notice. It reads the others when it starts."""
PARTS = {
    "extensions.conf": "Wählplan",
    "pjsip.conf": "Telefone und Anschlüsse",
    "queues.conf": "Warteschlange des Notbetriebs",
    "musiconhold.conf": "Wartemusik",
}
RETRY_SECONDS = 30.0
"""So often what Asterisk did not take is tried again."""
BRING_SECONDS = 30.0
"""So long Asterisk is told and asked at most."""
DIALPLAN, PHONES = "extensions.conf", "pjsip.conf"


@dataclass(frozen=True, slots=True)
class Told:
    """What Asterisk has read anew, and what it says to have now."""

    reloaded: tuple[str, ...] = ()
    """Parts of Asterisk, in German."""
    failed: tuple[str, ...] = ()
    """Parts that it should have read, and did not."""
    has: Has = field(default_factory=Has)


class AsteriskSide:
    """`begun` is the configuration that the hotline was started with, until the service names another one."""

    def __init__(
        self, state: StateDirectory, begun: HotlineConfig, asterisk: Asterisk, script: Path, clock: Clock
    ) -> None:
        self._state, self._begun, self._asterisk = state, begun, asterisk
        self._script, self._clock = script, clock
        self._writing = threading.Lock()
        self._one_at_a_time = asyncio.Lock()
        self._known: dict[str, str] = {}
        """What Asterisk has read, by the file's name."""
        self._rewritten: dict[str, str] = {}
        """What was written for a new day; known to Asterisk once it has read it."""
        self._behind = False
        """Whether Asterisk has not taken everything yet."""
        self.config = begun
        """In use now."""

    def render_dialplan(self) -> bool:
        """Write the dialplan for today. SetupError, OSError."""
        with self._writing:
            changed = asterisk_files.rerender(self.config, self._facts(self.config))
            self._rewritten[DIALPLAN] = self._content(DIALPLAN)
            return changed

    def write_phones(self) -> None:
        """Write what Asterisk knows of telephones, with their passwords of today. SetupError, OSError."""
        with self._writing:
            asterisk_files.rewrite_phones(self.config, self._facts(self.config))
            self._rewritten[PHONES] = self._content(PHONES)

    def took(self, name: str) -> None:
        """Asterisk has read what was written of this file for a new day."""
        if name in self._rewritten:
            self._known[name] = self._rewritten.pop(name)

    async def before_start(self) -> None:
        """Asterisk is about to read everything. What cannot be written stays as it is, and is not known."""
        try:
            self._known = await asyncio.to_thread(self._written, self.config)
        except (OSError, SetupError):
            self._known = {}

    async def bring_up_to_date(self, text: str) -> Told:
        """Asterisk is to go by this configuration. SetupError, OSError: it goes on by the one before for now.

        What it does not take is tried again by `run`.
        """
        async with self._one_at_a_time:
            self.config = await asyncio.to_thread(self._read, text)
            return await self._bring()

    async def run(self) -> None:
        """For ever: what Asterisk did not take, as it was too busy, is tried again."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            if self._behind:
                with suppress(OSError, SetupError):
                    async with self._one_at_a_time:
                        await self._bring()

    async def _bring(self) -> Told:
        self._behind = True
        files = await asyncio.to_thread(self._written, self.config)
        asking = Asking(self._script, BRING_SECONDS)
        reloaded: list[str] = []
        failed: list[str] = []
        for name in [name for name in RELOADS if files[name] != self._known.get(name)]:
            taken = [await asking.carried_out(command) for command in RELOADS[name]]
            (reloaded if all(taken) else failed).append(PARTS[name])
            if all(taken):
                self._known[name] = files[name]
        has = await asked_back(asking, stamp(files[DIALPLAN]))
        self._doubt(has)
        self._behind = bool(failed)
        return Told(tuple(reloaded), tuple(failed), has)

    def _doubt(self, has: Has) -> None:
        """What Asterisk has otherwise although it has read it: it is to read it again at the next occasion."""
        if has.dialplan is False:
            self._known.pop(DIALPLAN, None)
        if any(there is not None and set(there) != names for there, names in has.compared(wanted(self.config))):
            self._known.pop(PHONES, None)

    def _read(self, text: str) -> HotlineConfig:
        try:
            return effective(self._begun, parse(text, str(self._state.config_file)))
        except ConfigurationError as error:
            raise SetupError(f"the configuration cannot be read: {error.findings[0]}") from None

    def _written(self, config: HotlineConfig) -> dict[str, str]:
        with self._writing:
            return asterisk_files.write_changed(config, self._facts(config))

    def _content(self, name: str) -> str:
        return (self._state.asterisk / "etc" / name).read_text("utf-8")

    def _facts(self, config: HotlineConfig) -> AsteriskFacts:
        secrets = self._state.secrets(agent.name for agent in config.agents)
        return asterisk_files.facts_for(config, self._state, self._asterisk, secrets, self._clock)
