"""How long a caller will wait, from the pace at which callers were really taken in the last half hour.

What counts is the time in which somebody waited: while nobody does, callers are taken at the pace at which they come,
which says nothing about how fast a line moves. In that time, the one that is going on included, so many who had waited
were taken; a place further ahead costs the mean time between two of them. So the number grows as soon as the line
stalls, because agents have left or talks are long, and not only when the half hour is over.

Those who give up count as time but not as progress: the number rather says too much than too little.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LOOKED_BACK = timedelta(minutes=30)
FEWEST = 3
LONG = timedelta(minutes=10)
"""Of fewer who were taken nothing is concluded, unless somebody waited for so long altogether."""
AT_ONCE = timedelta(seconds=1)
"""Whoever was taken within this time did not wait."""
MOST_KEPT = 2000
"""Of more the newest count, and what is looked back on is shorter."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """One who waited, and is not in line any more."""

    start: datetime
    end: datetime
    skill: str
    taken: bool


class Pace:
    """Remembers who left the line lately. Times are aware business time."""

    def __init__(self) -> None:
        self._waits: deque[_Wait] = deque(maxlen=MOST_KEPT)

    def taken(self, at: datetime, skill: str, joined_at: datetime) -> None:
        """An agent has answered a caller who had joined the line at `joined_at` and was offered to the agent `at`."""
        self._keep(_Wait(joined_at, at, skill, taken=True))

    def gone(self, at: datetime, skill: str, joined_at: datetime) -> None:
        """A caller has left the line without having been served."""
        self._keep(_Wait(joined_at, at, skill, taken=False))

    def expected(
        self, at: datetime, position: int, skills: Collection[str], waiting_since: datetime | None
    ) -> float | None:
        """Seconds from `at` until the caller at this position (1: the next) is taken; None when too little is known.

        `skills` are those that `Line.position` counted among, and `waiting_since` is `Line.waiting_since(skills)`.
        """
        known = [wait for wait in self._lately(at) if wait.skill in skills]
        start = self._start(at)
        taken = sum(wait.taken for wait in known)
        now_waiting = [] if waiting_since is None else [(max(waiting_since, start), at)]
        spans = sorted([*now_waiting, *((max(wait.start, start), wait.end) for wait in known)])
        waited = _covered(spans)
        if taken < FEWEST and waited < LONG:
            return None
        return position * waited.total_seconds() / max(taken, 1)

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that."""
        moved = (replace(wait, start=wait.start + delta, end=wait.end + delta) for wait in self._waits)
        self._waits = deque(moved, maxlen=MOST_KEPT)

    def _keep(self, wait: _Wait) -> None:
        if wait.end - wait.start > AT_ONCE:
            self._waits.append(wait)

    def _lately(self, at: datetime) -> Iterator[_Wait]:
        """Those who left the line within what is looked back on."""
        start = self._start(at)
        return (wait for wait in self._waits if start < wait.end <= at)

    def _start(self, at: datetime) -> datetime:
        """From when on everything is known."""
        start = at - LOOKED_BACK
        return max(start, self._waits[0].end) if len(self._waits) == MOST_KEPT else start


def _covered(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """The time that lies in at least one of these spans, given in the order of their starts."""
    covered, until = timedelta(), None
    for start, end in spans:
        if until is not None:
            start = max(start, until)
        if end > start:
            covered += end - start
        until = end if until is None else max(until, end)
    return covered
