"""Callbacks that are offered: stored before they are shown, started with one press, and how they end otherwise.

An offer lives from the matcher's choice until the agent starts the call (then it is a ring, see outgoing.py), refuses
it, or lets the time for it pass. It is found again after a restart. Nothing here rings anybody: that is the agent's
press.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from agents.presence import Bar, Intent, Work
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused, StorageError
from hotline.exchange.journal import Journal
from hotline.exchange.ringable import Ringable
from hotline.exchange.seats import Seat
from hotline.exchange.standing import Stood
from hotline.exchange.switchboard import Switchboard
from hotline.storage.callbacks import CallbackTask
from hotline.storage.ledger import Ledger
from hotline.storage.places import PlaceOffers
from hotline.storage.views import Earlier

log = structlog.get_logger()

AGAIN_SECONDS = 5.0
"""After a failure to store an offer nothing is offered for so long."""
AWAY = timedelta(seconds=4)
"""A page that is loaded anew has its telephone back by then."""
COUNTS_SECONDS = 1.0
MISSED, REJECTED, WITHDRAWN = "missed", "rejected", "withdrawn"
"""How an offer ended that was not started; stands in the ledger."""


@dataclass(eq=False)
class DueOffer:
    """One callback offered to one agent."""

    id: str
    task: CallbackTask
    agent: str
    at: datetime
    until: datetime | None = None
    """Started later than this it goes to the next agent; None while it is not stored, and so not shown."""
    starting: bool = False
    """The agent has pressed the button, and it is being stored."""
    earlier: Earlier | None = None
    """What is known of the number; None while it is not counted."""
    stood: Stood | None = None
    """Where it stood in the line; None for one of before a restart."""
    seen: bool = True
    """Telephone and page were there; False for one of before a restart until they are."""
    away: datetime | None = None
    """Since when one of them is not."""

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        self.at += delta
        self.stood = None if self.stood is None else self.stood.shifted(delta)
        self.until = None if self.until is None else self.until + delta
        self.away = None if self.away is None else self.away + delta


class DueOffers:
    """The open offers, at most one per agent. Every method but `load` changes the state without awaiting in between."""

    def __init__(
        self,
        switchboard: Switchboard,
        refresh: Callable[[], Awaitable[None]],
        rows: PlaceOffers,
        ledger: Ledger,
        journal: Journal,
        clock: Clock,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        ringable: Ringable,
    ) -> None:
        """`refresh` reads the callbacks again: they are not what they were thought to be."""
        self._switchboard = switchboard
        self._refresh = refresh
        self._rows = rows
        self._ledger = ledger
        self._journal = journal
        self._clock = clock
        self._configuration = configuration
        self._ringable = ringable
        self._offers: dict[str, DueOffer] = {}
        """By agent."""
        self._not_before = 0.0

    def __iter__(self) -> Iterator[DueOffer]:
        return iter(list(self._offers.values()))

    @property
    def fails(self) -> bool:
        """Whether an offer could not be stored just now."""
        return asyncio.get_running_loop().time() < self._not_before

    def shown_to(self, agent: str) -> DueOffer | None:
        """What this agent is offered now, as far as it may be shown."""
        offer = self._offers.get(agent)
        return offer if offer is not None and offer.until is not None else None

    def of_task(self, task_id: int) -> DueOffer | None:
        """Under which this callback is offered to somebody."""
        return next((one for one in self if one.task.id == task_id), None)

    # --- from the choice of an agent to the press ---------------------------------------------

    def make(self, task: CallbackTask, seat: Seat, stood: Stood) -> None:
        """The agent is to start this callback; it is out of the line already."""
        now = self._clock.now()
        offer = DueOffer(secrets.token_hex(8), task, seat.agent.name, now, stood=stood)
        self._offers[offer.agent] = offer
        seat.presence = seat.presence.busy(Work.DUE, now)
        self._switchboard.spawn(self._show(seat, offer))

    async def _show(self, seat: Seat, offer: DueOffer) -> None:
        """Stored first, then on the page."""
        try:
            await self._journal.now(partial(self._rows.made, offer.id, offer.task.id, offer.agent, offer.at))
        except Exception as error:  # whatever it is: the agent does not wait for it
            await self._not_stored(offer, error)
            return
        if self._offers.get(offer.agent) is not offer:  # over before it was stored
            self._note_end(offer, WITHDRAWN)
            return
        self._begin_time(offer)
        log.info("callback offered", call=offer.task.call_id, agent=offer.agent)
        seat.touch()
        await self._count_earlier(offer)
        seat.touch()

    async def _not_stored(self, offer: DueOffer, error: Exception) -> None:
        log.warning("callback not offered", call=offer.task.call_id, why=type(error).__name__)
        if not isinstance(error, Refused):
            self._not_before = asyncio.get_running_loop().time() + AGAIN_SECONDS
        else:
            await self._refresh()
        self._drop(offer)
        self._switchboard.rematch()

    async def _count_earlier(self, offer: DueOffer) -> None:
        with suppress(Exception):
            async with asyncio.timeout(COUNTS_SECONDS):
                offer.earlier = await self._ledger.earlier(offer.task.number, offer.task.call_id)

    def _begin_time(self, offer: DueOffer) -> None:
        seconds = self._configuration()[1].callbacks.start_seconds
        offer.until = self._clock.now() + timedelta(seconds=seconds)

    def refuse(self, agent: str, task_id: int) -> None:
        """The agent does not start it: it goes to the next one. Refused when it is not offered any more."""
        offer = self.shown_to(agent)
        if offer is None or offer.task.id != task_id or offer.starting:
            raise Refused("Dieser Rückruf ist nicht mehr bei Ihnen.")
        self._close(offer, REJECTED, Bar.NOT_WANTED)
        self._switchboard.rematch()

    @contextmanager
    def starting(self, offer: DueOffer) -> Iterator[None]:
        """While the agent's press is stored and the telephone is being rung the offer does not end by itself.

        Refused for a second press meanwhile.
        """
        if offer.starting:
            raise Refused("Dieser Rückruf wird schon begonnen.")
        offer.starting = True
        try:
            yield
        except BaseException:
            offer.starting = False
            raise
        if self._offers.get(offer.agent) is offer:
            del self._offers[offer.agent]
        if offer.stood is not None:  # the line has moved
            self._switchboard.progress.remember(offer.at, offer.stood.skill, offer.stood.joined, taken=True)

    # --- how they end otherwise ----------------------------------------------------------------

    def settle(self, tasks: Mapping[int, CallbackTask], now: datetime) -> bool:
        """Take back what cannot be started any more, and free whoever waits for nothing; whether there was any.

        `tasks`: those that keep a place, by id.
        """
        freed = self._free_stray(now)
        begun = [offer for offer in self._offers.values() if not offer.starting]
        for offer in begun:
            self._notice(offer, now)
        ended = [(offer, end) for offer in begun if (end := self._end_of(offer, tasks, now)) is not None]
        for offer, end in ended:
            self._close(offer, end, Bar.NOT_STARTED if end == MISSED else None)
        return freed or bool(ended)

    def _free_stray(self, now: datetime) -> bool:
        """Nobody waits for an offer that is not there."""
        stray = [seat for seat in self._switchboard.seats if seat.presence.work is Work.DUE]
        stray = [seat for seat in stray if seat.agent.name not in self._offers]
        for seat in stray:
            log.error("an agent waited for a callback that was not offered", agent=seat.agent.name)
            seat.presence = seat.presence.free(now, keep_idle=True)
            seat.touch()
        return bool(stray)

    def _notice(self, offer: DueOffer, now: datetime) -> None:
        """Whether telephone and page are there; after a restart the time begins when they are."""
        seat = self._switchboard.seats[offer.agent]
        if not (seat.presence.registered and seat.presence.seen):
            offer.away = offer.away or now
            return
        offer.away = None
        if not offer.seen:
            offer.seen = True
            self._begin_time(offer)

    def _end_of(self, offer: DueOffer, tasks: Mapping[int, CallbackTask], now: datetime) -> str | None:
        if not self._can_go_on(offer, tasks.get(offer.task.id), now):
            return WITHDRAWN
        if offer.until is None or now < offer.until:
            return None
        return MISSED if offer.seen else WITHDRAWN

    def _can_go_on(self, offer: DueOffer, task: CallbackTask | None, now: datetime) -> bool:
        """`task`: as it is now; None when it is done, or keeps no place any more."""
        seat = self._switchboard.seats[offer.agent]
        if seat.gone or seat.presence.work is not Work.DUE or seat.presence.intent is not Intent.READY:
            return False
        if task is None or task.taken_by is not None or not task.place.stands(now) or not self._ringable.now(now):
            return False
        away = offer.seen and offer.away is not None and now - offer.away >= AWAY
        return not away and offer.task.number not in self._switchboard.calls.numbers()

    def _close(self, offer: DueOffer, end: str, bar: Bar | None = None) -> None:
        log.info("callback not started", call=offer.task.call_id, agent=offer.agent, end=end)
        self._drop(offer, bar)
        if offer.until is not None:
            self._note_end(offer, end)

    def _drop(self, offer: DueOffer, bar: Bar | None = None) -> None:
        if self._offers.get(offer.agent) is not offer:
            return
        del self._offers[offer.agent]
        seat, now = self._switchboard.seats[offer.agent], self._clock.now()
        if seat.presence.work is Work.DUE:
            free = seat.presence.free(now, keep_idle=True)
            seat.presence = seat.presence.barred(bar, now) if bar is not None else free
        seat.touch()

    def _note_end(self, offer: DueOffer, end: str) -> None:
        self._journal.later(partial(self._rows.closed, offer.id, offer.task.call_id, self._clock.now(), end))

    # --- starts and steps of the clock ---------------------------------------------------------

    async def load(self, tasks: Iterable[CallbackTask]) -> None:
        """At the start: who was offered one of these callbacks is offered it again, with the full time."""
        known = {task.id: task for task in tasks}
        try:
            left_open = await self._rows.open()
        except StorageError as error:
            log.warning("callbacks that were offered are not known", why=str(error))
            return
        for row in left_open:
            task = known.get(row.task_id)
            if task is not None and row.agent in self._switchboard.seats:
                self._restore(DueOffer(row.id, task, row.agent, row.at))
            else:
                self._journal.later(partial(self._rows.closed, row.id, None, self._clock.now(), WITHDRAWN))

    def _restore(self, offer: DueOffer) -> None:
        seat = self._switchboard.seats[offer.agent]
        if not _can_have(seat, offer.task):
            self._note_end(offer, WITHDRAWN)
            return
        offer.seen = False
        self._offers[offer.agent] = offer
        seat.presence = seat.presence.busy(Work.DUE, self._clock.now())
        self._begin_time(offer)
        self._switchboard.spawn(self._count_earlier(offer))
        log.info("callback offered again", call=offer.task.call_id, agent=offer.agent)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        for offer in self._offers.values():
            offer.shift(delta)


def _can_have(seat: Seat, task: CallbackTask) -> bool:
    free = seat.call is None and not seat.unwritten and seat.presence.work is Work.FREE
    return free and seat.presence.intent is Intent.READY and task.keeps_place and task.taken_by is None
