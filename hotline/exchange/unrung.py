"""Callbacks that nobody rings as they stand: not started after all, left lying, or talked with the caller meanwhile.

What is to be stored of them is begun here: nobody waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from agents.presence import Bar, Intent
from hotline.clock import Clock
from hotline.errors import Refused, StorageError
from hotline.exchange.calls import Call
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ring import Result, Ring
from hotline.exchange.switchboard import Switchboard
from hotline.storage.callbacks import CallbackTask

log = structlog.get_logger()

AGAIN_SECONDS = 5.0
"""What could not be stored is tried again after this."""
IDLE = timedelta(minutes=15)
"""Who has taken on a kept place from the list, and has not rung by then, is not going to."""


class Tasks(Protocol):
    """See hotline/callback_board.py."""

    @property
    def tasks(self) -> Sequence[CallbackTask]: ...

    async def return_to_line(self, task_id: int, agent: str) -> None: ...

    async def give_back_idle(self, task: CallbackTask) -> None: ...

    async def drop_place(self, task_id: int) -> None: ...


class Unrung:
    def __init__(self, switchboard: Switchboard, board: Tasks, outgoing: Outgoing, clock: Clock) -> None:
        self._switchboard = switchboard
        self._board = board
        self._outgoing = outgoing
        self._clock = clock
        self._spoken: set[int] = set()
        self._begun: dict[int, float] = {}
        """When it was last begun to store something of a callback, by the loop's time."""
        outgoing.own_missed = self.own_missed

    # --- not started ---------------------------------------------------------------------------

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

    # --- left lying ----------------------------------------------------------------------------

    def spoken(self, task: CallbackTask) -> bool:
        """Whether the caller was talked with meanwhile, and it is not stored yet that no place is kept any more."""
        return task.id in self._spoken

    def answered(self, call: Call) -> None:
        """An agent talks with this caller, and sees what they wait for: nobody is rung for it by itself any more."""
        waits = [task for task in self._board.tasks if task.keeps_place and call.caller and task.number == call.caller]
        self._spoken |= {task.id for task in waits if task.call_id != call.id}

    def look(self, now: datetime) -> None:
        """Begin to store what has to be.

        Before Asterisk has told which calls go on, nothing is given back: the caller may be talking just now.
        """
        tasks = {task.id: task for task in self._board.tasks}
        rung = {_caller(task) for task in tasks.values() if task.id in self._outgoing.in_hand()}
        self._spoken &= {task.id for task in tasks.values() if task.keeps_place}
        self._begun = {task_id: at for task_id, at in self._begun.items() if task_id in tasks}
        for task in tasks.values():
            if task.id in self._spoken:
                self._store(task, partial(self._board.drop_place, task.id))
            elif self._outgoing.compared and _caller(task) not in rung and self._left(task, now):
                self._store(task, partial(self._board.give_back_idle, task))

    def _left(self, task: CallbackTask, now: datetime) -> bool:
        """Its agent is gone; or has had time enough for a kept place, and does not talk with that caller either."""
        if task.taken_by is None:
            return False
        if task.taken_by not in self._switchboard.seats:
            return True
        long_since = now - (task.taken_at or task.requested_at) >= IDLE
        return task.keeps_place and long_since and task.number not in self._switchboard.calls.numbers()

    def _store(self, task: CallbackTask, write: Callable[[], Awaitable[None]]) -> None:
        moment = asyncio.get_running_loop().time()
        if moment - self._begun.get(task.id, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            self._begun[task.id] = moment
            self._switchboard.spawn(self._try(task, write))

    async def _try(self, task: CallbackTask, write: Callable[[], Awaitable[None]]) -> None:
        try:
            await write()
        except Exception as error:
            log.warning("callback is not changed yet", call=task.call_id, why=type(error).__name__)


def _caller(task: CallbackTask) -> str | int:
    """The same for all that is asked for one number."""
    return task.number or task.id
