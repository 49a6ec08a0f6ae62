"""The callback requests that are open, kept at hand for the agents' pages."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from agents.callbacks import next_try, way
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused, StorageError
from hotline.exchange.journal import Journal, Write
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.switchboard import Switchboard
from hotline.storage.callbacks import NOT_REACHED, Callbacks, CallbackTask
from routing.numbers import NumberPlan

log = structlog.get_logger()

Configuration = Callable[[], tuple[int, HotlineConfig]]


class CallbackBoard:
    def __init__(
        self,
        callbacks: Callbacks,
        journal: Journal,
        switchboard: Switchboard,
        clock: Clock,
        outgoing: Outgoing,
        configuration: Configuration,
    ) -> None:
        self._callbacks = callbacks
        self._journal = journal
        self._switchboard = switchboard
        self._clock = clock
        self._outgoing = outgoing
        self._configuration = configuration
        self._tasks: list[CallbackTask] = []
        self._given_up: list[CallbackTask] = []
        self._asked = self._shown = 0

    async def load(self) -> None:
        """At the start: read the open tasks. What somebody had taken who has left the configuration is free again."""
        seated = [seat.agent.name for seat in self._switchboard.seats]
        if count := await self._journal.now(partial(self._callbacks.give_back_all_but, seated)):
            log.warning("callbacks of agents who are not in the configuration are given back", callbacks=count)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the open tasks again and show them to everybody; what fails now is tried again with the next change."""
        self._asked += 1
        mine = self._asked
        try:
            tasks = await self._callbacks.open_tasks()
            given_up = await self._callbacks.given_up(self._midnight())
        except StorageError as error:
            log.warning("callbacks not read", why=str(error))
            return
        if mine >= self._shown:  # an older answer never replaces a newer one
            self._shown, self._tasks, self._given_up = mine, tasks, given_up
            self._switchboard.seats.touch_all()

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
    ) -> None:
        """A caller wants to be rung back; stored at the latest when the database answers again."""

        async def write() -> None:
            await self._callbacks.request(call_id, number, request_type, at, due, household_number)
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
        write: Write
        if outcome == NOT_REACHED:
            write = partial(self._callbacks.not_reached, task_id, agent, now, partial(self._next_try, now), note)
        else:
            write = partial(self._callbacks.finish, task_id, agent, outcome, note, now)
        try:
            await self._store(write)
        except Refused:
            self._outgoing.settled(task_id, agent)
            raise
        self._outgoing.settled(task_id, agent)

    def _next_try(self, now: datetime, tries: int) -> datetime | None:
        return next_try(self._configuration()[1], tries, now)

    async def give_back(self, agent: str) -> None:
        """The agent goes home: what they had taken on is everybody's again, but for what they ring just now.

        Of a ring that is over nothing is asked any more: whoever is gone cannot say what came of it.
        """
        ring = self._outgoing.of(agent)
        over, rung = ring is not None and ring.over, None if ring is None else ring.task_id
        mine = {task.id for task in self._tasks if task.taken_by == agent}
        for task in mine if over else mine - {rung}:
            with suppress(Refused):  # it is closed, or somebody else's
                await self._store(partial(self._callbacks.give_back, task, agent))
        if over and rung is not None:
            self._outgoing.settled(rung, agent)

    async def _store(self, write: Write) -> None:
        try:
            await self._journal.now(write)
        except Refused:  # the list is older than what is stored
            await self.refresh()
            raise
        await self.refresh()

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
            "same_number": len(self.same_number(task)),
            "taken_by": task.taken_by,
            "tries": task.tries,
            "tries_most": config.callbacks.tries,
            "next_try": task.next_try_at.isoformat() if task.next_try_at else None,
            "can_ring": not isinstance(found, str),
            "why_not": found if isinstance(found, str) else None,
        }


def task_id_of(text: str) -> int:
    """Refused when the page names no task."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Refused("Diesen Rückruf gibt es nicht.")
    return int(text)
