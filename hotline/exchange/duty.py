"""Whether anybody is there for those who wait: for which skills nobody is on duty, and since when."""

from datetime import datetime, timedelta

from hotline.clock import Clock
from hotline.exchange.calls import Call, Calls, Phase
from hotline.exchange.seats import Seat, Seats
from routing.line import Line

OVERDUE = timedelta(minutes=2)
"""An agent whose wrap-up is overdue by more has probably walked away: callers cannot count on them."""


class Duty:
    """Of everybody at a seat, for everybody in the line."""

    def __init__(self, seats: Seats, line: Line, calls: Calls, clock: Clock) -> None:
        self._seats = seats
        self._line = line
        self._calls = calls
        self._clock = clock
        self._nobody_since: dict[str, datetime] = {}

    def look(self) -> None:
        """Note for each skill since when nobody has been on duty."""
        now = self._clock.now()
        for skill in {skill for seat in self._seats for skill in (*seat.agent.skills, *seat.agent.second_choice)}:
            if self._anybody(skill, now):
                self._nobody_since.pop(skill, None)
            else:
                self._nobody_since.setdefault(skill, now)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        self._nobody_since = {skill: since + delta for skill, since in self._nobody_since.items()}

    def _anybody(self, skill: str, now: datetime, besides: Seat | None = None) -> bool:
        """Whether an agent with that skill, of whatever choice, works, busy or not; `besides` is not counted."""
        return any(seat is not besides and seat.serves(skill) and counted_on(seat, now) for seat in self._seats)

    def nobody_for(self, call: Call) -> float:
        """Seconds for which nobody with the skill of this call in the line has been on duty; 0 while somebody is."""
        if call.request is None or call.joined_at is None:
            return 0.0
        skill, now = call.request.skill, self._clock.now()
        if self._anybody(skill, now):
            self._nobody_since.pop(skill, None)
            return 0.0
        since = self._nobody_since.setdefault(skill, now)  # perhaps no agent has this skill any more
        return (now - max(since, call.joined_at)).total_seconds()

    def unserved(self, besides: Seat | None = None) -> int:
        """How many callers wait, or ring at `besides`, for whom nobody (else) is on duty."""
        skills = [waiting.skill for waiting in self._line.waiting() if waiting.call_id in self._calls]
        ringing = besides.call if besides is not None else None
        if ringing is not None and ringing.phase is Phase.OFFERED and ringing.request is not None:
            skills.append(ringing.request.skill)
        now = self._clock.now()
        return sum(not self._anybody(skill, now, besides) for skill in skills)


def counted_on(seat: Seat, now: datetime) -> bool:
    """Whether callers may wait for this agent, busy or not."""
    call = seat.call
    overdue = call is not None and call.wrap_up_until is not None and now > call.wrap_up_until + OVERDUE
    return seat.presence.on_duty and not overdue
