"""The callback requests that are open, kept at hand for the agents' pages."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.seats import Seats
from hotline.storage.callbacks import Callbacks, CallbackTask
from hotline.switchboard import Switchboard
from routing.numbers import NumberPlan


class CallbackBoard:
    def __init__(self, callbacks: Callbacks, switchboard: Switchboard, clock: Clock) -> None:
        self._callbacks = callbacks
        self._switchboard = switchboard
        self._clock = clock
        self._tasks: list[CallbackTask] = []

    @property
    def _seats(self) -> Seats:
        return self._switchboard.seats

    async def refresh(self) -> None:
        """Read the open tasks again and show them to everybody."""
        self._tasks = await self._callbacks.open_tasks()
        self._seats.touch_all()

    async def request(
        self,
        call_id: str,
        number: str,
        request_type: str | None,
        at: datetime,
        due: datetime,
        household_number: str | None,
    ) -> int:
        """A caller wants to be rung back; stored when this returns."""
        task = await self._callbacks.request(call_id, number, request_type, at, due, household_number)
        await self.refresh()
        return task

    async def take(self, agent: str, task: str) -> None:
        await self._store(partial(self._callbacks.take, _task_id(task), agent, self._clock.now()))

    async def finish(self, agent: str, task: str, outcome: str, note: str) -> None:
        await self._store(partial(self._callbacks.finish, _task_id(task), agent, outcome, note, self._clock.now()))

    async def _store(self, write: Callable[[], Any]) -> None:
        await self._switchboard.store(write)
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
