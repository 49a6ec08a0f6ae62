"""The callback requests that are open, kept at hand for the agents' pages."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from agents.callbacks import next_try, way
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import ReceiptTaken, Refused, StorageError
from hotline.exchange.journal import Journal, Write
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ring import Result, Ring
from hotline.exchange.switchboard import Switchboard
from hotline.storage.callbacks import NOT_REACHED, Callbacks, CallbackTask, Kept, Unreached
from ivr.effects import InTurn, Window
from routing.numbers import NumberPlan

log = structlog.get_logger()

RECEIPT_TRIES = 20
_IN_VAIN = {Result.NO_ANSWER, Result.BUSY, Result.UNREACHABLE}
Configuration = Callable[[], tuple[int, HotlineConfig]]


class NotReached(Protocol):
    """See hotline/workplace/unreached.py."""

    def promise(self, agent: str, note: str) -> Unreached: ...

    def promised(self) -> None: ...


class CallbackBoard:
    def __init__(
        self,
        callbacks: Callbacks,
        journal: Journal,
        switchboard: Switchboard,
        clock: Clock,
        outgoing: Outgoing,
        configuration: Configuration,
        unreached: NotReached | None = None,
    ) -> None:
        """`unreached`: what is promised to whom the last try did not reach; nothing when left out."""
        self._callbacks = callbacks
        self._journal = journal
        self._switchboard = switchboard
        self._clock = clock
        self._outgoing = outgoing
        self._configuration = configuration
        self.unreached = unreached
        self._tasks: list[CallbackTask] = []
        self._given_up: list[CallbackTask] = []
        self._asked = self._shown = 0
        self.stale = False
        """The tasks could not be read again when they had changed."""

    async def load(self) -> None:
        """Read the open tasks and show them to everybody. StorageError."""
        self._asked += 1
        mine = self._asked
        tasks = await self._callbacks.open_tasks()
        given_up = await self._callbacks.given_up(self._midnight())
        if mine >= self._shown:  # an older answer never replaces a newer one
            self._shown, self._tasks, self._given_up, self.stale = mine, tasks, given_up, False
            self._switchboard.rematch()  # a place in the line may have come or gone

    async def refresh(self) -> None:
        """As `load`; what fails now leaves the list `stale`, to be read again soon."""
        try:
            await self.load()
        except StorageError as error:
            self.stale = True
            log.warning("callbacks not read", why=str(error))

    @property
    def tasks(self) -> Sequence[CallbackTask]:
        """The open ones, the earliest due first."""
        return self._tasks

    def _midnight(self) -> datetime:
        zone = ZoneInfo(self._configuration()[1].hotline.timezone)
        return self._clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def task(self, task_id: int) -> CallbackTask | None:
        """The open task with that id."""
        return next((task for task in self._tasks if task.id == task_id), None)

    async def request(
        self,
        call_id: str,
        number: str,
        request_type: str | None,
        at: datetime,
        due: datetime,
        household_number: str | None,
        *,
        when: InTurn | Window | None = None,
        place_at: datetime | None = None,
        language: str | None = None,
    ) -> None:
        """A caller wants to be rung back; stored at the latest when the database answers again.

        `when`: in their turn, as one who joined the line at `place_at`; or from the beginning of a window on.
        """
        kept = _kept(when, place_at or at)

        async def write() -> None:
            await self._callbacks.request(call_id, number, request_type, at, due, household_number, kept, language)
            await self.refresh()

        await self._journal.soon(write)

    async def request_for(self, call_id: str, agent: str, at: datetime, due: datetime) -> None:
        """An agent has seen that this caller did not reach us."""
        await self._store(partial(self._callbacks.for_call, call_id, agent, at, due))

    async def take(self, agent: str, task: str) -> None:
        """This agent rings the caller back."""
        await self._store(partial(self._callbacks.take, task_id_of(task), agent, self._clock.now()))

    async def finish(self, agent: str, task: str, outcome: str, note: str) -> None:
        """The caller was rung back; who was not reached comes up again later, for anybody, until the last try.

        Refused when the task is not the agent's any more, as when an earlier try was stored after all: then nothing
        is to be said of it any more.
        """
        task_id, now = task_id_of(task), self._clock.now()
        self._outgoing.require_over(task_id)
        try:
            if outcome == NOT_REACHED:
                await self._not_reached(task_id, agent, note, now)
            else:
                await self._store(partial(self._callbacks.finish, task_id, agent, outcome, note, now))
        except Refused:
            self._outgoing.settled(task_id, agent)
            raise
        self._outgoing.settled(task_id, agent)

    async def _not_reached(self, task_id: int, agent: str, note: str, now: datetime) -> None:
        """After the last try in vain an answer is promised instead, with a receipt number that nobody has yet."""
        tried = partial(self._callbacks.not_reached, task_id, agent, now, partial(self._next_try, now), note)
        if self.unreached is None:
            await self._store(tried)
            return
        for _ in range(RECEIPT_TRIES):
            with suppress(ReceiptTaken):
                if await self._store(partial(tried, self.unreached.promise(agent, note))) is None:
                    self.unreached.promised()
                return
        raise Refused("Es ließ sich keine Vorgangsnummer vergeben. Bitte noch einmal versuchen.")

    def _next_try(self, now: datetime, tries: int) -> datetime | None:
        return next_try(self._configuration()[1], tries, now)

    async def return_to_line(self, task_id: int, agent: str) -> None:
        """The agent's own telephone was not picked up, nobody was rung: what is open for this number is everybody's
        again."""
        await self._store(partial(self._callbacks.give_back, task_id, agent))

    async def give_back(self, agent: str, *, finishes: bool = False) -> None:
        """The agent goes home: what they had taken on is everybody's again, but for what they ring just now.

        Of a ring that is over nothing is asked any more: whoever is gone cannot say what came of it. `finishes`: the
        agent is going to say that first.
        """
        ring = self._outgoing.of(agent)
        rung = None if ring is None else self.task(ring.task_id)
        if ring is not None and ring.over and not (finishes and ring.asks):
            if ring.asks:
                with suppress(Refused):  # it is closed, or somebody else's
                    await self._unsaid(ring, agent)
            self._outgoing.settled(ring.task_id, agent)
            rung = None
        kept = set() if rung is None else {rung.id, *(one.id for one in self.same_number(rung))}
        for task in {task.id for task in self._tasks if task.taken_by == agent} - kept:
            with suppress(Refused):
                await self._store(partial(self._callbacks.give_back, task, agent))

    async def _unsaid(self, ring: Ring, agent: str) -> None:
        """What is known without the agent's word: a try in vain is one; of all else somebody is to look at it."""
        if ring.result in _IN_VAIN:
            await self._not_reached(ring.task_id, agent, "", self._clock.now())
        else:
            await self._store(partial(self._callbacks.give_back, ring.task_id, agent, keeps_place=False))

    async def give_back_idle(self, task: CallbackTask) -> None:
        """A kept place that its agent has taken on and does not ring is everybody's again."""
        if task.taken_by is not None:
            await self._store(partial(self._callbacks.give_back_idle, task.id, task.taken_by))

    async def drop_place(self, task_id: int) -> None:
        """The caller has been talked with: the callback is one like others from now on."""
        await self._store(partial(self._callbacks.drop_place, task_id))

    async def _store(self, write: Write) -> Any:
        try:
            result = await self._journal.now(write)
        except Refused:  # the list is older than what is stored
            await self.refresh()
            raise
        await self.refresh()
        return result

    # --- what pages show ---------------------------------------------------------------------

    def view(self, config: HotlineConfig) -> list[dict[str, Any]]:
        """The open tasks as the pages show them, the earliest due first."""
        return [self.task_view(task, config) for task in self._tasks]

    def given_up_view(self, config: HotlineConfig) -> list[dict[str, Any]]:
        """Those closed today because the caller was not reached at the last try either."""
        return [self.task_view(task, config) for task in self._given_up]

    def same_number(self, task: CallbackTask) -> list[CallbackTask]:
        """Further open tasks of the same number: one caller who has asked in several calls, or several who share it."""
        return [one for one in self._tasks if task.number and one.number == task.number and one.id != task.id]

    def task_view(self, task: CallbackTask, config: HotlineConfig) -> dict[str, Any]:
        """`can_ring`: the page may offer to ring; `why_not` says in German why it cannot.

        `same_number`: how many further callbacks that number waits for.
        """
        plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        labels = {kind.key: kind.label for kind in (*config.request_types, config.unclear)}
        found = way(config, task.number)
        return {
            "id": str(task.id),
            "number": plan.display(task.number) if task.number else None,
            "type": labels.get(task.request_type or "", config.unclear.label),
            "since": task.requested_at.isoformat(),
            "due": task.due_at.isoformat(),
            "household_number": task.household_number,
            "place": _place_view(task),
            "language": _language(config, task.language),
            "same_number": len(self.same_number(task)),
            "taken_by": task.taken_by,
            "tries": task.tries,
            "tries_most": config.callbacks.tries,
            "next_try": task.next_try_at.isoformat() if task.next_try_at else None,
            "can_ring": not isinstance(found, str),
            "why_not": found if isinstance(found, str) else None,
        }


def _kept(when: InTurn | Window | None, place_at: datetime) -> Kept | None:
    match when:
        case InTurn():
            return Kept(place_at=place_at)
        case Window(start, end):
            return Kept(not_before=start, not_after=end)
    return None


def _place_view(task: CallbackTask) -> dict[str, str | None] | None:
    """Since when the place in the line is kept, or the window; None for an ordinary callback."""
    if not task.keeps_place:
        return None
    moments = {"since": task.place_at, "from": task.not_before, "until": task.not_after}
    return {name: None if at is None else at.isoformat() for name, at in moments.items()}


def _language(config: HotlineConfig, key: str | None) -> str | None:
    """The caller's language as people call it; None for the hotline's own."""
    return next((one.name for one in config.languages if one.key == key), None)


def task_id_of(text: str) -> int:
    """Refused when the page names no task."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Refused("Diesen Rückruf gibt es nicht.")
    return int(text)
