"""Whether anybody is there for those who wait: for which skills nobody is on duty, and since when."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hotline.exchange.seats import Seat, Seats

OVERDUE = timedelta(minutes=2)
"""An agent whose wrap-up is overdue by more has probably walked away: callers cannot count on them."""


class Duty:
    """Knows the agents' seats; asked by skill. Times are business time."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._nobody_since: dict[str, datetime] = {}

    def look(self, now: datetime) -> None:
        """Note for each skill since when nobody has been on duty."""
        for skill in {skill for seat in self._seats for skill in (*seat.agent.skills, *seat.agent.second_choice)}:
            if self.anybody(skill, now):
                self._nobody_since.pop(skill, None)
            else:
                self._nobody_since.setdefault(skill, now)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        self._nobody_since = {skill: since + delta for skill, since in self._nobody_since.items()}

    def anybody(self, skill: str, now: datetime, besides: Seat | None = None) -> bool:
        """Whether an agent with that skill, of whatever choice, works, busy or not; `besides` is not counted."""
        return any(seat is not besides and seat.serves(skill) and counted_on(seat, now) for seat in self._seats)

    def nobody_for(self, skill: str, waiting_since: datetime, now: datetime) -> float:
        """Seconds for which a caller who came at `waiting_since` has had nobody; 0 while somebody is on duty."""
        if self.anybody(skill, now):
            self._nobody_since.pop(skill, None)
            return 0.0
        since = self._nobody_since.setdefault(skill, now)  # perhaps no agent has this skill any more
        return (now - max(since, waiting_since)).total_seconds()

    def unserved(self, skills: Iterable[str], now: datetime, besides: Seat | None = None) -> int:
        """How many of these waiting callers' skills nobody on duty has."""
        return sum(not self.anybody(skill, now, besides) for skill in skills)


def counted_on(seat: Seat, now: datetime) -> bool:
    """Whether callers may wait for this agent, busy or not."""
    call = seat.call
    overdue = call is not None and call.wrap_up_until is not None and now > call.wrap_up_until + OVERDUE
    return seat.presence.on_duty and not overdue
