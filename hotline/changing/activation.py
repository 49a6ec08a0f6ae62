"""In which order a configuration comes into use, so that nobody is dropped and nothing is half done.

Checked, prompts made beside those in use, stored (from here on it counts), configuration and prompts swapped, accounts
for who is new, Asterisk last: it follows the service, and can be brought up to date again at any time.
What fails before it is stored has changed nothing; what fails after is told, and put right by the next start.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

import structlog

from config.checks import check
from config.german import german
from config.schema import HotlineConfig
from hotline.changing.accounts import StaffChange
from hotline.changing.live import Live
from hotline.changing.model import Activated, Progress, Step
from hotline.changing.remarks import errors, judged
from hotline.changing.restart import effective, waiting
from hotline.changing.telephony import Result
from hotline.clock import Clock
from hotline.errors import HotlineError, Refused, SetupError
from hotline.logs import log_failure

log = structlog.get_logger()

FAILED = "configuration activation failed"
BUSY = "Es wird gerade eine andere Version in Kraft gesetzt: bitte einen Moment warten."
BROKEN = "Diese Version hat noch Fehler und kann nicht in Kraft gesetzt werden: {}"
NOT_USABLE = "Diese Version kann nicht verwendet werden: {}"
OTHER_HOTLINE = "Die Kennung hotline.id lässt sich nicht ändern: An ihr hängen alle Daten dieser Hotline."
MIXED = (
    "Ein Teil dieser Version gilt erst nach einem Neustart, und der Rest passt nicht zu dem, was bis dahin gilt: {} "
    "Bitte in zwei Schritten ändern oder bei beendeter Hotline mit `hotline config activate` in Kraft setzen."
)
NO_PROMPTS = "Die Ansagen können nicht hergestellt werden, es bleibt bei der bisherigen Version: {}"
NOT_STORED = "Die neue Version lässt sich nicht speichern, es bleibt bei der bisherigen: {}"
OLD_PROMPTS = "Einige Ansagen konnten nicht ausgetauscht werden; der nächste Start der Hotline holt es nach."


class Prompts(Protocol):
    """See hotline/changing/sounds.py."""

    async def prepare(self, config: HotlineConfig, progress: Callable[[int, int], None]) -> Mapping[str, str]: ...

    async def publish(self, config: HotlineConfig) -> None: ...

    async def outdated(self, config: HotlineConfig) -> tuple[str, ...]: ...


class Stored(Protocol):
    """See hotline/changing/store.py."""

    async def put(
        self,
        text: str,
        author: str,
        at: datetime,
        reason: str | None,
        *,
        draft: int | None = None,
        expected: int | None = None,
    ) -> int: ...


class AsterisksSide(Protocol):
    """See hotline/changing/telephony.py."""

    async def bring_up_to_date(self, text: str, config: HotlineConfig) -> Result: ...


class Staff(Protocol):
    """Who works here: accounts, and what Asterisk knows of new telephones."""

    async def make_accounts(self, config: HotlineConfig) -> StaffChange:
        """What cannot be done now is told; nothing is raised for it."""
        ...

    async def look_at_phones(self, config: HotlineConfig) -> None: ...


class Activation:
    """`begun` is the configuration that the hotline was started with; `usable` raises SetupError when Asterisk could
    not be set up by a configuration."""

    def __init__(
        self,
        begun: HotlineConfig,
        live: Live,
        prompts: Prompts,
        store: Stored,
        asterisk: AsterisksSide,
        staff: Staff,
        usable: Callable[[HotlineConfig], None],
        clock: Clock,
    ) -> None:
        self._begun, self._live = begun, live
        self._prompts, self._store, self._asterisk, self._staff = prompts, store, asterisk, staff
        self._usable, self._clock = usable, clock
        self._busy = asyncio.Lock()
        self._running: set[asyncio.Task[Activated]] = set()

    async def run(
        self,
        author: str,
        text: str,
        reason: str | None,
        progress: Progress,
        *,
        draft: int | None = None,
        expected: int | None = None,
    ) -> Activated:
        """Goes on to its end when whoever asked has gone. Refused: the configuration before stays in use.

        `draft`: the revision that is activated; `expected`: the version that must still be active.
        """
        if self._busy.locked():
            raise Refused(BUSY)
        work = self._run(author, text, reason, progress, draft, expected)
        task = asyncio.create_task(work, name="activation")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nothing is activated inside this block; waits until what is going on is over."""
        async with self._busy:
            yield

    async def close(self) -> None:
        """Break off what is going on: the old or the new configuration is in use, wholly."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Activated]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning(FAILED, error=type(error).__name__)

    async def _run(
        self, author: str, text: str, reason: str | None, progress: Progress, draft: int | None, expected: int | None
    ) -> Activated:
        async with self._busy:
            progress(Step.CHECKING, 0, 0)
            wanted = await asyncio.to_thread(self._checked, text)
            config = self._usable_now(wanted)
            progress(Step.PROMPTS, 0, 0)
            sounds = await self._prepare(config, progress)
            progress(Step.STORING, 0, 0)
            version = await self._put(text, author, reason, draft, expected)
            told = await self._swap(version, config, sounds)
            progress(Step.ASTERISK, 0, 0)
            staff = await self._staff.make_accounts(config)
            result = await self._asterisk.bring_up_to_date(text, config)
            await self._staff.look_at_phones(config)
            log.info("configuration activated", version=version, author=author)
            progress(Step.DONE, 0, 0)
            differs = (*told, *result.differs)
            outdated = await self._prompts.outdated(config)
            waits, people = waiting(self._begun, wanted), tuple(staff.told)
            return Activated(version, result.reloaded, differs, waits, staff.made, outdated, people)

    def _checked(self, text: str) -> HotlineConfig:
        config, remarks = judged(text, self._clock.now())
        if config is None:
            first = errors(remarks)[0]
            raise Refused(BROKEN.format(f"Zeile {first.line}, {first.path}: {first.german}"))
        if config.hotline.id != self._begun.hotline.id:
            raise Refused(OTHER_HOTLINE)
        try:
            self._usable(config)
        except SetupError as error:
            raise Refused(NOT_USABLE.format(error)) from None
        return config

    def _usable_now(self, wanted: HotlineConfig) -> HotlineConfig:
        """What can be in use of it at once, where the rest waits for the next start; both must fit together."""
        config = effective(self._begun, wanted)
        if config != wanted and (problems := check(config)):
            path, message = problems[0]
            raise Refused(MIXED.format(f"{'.'.join(map(str, path))}: {german(message)}"))
        return config

    async def _prepare(self, config: HotlineConfig, progress: Progress) -> Mapping[str, str]:
        """What calls of it are to hear. Refused: nothing has changed."""
        try:
            return await self._prompts.prepare(config, lambda done, of: progress(Step.PROMPTS, done, of))
        except (SetupError, OSError) as error:
            raise Refused(NO_PROMPTS.format(getattr(error, "strerror", None) or error)) from None

    async def _put(self, text: str, author: str, reason: str | None, draft: int | None, expected: int | None) -> int:
        at = self._clock.real_now()
        try:
            return await self._store.put(text, author, at, reason, draft=draft, expected=expected)
        except Refused:
            raise
        except (HotlineError, OSError) as error:
            raise Refused(NOT_STORED.format(error)) from None

    async def _swap(self, version: int, config: HotlineConfig, sounds: Mapping[str, str]) -> tuple[str, ...]:
        """New calls begin with it from here on, whatever becomes of the rest; those that go on hear what they did."""
        self._live.take(version, config, sounds)
        try:
            await self._prompts.publish(config)
        except OSError as error:
            log_failure("prompts were not exchanged", "", error)
            return (OLD_PROMPTS,)
        return ()
