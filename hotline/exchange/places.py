"""Callbacks that keep their place: they stand in the line among the callers, and each is offered in its turn.

An offer lives from the matcher's choice until the agent starts the call (then it is a ring, see outgoing.py), refuses
it, or lets the time for it pass; then the callback is back in the line at its place. It is stored before it is shown,
and found again after a restart. Nothing here rings anybody: that is the agent's press.
"""

import asyncio
import secrets
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from agents.callbacks import too_early, way
from agents.presence import Bar, Intent, Work
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused, StorageError
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal, Write
from hotline.exchange.outgoing import Outgoing, Result, Ring
from hotline.exchange.seats import Seat
from hotline.exchange.switchboard import Switchboard
from hotline.logs import log_failure
from hotline.storage.callbacks import CallbackTask
from hotline.storage.ledger import Ledger
from hotline.storage.places import PlaceOffers, entry_of
from hotline.storage.views import Earlier
from routing.hours import Calendar

log = structlog.get_logger()

EVERY_SECONDS = 1.0
"""So often it is looked whether a time has come: of a window, of a next try, of opening, of an offer nobody starts."""
AGAIN_SECONDS = 5.0
"""After a failure to store an offer nothing is offered for so long."""
AWAY_SECONDS = 4.0
"""A page that is loaded anew has its telephone back by then."""
IDLE = timedelta(minutes=15)
"""Who has taken on a kept place from the list, and has not rung by then, is not going to."""
COUNTS_SECONDS = 1.0
MOST_REMEMBERED = 1_000
MISSED, REJECTED, WITHDRAWN = "missed", "rejected", "withdrawn"
"""How an offer ended that was not started; stands in the ledger."""

Configuration = Callable[[], tuple[int, HotlineConfig]]


class Board(Protocol):
    """See hotline/callback_board.py."""

    @property
    def tasks(self) -> Sequence[CallbackTask]: ...

    async def refresh(self) -> None: ...

    async def return_to_line(self, task_id: int, agent: str) -> None: ...

    async def give_back_idle(self, task: CallbackTask) -> None: ...

    async def drop_place(self, task_id: int) -> None: ...


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
    joined: datetime | None = None
    """Where it stood in the line."""
    seen: bool = True
    """Telephone and page were there; False for one of before a restart until they are."""
    away: datetime | None = None
    """Since when one of them is not."""


@dataclass(frozen=True, slots=True)
class _Standing:
    task_id: int
    skill: str
    since: datetime
    """By the row of the callback."""
    joined: datetime
    """In the line: whoever waited while it was closed has not waited there."""
    second_at: datetime


