"""How a caller gets on in the line: place, expected wait, and whether so many wait that the line counts as full.

All of it is counted among those whom the same agents serve, by the configuration the call began with: whoever comes
on duty or goes changes the pace, but no caller's place becomes a worse one by it.
"""

from collections.abc import Container
from datetime import datetime, timedelta

from config.schema import HotlineConfig
from hotline.exchange.calls import Call
from routing.line import Line
from routing.pace import Pace


class Progress:
    """Of everybody in the line, whose pace it learns from those who leave it. Times are business time."""

    def __init__(self, line: Line, calls: Container[str] | None = None) -> None:
        """`calls`: which entries of the line are callers, all when left out; others are places kept for callbacks."""
        self._line = line
        self._calls = calls
        self._pace = Pace()

    def position(self, call: Call) -> int:
        """1 for the next caller of those whom the same agents serve; also for one who is not in the line."""
        return self._line.position(call.id, self._rivals(call)) if call.id in self._line else 1

    def expected(self, call: Call, now: datetime) -> float | None:
        """Seconds until it is the caller's turn; None when too little is known, or nothing is waited for."""
        if call.id not in self._line:
            return None
        skills = self._rivals(call)
        position = self._line.position(call.id, skills)
        return self._pace.expected(now, position, skills, self._line.waiting_since(skills))

    def full(self, call: Call) -> bool:
        """Whether as many as the line holds, or more, wait before this caller: a kept place takes nobody's."""
        most = call.config.line.most_waiting
        if most is None or call.id not in self._line or self.position(call) <= most:
            return False
        skills, place = self._rivals(call), self._line[call.id].place
        before = (one for one in self._line.waiting() if one.place < place and one.skill in skills)
        return sum(self._calls is None or one.call_id in self._calls for one in before) >= most

    def taken(self, call: Call, at: datetime) -> None:
        """An agent has answered whom the line offered the call to `at`."""
        if call.request is not None and call.joined_at is not None and not call.front:
            self._pace.taken(at, call.request.skill, call.joined_at)

    def gone(self, call: Call, at: datetime) -> None:
        """The caller has left the line without an agent."""
        if call.request is not None and call.joined_at is not None and not call.front:
            self._pace.gone(at, call.request.skill, call.joined_at)

    def remember(self, at: datetime, skill: str, joined_at: datetime, *, taken: bool) -> None:
        """A call of before a restart left the line `at`."""
        (self._pace.taken if taken else self._pace.gone)(at, skill, joined_at)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        self._pace.shift(delta)

    @staticmethod
    def _rivals(call: Call) -> frozenset[str]:
        request = call.request or call.config.unclear
        if call.rivals is None or request.skill not in call.rivals:
            call.rivals = skills_of_the_same_agents(call.config, request.skill)
        return call.rivals


def skills_of_the_same_agents(config: HotlineConfig, skill: str) -> frozenset[str]:
    """Everything that those take on whose first choice the skill is; if it is nobody's, those whose second it is."""
    first = [agent.skills for agent in config.agents if skill in agent.skills]
    second = [agent.skills for agent in config.agents if skill in agent.second_choice]
    return frozenset({skill}).union(*(first or second))
