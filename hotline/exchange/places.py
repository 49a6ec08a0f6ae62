"""Callbacks that keep their place: they stand in the line among the callers, and each is offered in its turn.

Here it is decided which of them wait in the line; due_offers.py has those that are offered, unrung.py those that are
everybody's again.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.exchange.calls import Call
from hotline.exchange.due_offers import DueOffers
from hotline.exchange.journal import Journal
from hotline.exchange.outgoing import Outgoing
from hotline.exchange.ringable import Ringable
from hotline.exchange.standing import Standing, request_of
from hotline.exchange.switchboard import Switchboard
from hotline.exchange.unrung import Tasks, Unrung
from hotline.logs import log_failure
from hotline.storage.callbacks import CallbackTask
from hotline.storage.ledger import Ledger
from hotline.storage.places import PlaceOffers, entry_of

log = structlog.get_logger()

EVERY_SECONDS = 1.0
"""So often it is looked whether a time has come: of a window, of a next try, of opening, of an offer nobody starts."""

Configuration = Callable[[], tuple[int, HotlineConfig]]


class Board(Tasks, Protocol):
    """See hotline/callback_board.py."""

    stale: bool

    async def refresh(self) -> None: ...


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
        self._clock = clock
        self._configuration = configuration
        self.ringable = Ringable(configuration)
        self.offers = DueOffers(switchboard, board.refresh, rows, ledger, journal, clock, configuration, self.ringable)
        self._unrung = Unrung(switchboard, board, outgoing, clock)
        self._standing = Standing(switchboard.line)
        switchboard.places = self

    async def load(self) -> None:
        """At the start, after the board: who was offered a callback is offered it again."""
        await self.offers.load(self._board.tasks)
        self._switchboard.rematch()

    async def run(self) -> None:
        """For ever: times come without anything happening."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                if self._board.stale:
                    await self._board.refresh()
                if self.look():
                    self._switchboard.rematch()
            except Exception as error:
                log_failure("places in the line were not looked at", "", error)

    def look(self) -> bool:
        """Take back what is not to be offered any more, and bring the line up to date; whether anything changed."""
        now = self._clock.now()
        self._unrung.look(now)
        tasks = {task.id: task for task in self._board.tasks if task.keeps_place}
        changed = self.offers.settle(tasks, now)
        if not tasks and not self._standing:
            return changed
        config, opened = self._configuration()[1], self.ringable.since(now)
        return self._standing.bring_up(self._wanted(tasks, now), config, now, opened) or changed

    def _wanted(self, tasks: Mapping[int, CallbackTask], now: datetime) -> Iterator[CallbackTask]:
        """In the order of the line. Nobody is in it twice, nor while they are with us or are being rung."""
        if not tasks or not self.ringable.now(now) or self.offers.fails:
            return
        standing = sorted((task for task in tasks.values() if task.place.stands(now)), key=_by_place)
        if not standing:
            return
        in_hand = self._in_hand()
        busy = self._switchboard.calls.numbers() | {task.number for task in self._board.tasks if task.id in in_hand}
        for task in standing:
            free = task.number not in busy and task.id not in in_hand and not self._unrung.spoken(task)
            if free and self.ringable.number(task.number):
                busy.add(task.number)
                yield task

    def _in_hand(self) -> set[int]:
        """Callbacks that are offered, rung, or taken on by somebody."""
        offered = {offer.task.id for offer in self.offers}
        return offered | self._outgoing.in_hand() | {task.id for task in self._board.tasks if task.taken_by is not None}

    # --- what the switchboard tells ----------------------------------------------------------

    def offered(self, entry: str, agent: str) -> None:
        """The matcher has chosen this agent; the entry is out of the line already."""
        stood = self._standing.take(entry)
        task = next((one for one in self._board.tasks if stood is not None and one.id == stood.task_id), None)
        if task is not None and stood is not None:
            self.offers.make(task, self._switchboard.seats[agent], stood)

    def answered(self, call: Call) -> None:
        """An agent talks with this caller."""
        self._unrung.answered(call)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that; the line has been shifted."""
        self._standing.shift(delta)
        self.offers.shift(delta)

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
        ring, offer = self._outgoing.of_task(task.id), self.offers.of_task(task.id)
        agent = ring.agent if ring is not None else offer.agent if offer is not None else task.taken_by
        known = agent is not None and agent in self._switchboard.seats
        return {
            "call_id": entry_of(task.id),
            "type": request_of(config, task).label,
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


def _by_place(task: CallbackTask) -> tuple[datetime, int]:
    return task.place.joins_at() or task.requested_at, task.id


def _past(task: CallbackTask, now: datetime) -> bool:
    return task.not_after is not None and now >= task.not_after


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