class Places:
    """Every method but `load` and `run` changes the state without awaiting in between."""

    def __init__(
        self,
        switchboard: Switchboard,
        board: Board,
        outgoing: Outgoing,
        rows: PlaceOffers,
        ledger: Ledger,
        journal: Journal,
        clock: Clock,
        configuration: Configuration,
    ) -> None:
        self._switchboard = switchboard
        self._board = board
        self._outgoing = outgoing
        self._rows = rows
        self._ledger = ledger
        self._journal = journal
        self._clock = clock
        self._configuration = configuration
        self.draining: Callable[[], bool] = lambda: False
        """Whether the hotline drains: then places wait for the next start."""
        self._offers: dict[str, DueOffer] = {}
        """By agent."""
        self._standing: dict[str, _Standing] = {}
        """What is in the line, by its entry."""
        self._rung: dict[tuple[int, str], bool] = {}
        self._hours: tuple[tuple[int, int], bool] | None = None
        self._opened: datetime | None = None
        """Since when it is open now, where that matters."""
        self._not_before = 0.0
        self._spoken: set[int] = set()
        """Callbacks whose callers were talked with meanwhile, until it is stored that they keep no place any more."""
        self._asked: dict[int, float] = {}
        """When it was last begun to store something of a callback, by the loop's time."""
        switchboard.places = self
        outgoing.own_missed = self.own_missed

    # --- who stands in the line --------------------------------------------------------------

    async def run(self) -> None:
        """For ever: times come without anything happening."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                if self.look():
                    self._switchboard.rematch()
            except Exception as error:
                log_failure("places in the line were not looked at", "", error)

    def look(self) -> bool:
        """Take back what is not to be offered any more, and bring the line up to date; whether anything changed."""
        tasks = {task.id: task for task in self._board.tasks if task.keeps_place}
        now = self._clock.now()
        changed = self._free_stray(now)
        if not tasks and not self._offers and not self._standing:
            return changed
        self._store_again(tasks, now)
        changed = self._settle(tasks, now) or changed
        wanted = {entry_of(task.id): task for task in self._wanted(tasks, now)}
        for entry in self._standing.keys() - wanted.keys():
            self._switchboard.line.leave(entry)
            del self._standing[entry]
            changed = True
        before: set[datetime] = set()
        for entry, task in wanted.items():  # in the order of the line
            if self._stand(entry, task, now, before):
                before.add(self._standing[entry].joined)
        return changed or bool(before)

    def _stand(self, entry: str, task: CallbackTask, now: datetime, before: Container[datetime]) -> bool:
        """Whether it had to be put there. Those behind it who joined at the same moment have to be put there, too:
        `before` are the moments of those who were put there before this one."""
        since, known = task.place.joins_at() or now, self._standing.get(entry)
        config = self._configuration()[1]
        skill = _skill(config, task)
        stood = known is not None and known.since == since and entry in self._switchboard.line
        joined = known.joined if known is not None and stood else min(max(since, self._opened or since), now)
        second = joined + timedelta(seconds=config.distribution.second_choice_after_seconds)
        wanted = _Standing(task.id, skill, since, joined, second)
        if stood and known == wanted and joined not in before:
            return False
        self._switchboard.line.join(entry, skill, joined, second_at=second)
        self._standing[entry] = wanted
        return True

    def _wanted(self, tasks: Mapping[int, CallbackTask], now: datetime) -> Iterator[CallbackTask]:
        """Nobody is in the line twice, nor while they are with us or are being rung."""
        if not tasks or self.draining() or not self._in_hours(now) or self._fails():
            return
        standing = sorted((task for task in tasks.values() if task.place.stands(now)), key=_by_place)
        if not standing:
            return
        version, config = self._configuration()
        in_hand = self._in_hand()
        busy = self._with_us() | {task.number for task in self._board.tasks if task.id in in_hand}
        for task in standing:
            free = task.number not in busy and task.id not in in_hand and task.id not in self._spoken
            if free and self._may_be_rung(version, config, task):
                busy.add(task.number)
                yield task

    def _in_hand(self) -> set[int]:
        """Callbacks that are offered, rung, or taken on by somebody."""
        offered = {offer.task.id for offer in self._offers.values()}
        rung = {ring.task_id for ring in self._outgoing if not ring.over or ring.asks}
        return offered | rung | {task.id for task in self._board.tasks if task.taken_by is not None}

    def _with_us(self) -> set[str | None]:
        """Numbers of callers who are with us: whoever calls again need not be rung."""
        return {call.caller for call in self._switchboard.calls if call.caller is not None}

    def _free_stray(self, now: datetime) -> bool:
        """Nobody waits for an offer that is not there."""
        stray = [seat for seat in self._switchboard.seats if seat.presence.work is Work.DUE]
        stray = [seat for seat in stray if seat.agent.name not in self._offers]
        for seat in stray:
            log.error("an agent waited for a callback that was not offered", agent=seat.agent.name)
            seat.presence = seat.presence.free(now, keep_idle=True)
            seat.touch()
        return bool(stray)

    # --- what is to be stored of callbacks that nobody rings -----------------------------------

    def answered(self, call: Call) -> None:
        """An agent talks with this caller, and sees what they wait for: nobody is rung for it by itself any more."""
        waits = [task for task in self._board.tasks if task.keeps_place and call.caller and task.number == call.caller]
        self._spoken |= {task.id for task in waits if task.call_id != call.id}

    def _store_again(self, tasks: Mapping[int, CallbackTask], now: datetime) -> None:
        """Of those talked with meanwhile, and of those taken on and not rung; what fails is tried again."""
        self._spoken &= tasks.keys()
        self._asked = {task_id: at for task_id, at in self._asked.items() if task_id in tasks}
        rung = {ring.task_id for ring in self._outgoing if not ring.over or ring.asks}
        for task in tasks.values():
            if task.id in self._spoken:
                self._ask(task, partial(self._board.drop_place, task.id))
            elif task.taken_by is not None and task.id not in rung and self._idle(task, now):
                self._ask(task, partial(self._board.give_back_idle, task))

    def _idle(self, task: CallbackTask, now: datetime) -> bool:
        """Its agent is gone, or has had time enough, and does not talk with that caller either."""
        if task.taken_by not in self._switchboard.seats:
            return True
        return now - (task.taken_at or task.requested_at) >= IDLE and task.number not in self._with_us()

    def _ask(self, task: CallbackTask, write: Write) -> None:
        moment = asyncio.get_running_loop().time()
        if moment - self._asked.get(task.id, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            self._asked[task.id] = moment
            self._switchboard.spawn(self._try(task, write))

    async def _try(self, task: CallbackTask, write: Write) -> None:
        try:
            await write()
        except Exception as error:
            log.warning("callback is not changed yet", call=task.call_id, why=type(error).__name__)

    # --- who may be rung -----------------------------------------------------------------------

    def _may_be_rung(self, version: int, config: HotlineConfig, task: CallbackTask) -> bool:
        if task.number is None:
            return False
        if len(self._rung) > MOST_REMEMBERED:
            self._rung.clear()
        key = (version, task.number)
        if key not in self._rung:
            self._rung[key] = not isinstance(way(config, task.number), str)
        return self._rung[key]

    def _fails(self) -> bool:
        return asyncio.get_running_loop().time() < self._not_before

    def _in_hours(self, now: datetime) -> bool:
        version, config = self._configuration()
        key = (version, int(now.timestamp()))
        if self._hours is None or self._hours[0] != key:
            self._hours = (key, too_early(config, None, now) is None)
            self._opened = _opened(config, now)
        return self._hours[1]

    # --- offers ------------------------------------------------------------------------------

    def offer_to(self, agent: str) -> DueOffer | None:
        """What this agent is offered now, as far as it may be shown."""
        offer = self._offers.get(agent)
        return offer if offer is not None and offer.until is not None else None

    def offered(self, entry: str, agent: str) -> None:
        """The matcher has chosen this agent; the entry is out of the line already."""
        stood = self._standing.pop(entry, None)
        task = next((one for one in self._board.tasks if stood is not None and one.id == stood.task_id), None)
        if task is None or stood is None:
            return
        seat, now = self._switchboard.seats[agent], self._clock.now()
        offer = DueOffer(secrets.token_hex(8), task, agent, now, joined=stood.joined)
        self._offers[agent] = offer
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
            await self._board.refresh()
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
        offer = self.offer_to(agent)
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
        if offer.joined is not None:  # the line has moved
            skill = _skill(self._configuration()[1], offer.task)
            self._switchboard.progress.remember(offer.at, skill, offer.joined, taken=True)

    def own_missed(self, ring: Ring) -> bool:
        """The agent's own telephone was not picked up; False when the callback keeps no place and so stays theirs,
        unless they have gone home.

        Otherwise it goes back to its place, and this agent gets nothing more until they press "ready".
        """
        task = next((one for one in self._board.tasks if one.id == ring.task_id), None)
        seat = self._switchboard.seats[ring.agent]
        if task is None or not (task.keeps_place or seat.presence.intent is Intent.HOME):
            return False
        if seat.call is None:
            not_theirs = ring.result is Result.OWN_GONE and not ring.stopped
            bar = Bar.PHONE_GONE if not_theirs else Bar.NOT_STARTED
            seat.presence = seat.presence.barred(bar, self._clock.now())
        self._switchboard.spawn(self._back(task, ring.agent))
        return True

    async def _back(self, task: CallbackTask, agent: str) -> None:
        try:
            await self._board.return_to_line(task.id, agent)
        except (Refused, StorageError) as error:
            log.warning("callback stays with its agent", call=task.call_id, agent=agent, why=type(error).__name__)
        self._switchboard.rematch()

    # --- how offers end ----------------------------------------------------------------------

    def _settle(self, tasks: Mapping[int, CallbackTask], now: datetime) -> bool:
        """Take back what cannot be started any more; whether there was any."""
        over = [offer for offer in self._offers.values() if not offer.starting]
        for offer in over:
            self._notice(offer, now)
        ended = [(offer, end) for offer in over if (end := self._end_of(offer, tasks, now)) is not None]
        for offer, end in ended:
            self._close(offer, end, Bar.NOT_STARTED if end == MISSED else None)
        return bool(ended)

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
        seat, task = self._switchboard.seats[offer.agent], tasks.get(offer.task.id)
        presence = seat.presence
        gone = seat.gone or task is None or task.taken_by is not None or not task.place.stands(now)
        if gone or presence.work is not Work.DUE or presence.intent is not Intent.READY:
            return WITHDRAWN
        if offer.task.number in self._with_us() or not self._in_hours(now) or self.draining():
            return WITHDRAWN
        if offer.seen and offer.away is not None and now - offer.away >= timedelta(seconds=AWAY_SECONDS):
            return WITHDRAWN
        if offer.until is None or now < offer.until:
            return None
        return MISSED if offer.seen else WITHDRAWN

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

    # --- starts and steps of the clock -------------------------------------------------------

    async def load(self) -> None:
        """At the start, after the board: who was offered a callback is offered it again, with the full time."""
        tasks = {task.id: task for task in self._board.tasks}
        try:
            left_open = await self._rows.open()
        except StorageError as error:
            log.warning("callbacks that were offered are not known", why=str(error))
            return
        for row in left_open:
            task = tasks.get(row.task_id)
            if task is not None and row.agent in self._switchboard.seats:
                self._restore(DueOffer(row.id, task, row.agent, row.at))
            else:
                self._journal.later(partial(self._rows.closed, row.id, None, self._clock.now(), WITHDRAWN))
        self._switchboard.rematch()

    def _restore(self, offer: DueOffer) -> None:
        seat = self._switchboard.seats[offer.agent]
        if not self._can_have(seat, offer.task):
            self._note_end(offer, WITHDRAWN)
            return
        offer.seen = False
        self._offers[offer.agent] = offer
        seat.presence = seat.presence.busy(Work.DUE, self._clock.now())
        self._begin_time(offer)
        self._switchboard.spawn(self._count_earlier(offer))
        log.info("callback offered again", call=offer.task.call_id, agent=offer.agent)

    def _can_have(self, seat: Seat, task: CallbackTask) -> bool:
        free = seat.call is None and not seat.unwritten and seat.presence.work is Work.FREE
        return free and seat.presence.intent is Intent.READY and task.keeps_place and task.taken_by is None

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that; the line has been shifted."""
        for entry, stood in self._standing.items():
            self._standing[entry] = replace(stood, joined=stood.joined + delta, second_at=stood.second_at + delta)
        for offer in self._offers.values():
            offer.at += delta
            offer.joined = None if offer.joined is None else offer.joined + delta
            offer.until = None if offer.until is None else offer.until + delta
            offer.away = None if offer.away is None else offer.away + delta

    # --- what the lead sees ------------------------------------------------------------------

    def waiting(self, places: Mapping[str, int]) -> list[dict[str, Any]]:
        """Every callback that keeps a place: those offered or rung first, then those in the line, then those to come.

        `places`: where each entry stands in the line, from 1.
        """
        now, config = self._clock.now(), self._configuration()[1]
        tasks = [task for task in self._board.tasks if task.keeps_place and not _past(task, now)]
        rows = [self._row(task, places, config) for task in tasks]
        return sorted(rows, key=lambda row: (row["rings_at"] is None, row["position"] is None, row["position"] or 0))

    def _row(self, task: CallbackTask, places: Mapping[str, int], config: HotlineConfig) -> dict[str, Any]:
        ring = self._outgoing.of_task(task.id)
        offer = next((one for one in self._offers.values() if one.task.id == task.id), None)
        agent = ring.agent if ring is not None else offer.agent if offer is not None else task.taken_by
        known = agent is not None and agent in self._switchboard.seats
        return {
            "call_id": entry_of(task.id),
            "type": _request(config, task).label,
            "language": next((one.name for one in config.languages if one.key == task.language), None),
            "held_for": None,
            "since": (task.place_at or task.requested_at).isoformat(),
            "position": places.get(entry_of(task.id)),
            "rings_at": self._switchboard.seats[agent].agent.full_name if agent is not None and known else None,
            "broke_off": False,
            "callback": {
                "offered": ring is None and offer is not None,
                "from": _iso(task.not_before),
                "until": _iso(task.not_after),
                "next_try": _iso(task.next_try_at),
            },
        }


def _request(config: HotlineConfig, task: CallbackTask) -> Any:
    try:
        return config.request_type(task.request_type or config.unclear.key)
    except KeyError:  # of an earlier configuration
        return config.unclear


def _skill(config: HotlineConfig, task: CallbackTask) -> str:
    return str(_request(config, task).skill)


def _opened(config: HotlineConfig, now: datetime) -> datetime | None:
    """Since when it is open; None when it is closed, or callers are rung at any time."""
    if not config.callbacks.only_when_open:
        return None
    spans = Calendar(config).openings(now, now + timedelta(microseconds=1))
    return next((span[0] for span in spans), None)


def _by_place(task: CallbackTask) -> tuple[datetime, int]:
    return task.place.joins_at() or task.requested_at, task.id


def _past(task: CallbackTask, now: datetime) -> bool:
    return task.not_after is not None and now >= task.not_after


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
