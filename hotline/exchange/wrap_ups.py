"""After a talk: its agent writes up what the call came to, and is free for the next one then."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Protocol

import structlog

from agents.presence import Work
from hotline.clock import Clock
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Calls, Phase
from hotline.exchange.seats import Seat, Seats

log = structlog.get_logger()

UNSEEN_SECONDS = 1.0
"""So often it is looked whether a wrap-up still has a page, once its time is over."""


class Board(Protocol):
    """What is needed of the switchboard."""

    def release(self, seat: Seat) -> None: ...

    def rematch(self) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None: ...


class WrapUps:
    def __init__(self, seats: Seats, calls: Calls, book: Book, clock: Clock, board: Board) -> None:
        self._seats = seats
        self._calls = calls
        self._book = book
        self._clock = clock
        self._board = board

    def begin(self, call: Call, seat: Seat) -> None:
        """The agent writes up what the call came to; done already, when it was written during the talk."""
        now = self._clock.now()
        if call.phase is not Phase.OUTSIDE:
            call.phase = Phase.WRAP_UP
        call.wrap_up_until = now + timedelta(seconds=call.config.wrap_up_seconds(call.request))
        seat.call, seat.presence = call, seat.presence.busy(Work.WRAP_UP, now)
        if call.disposed is not None:
            self._board.release(seat)
        elif not seat.presence.needs_screen:
            self._board.spawn(self._end_unseen(call, seat))
        seat.touch()

    async def _end_unseen(self, call: Call, seat: Seat) -> None:
        """Without a page nobody can write anything up: then the time for it ends by itself, and so it stands there."""
        while seat.call is call and seat.presence.work is Work.WRAP_UP and call.wrap_up_until is not None:
            left = (call.wrap_up_until - self._clock.now()).total_seconds()
            if left <= 0 and not seat.screens:
                self._book.noted(call, self._clock.now(), "not_written_up", seat.agent.name)
                self._board.release(seat)
                return
            await asyncio.sleep(max(left, 0.0) + UNSEEN_SECONDS)

    def add(self, call: Call, seat: Seat) -> None:
        """A talk that its agent has not on the screen any more, or not yet again after a restart, and has still to
        write up; not before what is there now."""
        if call.id in {known.id for known in (seat.call, *seat.unwritten) if known is not None}:
            return
        if not seat.presence.needs_screen:
            return  # perhaps nobody sees it, and none of the many of a day was ever written up
        if self._calls.get(call.id) is None:
            call.over.set()
        seat.unwritten.append(call)
        log.info("a talk is still to be written up", call=call.id, agent=seat.agent.name)
        self._board.rematch()

    def look(self) -> None:
        """Whoever is free begins with the next talk that is still to be written up."""
        for seat in self._seats:
            if seat.call is None and seat.unwritten and seat.presence.work is Work.FREE:
                self.begin(seat.unwritten.pop(0), seat)

    def writer_of(self, call: Call) -> Seat | None:
        """Who has talked with a caller who leaves while nobody does, and still has the call on the screen."""
        if call.spoke_with is None:
            return None
        seat = self._seats[call.spoke_with]
        waits = call.phase in {Phase.LOST, Phase.OFFERED} or call.giver is not None
        return seat if waits and seat.call is call else None
