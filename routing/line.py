"""The line: who waits, in which order. One ordered queue per skill.

Every operation searches in logarithmic time; moving the entries behind a place is one block move of
pointers, too small to be seen beside the rest for any number of callers a hotline can hold.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class Waiting:
    """One caller in the line."""

    call_id: str
    skill: str
    joined_at: datetime
    order: int
    """Tells apart who joined at the same moment; negative for those at the very front."""
    place: tuple[bool, datetime, int] = field(init=False, repr=False, compare=False)
    """Sorts the line: the front first, then the longest waiting."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", (self.order >= 0, self.joined_at, self.order))


_place = attrgetter("place")


class Line:
    """All callers who wait. A call is in it at most once."""

    def __init__(self) -> None:
        self._calls: dict[str, Waiting] = {}
        self._queues: dict[str, list[Waiting]] = {}
        self._joined = 0

    def join(self, call_id: str, skill: str, joined_at: datetime, front: bool = False) -> None:
        """Put a call into the line, before all who joined later (aware time); `front`: before all others.

        Joining again with the original `joined_at` restores the place; a call already in line is moved.
        """
        self.leave(call_id)
        self._joined += 1
        self._insert(Waiting(call_id, skill, joined_at, -self._joined if front else self._joined))

    def leave(self, call_id: str) -> bool:
        """Take a call out; False when it was not in line."""
        waiting = self._calls.pop(call_id, None)
        if waiting is None:
            return False
        queue = self._queues[waiting.skill]
        del queue[bisect_left(queue, waiting.place, key=_place)]
        if not queue:
            del self._queues[waiting.skill]
        return True

    def change_skill(self, call_id: str, skill: str) -> None:
        """The call now needs another skill and keeps its place. KeyError when it is not in line."""
        waiting = self._calls[call_id]
        self.leave(call_id)
        self._insert(Waiting(call_id, skill, waiting.joined_at, waiting.order))

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that: everybody has waited as long as before, in the same order."""
        waiting, self._calls, self._queues = list(self.waiting()), {}, {}
        for one in waiting:
            self._insert(replace(one, joined_at=one.joined_at + delta))

    def position(self, call_id: str, skills: Collection[str] | None = None) -> int:
        """1 for the next, counted among those who wait for the same skill, or for any of `skills`.

        Give the skills of the agents who can serve the call to count everybody who competes for them.
        KeyError when the call is not in line.
        """
        waiting = self._calls[call_id]
        among = {waiting.skill, *(skills or ())}
        return 1 + sum(bisect_left(self._queues.get(skill, []), waiting.place, key=_place) for skill in among)

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._calls

    def waiting(self) -> Iterator[Waiting]:
        """All who wait, the next first. The line must not change meanwhile."""
        return heapq.merge(*self._queues.values(), key=_place)

    def queue(self, skill: str) -> Iterator[Waiting]:
        """Those who wait for one skill, the next first. The line must not change meanwhile."""
        return iter(self._queues.get(skill, ()))

    def skills(self) -> Collection[str]:
        """The skills that somebody waits for."""
        return self._queues.keys()

    def first(self, skills: Collection[str], skip: Container[str] = ()) -> Waiting | None:
        """The next caller whom one of these skills can serve, leaving out the calls in `skip`."""
        heads = (next((one for one in self.queue(skill) if one.call_id not in skip), None) for skill in skills)
        return min((head for head in heads if head), key=_place, default=None)

    def _insert(self, waiting: Waiting) -> None:
        self._calls[waiting.call_id] = waiting
        insort(self._queues.setdefault(waiting.skill, []), waiting, key=_place)
