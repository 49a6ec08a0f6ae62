"""What is taken up again after a start or a login: agents' intents, talks that went on without us, wrap-ups not
written yet, and the true ends of calls that are over.

The database says what was promised and written, Asterisk says who still talks to whom and what it did by itself;
where they differ, Asterisk is right about channels and the database about everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Protocol

import structlog

from agents.presence import Intent, Work
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import AmiError, StorageError
from hotline.exchange.callers import CUT_BY_ASTERISK
from hotline.exchange.calls import Call, Leg, Phase
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.recovery.channels import Channel, Channels, agent_of, agents_leg_with, callers_by_call
from hotline.recovery.importer import LATE_SECONDS
from hotline.recovery.remembered import remembered
from hotline.storage.ledger import Ledger
from hotline.storage.open_work import WRITE_UP, OpenCall, OpenWork
from hotline.storage.presences import Presences

log = structlog.get_logger()

RESTARTED = "service_restarted"
DIFFERENCE = "difference corrected after a login"
AGAIN_SECONDS = 5.0
TRUE_ENDS_SECONDS = 2.0
"""So long the news after a login wait for the true ends of calls."""


class BringsIn(Protocol):
    """See hotline/recovery/importer.py."""

    def bring_in(self) -> Awaitable[bool]: ...


class Restorer:
    """First `intents` and `load`; then `adopt` after each login, when Asterisk has told its channels.

    `channels` asks Asterisk for them (AmiError).
    """

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        switchboard: Switchboard,
        ledger: Ledger,
        open_work: OpenWork,
        importer: BringsIn,
        channels: Callable[[], Awaitable[Channels]],
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._switchboard = switchboard
        self._ledger = ledger
        self._open_work = open_work
        self._importer = importer
        self._channels = channels
        self._journal = journal
        self._clock = clock
        self._open: dict[str, OpenCall] = {}
        self._strange: set[str] = set()
        """Of these, the calls that this run of the service has not had yet."""
        self._not_before = 0.0
        """A talk that could not be taken up is tried again at that time of the event loop."""

    async def intents(self, presences: Presences) -> None:
        """Agents' own intent survives a restart."""
        for name, saved in (await presences.load()).items():
            if name in self._switchboard.seats:
                seat = self._switchboard.seats[name]
                self._switchboard.staff.wanting(seat, Intent(saved.intent), saved.reason, saved.by)

    async def load(self) -> None:
        """Import what Asterisk did alone, and read what is open; wrap-ups of calls that are over are on the screens."""
        await self._importer.bring_in()
        await self._read_open()
        await self._write_ups()

    def waiting_since(self, call_id: str) -> datetime | None:
        """Since when a call that is not ours yet waits; None when that is not known."""
        found = self._open.get(call_id)
        return (found.row.joined_at or found.row.started_at) if found is not None else None

    def recall(self, call_id: str, channel: str, unique: str) -> Call | None:
        """A call of an earlier run of the service, as the ledger has it, for a caller who comes back to the line."""
        found = self._open.get(call_id)
        if found is None:
            return None
        self._strange.discard(call_id)
        call = remembered(found, *self._in_use(), channel, unique)
        call.front = found.row.answered_at is not None
        return call

    def _in_use(self) -> tuple[HotlineConfig, int]:
        version, config = self._configuration()
        return config, version

    # --- after a login -----------------------------------------------------------------------

    def adopt(self, channels: Channels) -> None:
        """Take up talks that go on without us, by what is known of them; the database is asked beside.

        Called by whoever takes Asterisk's events one after the other: a talk that has ended since is told next.
        """
        self._take_up_all(callers_by_call(channels), channels)
        self._switchboard.spawn(self._settle(set(self._strange)))

    async def true_ends(self, channels: Channels) -> None:
        """Calls of ours that ended unheard get their end by Asterisk's own word, before we would write a later one."""
        if all(call.unique in channels for call in self._switchboard.calls):
            return
        try:
            async with asyncio.timeout(TRUE_ENDS_SECONDS):
                await self._importer.bring_in()
        except TimeoutError:
            log.warning("ends that nobody heard are written as of now, the import takes too long")

    async def take_up_talks(self, channels: Channels) -> None:
        """Talks that began in Asterisk's queue and are not on any screen yet."""
        now = asyncio.get_running_loop().time()
        if now >= self._not_before and _talks(channels, but_not=self._is_ours):
            later = await self._ask_all()
            if _talks(later, but_not=self._is_ours):
                self._not_before = now + AGAIN_SECONDS

    async def _settle(self, strange_before: set[str]) -> None:
        """Calls whose caller is gone get their ends."""
        try:
            here = callers_by_call(await self._ask_all())
        except AmiError as error:
            log.warning("calls without an end wait for the next login", why=str(error))
            return
        unheard = strange_before | self._strange
        missing = {call_id for call_id in unheard if call_id not in here and not self._held(call_id)}
        if missing:
            await self._find_ends(missing)

    async def _ask_all(self) -> Channels:
        """The database, then Asterisk; talks are taken up on its word of this very moment."""
        await self._importer.bring_in()
        await self._read_open()
        channels = await self._channels()
        self._take_up_all(callers_by_call(channels), channels)
        return channels

    async def _read_open(self) -> None:
        """After all that is to be written; what was known stays when the database does not answer."""
        try:
            found: list[OpenCall] = await self._journal.now(self._open_work.unended)
        except StorageError as error:
            log.warning("open calls not read", why=str(error))
            return
        self._open = {one.row.id: one for one in found}
        self._strange = {call_id for call_id in self._open if not self._held(call_id)}

    def _held(self, call_id: str) -> bool:
        return self._switchboard.calls.get(call_id) is not None

    def _is_ours(self, call_id: str) -> bool:
        """Whether the service has the talk in its hands already."""
        call = self._switchboard.calls.get(call_id)
        return call is not None and (call.in_session or call.phase not in {Phase.MENU, Phase.WAITING})

    # --- talks -------------------------------------------------------------------------------

    def _take_up_all(self, here: dict[str, Channel], channels: Channels) -> None:
        for call_id, found in self._open.items():
            mine = here.get(call_id)
            leg = agents_leg_with(mine, channels) if mine is not None else None
            if mine is not None and leg is not None and not self._is_ours(call_id):
                self._take_up(found, mine, leg)

    def _take_up(self, found: OpenCall, mine: Channel, leg: Channel) -> None:
        name = agent_of(leg)
        if name not in self._switchboard.seats:
            log.warning("a talk goes on with an agent who is not in the configuration", call=found.row.id)
            return
        seat = self._switchboard.seats[name]
        call = self._switchboard.calls.get(found.row.id) or remembered(
            found, *self._in_use(), mine["Channel"], mine["Uniqueid"]
        )
        if not self._make_room(seat, call):
            return
        self._strange.discard(call.id)
        log.info("talk taken up again", call=call.id, agent=name, fallback=found.row.fallback)
        self._switchboard.line.leave(call.id)
        self._switchboard.calls.add(call)
        call.leg = Leg(leg["Channel"], leg["Uniqueid"])
        self._switchboard.calls.add_leg(call, call.leg)
        seat.call = call
        if found.row.agent == name and found.row.answered_at is not None:
            self._goes_on(call, seat, found.row.answered_at)
        else:
            self._switchboard.with_agent(call, seat)

    def _make_room(self, seat: Seat, call: Call) -> bool:
        """Whoever talks sees the talk; a wrap-up that stood there comes back afterwards."""
        other = seat.call
        if other is None or other is call:
            return True
        if other.phase is not Phase.WRAP_UP:
            log.warning("an agent talks with another caller than we thought", call=call.id, other=other.id)
            return False
        log.warning(DIFFERENCE, cause="a talk goes on beside a wrap-up", call=call.id, agent=seat.agent.name)
        seat.call = call
        if other.disposed is None:
            self._switchboard.wrap_ups.add(other, seat)
        return True

    def _goes_on(self, call: Call, seat: Seat, since: datetime) -> None:
        """The ledger knows of the answer."""
        call.phase, call.agent, call.spoke_with = Phase.TALKING, seat.agent.name, seat.agent.name
        call.answered_at = since
        seat.presence = seat.presence.busy(Work.TALKING, self._clock.now())
        seat.touch()

    # --- ends --------------------------------------------------------------------------------

    async def _find_ends(self, missing: Collection[str]) -> None:
        """Their ends by Asterisk's own word; without one Asterisk itself was gone, and the end is written by us."""
        await asyncio.sleep(LATE_SECONDS)
        told = await self._importer.bring_in()
        while True:
            try:
                open_now = await self._journal.now(self._open_work.unended)
                break
            except StorageError as error:
                log.warning("ends of calls not written yet", calls=len(missing), why=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
        for found in open_now:
            if found.row.id in missing and not self._held(found.row.id):
                await self._end(found, CUT_BY_ASTERISK if told else RESTARTED)
        await self._read_open()
        await self._write_ups(missing)

    async def _end(self, found: OpenCall, how: str) -> None:
        log.warning(DIFFERENCE, cause="the caller is gone and nobody has told the end", call=found.row.id, how=how)
        at = self._clock.now()
        await self._journal.soon(lambda: self._ledger.call_ended(found.row.id, at, how))

    # --- wrap-ups ----------------------------------------------------------------------------

    async def _write_ups(self, only: Collection[str] | None = None) -> None:
        """Back onto the agents' screens, with the full time for wrapping up."""
        found: list[OpenCall] = await self._journal.now(lambda: self._open_work.calls(self._clock.now() - WRITE_UP))
        for one in found:
            if one.row.ended_at is not None and (only is None or one.row.id in only):
                self._write_up(one)

    def _write_up(self, found: OpenCall) -> None:
        seat = self._seat(found.row.agent)
        if seat is None:
            return
        call = remembered(found, *self._in_use(), found.row.channel, unique="")
        call.answered_at, call.agent, call.spoke_with = found.row.answered_at, found.row.agent, found.row.agent
        self._switchboard.wrap_ups.add(call, seat)

    def _seat(self, name: str | None) -> Seat | None:
        return self._switchboard.seats[name] if name is not None and name in self._switchboard.seats else None


def _talks(channels: Channels, but_not: Callable[[str], bool]) -> bool:
    """Whether a caller talks with an agent."""
    here = callers_by_call(channels)
    return any(agents_leg_with(one, channels) and not but_not(call_id) for call_id, one in here.items())
