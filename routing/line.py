"""The line: who waits, in which order, for which agent for a while, and from when on for second-choice agents.

A caller stands in up to four kinds of queues, each in the order of the line: of all who need a skill (for the
position), of those of them whom every first-choice agent may serve, of those whom second-choice agents may serve as
well, and of those who ask for a certain agent. Time moves callers from one to the next, each at most twice.

Every operation searches in logarithmic time; moving the entries behind a place is one block move of
pointers, too small to be seen beside the rest for any number of callers a hotline can hold.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, KeysView
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

_FEW = 64
"""So many entries of callers who are gone do not matter."""

Place = tuple[bool, float, int]


@dataclass(frozen=True, slots=True)
class Preferred:
    """The agent a caller had last time."""

    agent: str
    until: datetime
    """The caller is held for the agent until then (aware); later the agent is still the first to be asked, if free."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One caller in the line. Times are aware."""

    call_id: str
    skill: str
    joined_at: datetime
    order: int
    """Tells apart who joined at the same moment; negative for those at the very front."""
    preferred: str | None = None
    """The agent who gets this caller if free, before all others."""
    held_until: datetime | None = None
    """Until then nobody but the preferred agent; None when the caller is, or was released, for anybody."""
    second_at: datetime | None = None
    """From then on second-choice agents as well; None: never."""
    place: Place = field(init=False, repr=False, compare=False)
    """Sorts the line: the front first, then the longest waiting."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", (self.order >= 0, self.joined_at.timestamp(), self.order))


class Queues:
    """Callers in the order of the line, one queue per key; none is empty."""

    def __init__(self) -> None:
        self._queues: dict[str, list[tuple[bool, float, int, Waiting]]] = {}

    def add(self, key: str, one: Waiting) -> None:
        insort(self._queues.setdefault(key, []), (*one.place, one))

    def discard(self, key: str, one: Waiting) -> None:
        """Take the caller out, if there."""
        queue = self._queues.get(key, [])
        index = bisect_left(queue, one.place)
        if index < len(queue) and queue[index][-1] is one:
            del queue[index]
            if not queue:
                del self._queues[key]

    def before(self, key: str, place: tuple[bool | float, ...]) -> int:
        """How many stand before this place."""
        return bisect_left(self._queues.get(key, []), place)

    def keys(self) -> KeysView[str]:
        return self._queues.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self._queues)

    def queue(self, key: str) -> Iterator[Waiting]:
        """The next first. Nothing must change meanwhile."""
        return (entry[-1] for entry in self._queues.get(key, ()))

    def at(self, key: str, index: int) -> Waiting | None:
        queue = self._queues.get(key, [])
        return queue[index][-1] if index < len(queue) else None


class Line:
    """All callers who wait. A call is in it at most once. Time goes on and never back, except by `shift`."""

    def __init__(self) -> None:
        self._joined = 0
        self._expected = 0
        self._clear()

    def _clear(self) -> None:
        self._calls: dict[str, Waiting] = {}
        self._all = Queues()
        self.open = Queues()
        """By skill, those whom every first-choice agent may serve, as of the last `advance`."""
        self.late = Queues()
        """By skill, those of them whom second-choice agents may serve, too."""
        self.asking: dict[str, Queues] = {}
        """By skill, and then by agent: those who prefer this agent, held or not; no entry is empty."""
        self._changes: list[tuple[float, int, bool, Waiting]] = []
        """A heap of what time changes: when, a number that tells entries apart, whether a hold ends, and for whom.
        A caller has at most one entry that counts; those of callers who are gone are dropped by and by."""

    # --- joining and leaving -----------------------------------------------------------------

    def join(
        self,
        call_id: str,
        skill: str,
        joined_at: datetime,
        front: bool = False,
        *,
        preferred: Preferred | None = None,
        second_at: datetime | None = None,
    ) -> None:
        """Put a call into the line, before all who joined later (aware time); `front`: before all others.

        Joining again with the original `joined_at` restores the place; a call already in line is moved.
        The caller is held for the preferred agent; from `second_at` on second-choice agents may serve (None: never).
        """
        self.leave(call_id)
        self._joined += 1
        order = -self._joined if front else self._joined
        agent, until = (None, None) if preferred is None else (preferred.agent, preferred.until)
        self._insert(Waiting(call_id, skill, joined_at, order, agent, until, second_at))

    def leave(self, call_id: str) -> bool:
        """Take a call out; False when it was not in line."""
        one = self._calls.pop(call_id, None)
        if one is None:
            return False
        for queues in (self._all, self.open, self.late):
            queues.discard(one.skill, one)
        if one.preferred is not None:
            asking = self.asking[one.skill]
            asking.discard(one.preferred, one)
            if not asking.keys():
                del self.asking[one.skill]
        return True

    def change_skill(self, call_id: str, skill: str) -> None:
        """The call now needs another skill and keeps its place. KeyError when it is not in line."""
        self._exchange(replace(self._calls[call_id], skill=skill))

    def release(self, agent: str) -> None:
        """The agent went away: those who are held for this agent are for anybody from now on."""
        held = [one for asking in self.asking.values() for one in asking.queue(agent) if one.held_until is not None]
        for one in held:
            self._exchange(replace(one, held_until=None))

    def shift(self, delta: timedelta) -> None:
        """Business time has jumped by that: everybody has waited as long as before, in the same order."""
        waiting = list(self._calls.values())
        self._clear()
        for one in waiting:
            self._insert(_shifted(one, delta))

    # --- who waits ---------------------------------------------------------------------------

    def position(self, call_id: str, skills: Collection[str] | None = None) -> int:
        """1 for the next, counted among those who wait for the same skill, or for any of `skills`.

        Give the skills of the agents who can serve the call to count everybody who competes for them.
        KeyError when the call is not in line.
        """
        one = self._calls[call_id]
        return 1 + sum(self._all.before(skill, one.place) for skill in {one.skill, *(skills or ())})

    def waiting_since(self, skills: Iterable[str]) -> datetime | None:
        """When the longest waiting of those who need one of these skills joined, those at the front left out."""
        heads = (self._all.at(skill, self._all.before(skill, (True,))) for skill in skills)
        longest = min((one for one in heads if one), key=lambda one: one.place, default=None)
        return None if longest is None else longest.joined_at

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._calls

    def __getitem__(self, call_id: str) -> Waiting:
        """KeyError when the call is not in line."""
        return self._calls[call_id]

    def waiting(self) -> Iterator[Waiting]:
        """All who wait, the next first. The line must not change meanwhile."""
        return heapq.merge(*(self._all.queue(skill) for skill in self._all), key=lambda one: one.place)

    def queue(self, skill: str) -> Iterator[Waiting]:
        """Those who wait for one skill, the next first. The line must not change meanwhile."""
        return self._all.queue(skill)

    def skills(self) -> Collection[str]:
        """The skills that somebody waits for."""
        return self._all.keys()

    @property
    def asked_agents(self) -> frozenset[str]:
        """The agents whom somebody in the line prefers."""
        return frozenset().union(*(asking.keys() for asking in self.asking.values()))

    # --- what time changes -------------------------------------------------------------------

    def advance(self, now: datetime) -> datetime | None:
        """Move those whom time has moved until now; returns when that happens next, None when it never does."""
        moment = now.timestamp()
        while self._changes:
            due, _, held, one = self._changes[0]
            counts = self._calls.get(one.call_id) is one
            if counts and due > moment:
                return one.held_until if held else one.second_at
            heapq.heappop(self._changes)
            if counts and held:
                self._open(one)
            elif counts:
                self.late.add(one.skill, one)
        return None

    def _open(self, one: Waiting) -> None:
        self.open.add(one.skill, one)
        if one.second_at is not None:
            self._expect(one, one.second_at, held=False)

    def _expect(self, one: Waiting, at: datetime, *, held: bool) -> None:
        if len(self._changes) > _FEW + 2 * len(self._calls):
            self._changes = [entry for entry in self._changes if self._calls.get(entry[-1].call_id) is entry[-1]]
            heapq.heapify(self._changes)
        self._expected += 1
        heapq.heappush(self._changes, (at.timestamp(), self._expected, held, one))

    def _exchange(self, one: Waiting) -> None:
        self.leave(one.call_id)
        self._insert(one)

    def _insert(self, one: Waiting) -> None:
        self._calls[one.call_id] = one
        self._all.add(one.skill, one)
        if one.preferred is not None:
            self.asking.setdefault(one.skill, Queues()).add(one.preferred, one)
        if one.held_until is None:
            self._open(one)
        else:
            self._expect(one, one.held_until, held=True)


def _shifted(one: Waiting, delta: timedelta) -> Waiting:
    held_until = None if one.held_until is None else one.held_until + delta
    second_at = None if one.second_at is None else one.second_at + delta
    return replace(one, joined_at=one.joined_at + delta, held_until=held_until, second_at=second_at)
