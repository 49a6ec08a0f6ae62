"""The callback requests that are open, kept at hand for the agents' pages."""

from datetime import datetime
from functools import partial
from typing import Any

import structlog

from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused, StorageError
from hotline.exchange.journal import Journal, Write
from hotline.exchange.switchboard import Switchboard
from hotline.storage.callbacks import Callbacks, CallbackTask
from routing.numbers import NumberPlan

log = structlog.get_logger()

NOT_REACHED = "not_reached"


class CallbackBoard:
    def __init__(self, callbacks: Callbacks, journal: Journal, switchboard: Switchboard, clock: Clock) -> None:
        self._callbacks = callbacks
        self._journal = journal
        self._switchboard = switchboard
        self._clock = clock
        self._tasks: list[CallbackTask] = []
        self._asked = self._shown = 0

    async def refresh(self) -> None:
        """Read the open tasks again and show them to everybody; what fails now is tried again with the next change."""
        self._asked += 1
        mine = self._asked
        try:
            tasks = await self._callbacks.open_tasks()
        except StorageError as error:
            log.warning("callbacks not read", why=str(error))
            return
        if mine >= self._shown:  # an older answer never replaces a newer one
            self._shown, self._tasks = mine, tasks
            self._switchboard.seats.touch_all()

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

    async def take(self, agent: str, task: str) -> None:
        """This agent rings the caller back."""
        await self._store(partial(self._callbacks.take, _task_id(task), agent, self._clock.now()))

    async def finish(self, agent: str, task: str, outcome: str, note: str) -> None:
        """The caller was rung back; whoever was not reached stays on the list, for anybody."""
        if outcome == NOT_REACHED:
            await self._store(partial(self._callbacks.not_reached, _task_id(task), agent, self._clock.now()))
        else:
            await self._store(partial(self._callbacks.finish, _task_id(task), agent, outcome, note, self._clock.now()))

    async def give_back(self, agent: str) -> None:
        """The agent goes home: what they had taken on is everybody's again."""
        mine = [task.id for task in self._tasks if task.taken_by == agent]
        for task in mine:
            await self._store(partial(self._callbacks.give_back, task, agent))

    async def _store(self, write: Write) -> None:
        await self._journal.now(write)
        await self.refresh()

    def view(self, config: HotlineConfig) -> list[dict[str, Any]]:
        """The open tasks as the pages show them, the earliest due first."""
        plan = NumberPlan(config.hotline.country_code, config.hotline.area_code)
        labels = {kind.key: kind.label for kind in (*config.request_types, config.unclear)}
        return [
            {
                "id": str(task.id),
                "number": plan.display(task.number) if task.number else None,
                "type": labels.get(task.request_type or "", config.unclear.label),
                "since": task.requested_at.isoformat(),
                "due": task.due_at.isoformat(),
                "household_number": task.household_number,
                "taken_by": task.taken_by,
            }
            for task in self._tasks
        ]


def _task_id(text: str) -> int:
    if not text.isdecimal():
        raise Refused("Diesen Rückruf gibt es nicht.")
    return int(text)
