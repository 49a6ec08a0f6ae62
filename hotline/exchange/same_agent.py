"""Callers go to the agent who knows them: who that is, whether it is worth waiting, and when it is not any more."""

from datetime import datetime, timedelta

from hotline.exchange.book import Book
from hotline.exchange.calls import Call
from hotline.exchange.duty import counted_on
from hotline.exchange.seats import Seats
from routing.line import Line, Preferred


class SameAgent:
    """Asked by the switchboard. Times are business time."""

    def __init__(self, seats: Seats, line: Line, book: Book) -> None:
        self._seats = seats
        self._line = line
        self._book = book

    async def look_up(self, call: Call) -> None:
        """Begun when a call arrives: known long before the menu is through, and nobody waits for it. A caller who
        joins before it is known goes into the line as if nobody knew the number."""
        call.familiar = await self._book.familiar(call)

    def preferred(self, call: Call, now: datetime) -> Preferred | None:
        """The first who knows the caller, can take the request on, and is at work, busy or not.

        Whoever had an agent already and lost them goes to anybody: such a caller has waited enough.
        """
        rule = call.config.distribution.same_agent
        if rule is None or call.front or call.request is None or call.joined_at is None:
            return None
        for one in call.familiar:
            if self._at_work(one.agent, now) and self._seats[one.agent].serves(call.request.skill):
                return Preferred(one.agent, call.joined_at + timedelta(seconds=rule.wait_seconds))
        return None

    def release(self, now: datetime) -> None:
        """Whoever is held for an agent who has gone away is for anybody."""
        for name in list(self._line.asked_agents):
            if not self._at_work(name, now):
                self._line.release(name)

    def held_for(self, call: Call, now: datetime) -> str | None:
        """The full name of the agent for whom the caller is kept back now."""
        if call.id not in self._line:
            return None
        waiting = self._line[call.id]
        name, until = waiting.preferred, waiting.held_until
        held = name is not None and until is not None and now < until
        return self._seats[name].agent.full_name if name is not None and held else None

    def _at_work(self, name: str, now: datetime) -> bool:
        return name in self._seats and counted_on(self._seats[name], now)
