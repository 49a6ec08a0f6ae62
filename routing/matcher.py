"""Decides who gets whom. "Why did this agent get this call?" is answered by these rules, and by `Match.why`.

1. The line is served in its order: the longest waiting caller chooses first, then the next.
2. A caller who prefers an agent (the same as last time) gets that one if free, be the skill this agent's first or
   second choice, however long the caller has waited: SAME_AGENT.
3. Until `held_until` such a caller is held: passed over by all other agents, who take those behind meanwhile. Nobody
   is held longer, and who is held holds no agent back: a preferred agent who becomes free gets the longest waiting
   caller they may serve, even if somebody behind is held for them. Of several who are held for one agent the longest
   waiting gets this agent; the others stay held, each until the end of their own time.
4. Everybody else gets, of the free agents whose first choice the skill is, the one idle longest; of those idle
   equally long the name decides: FIRST_CHOICE.
5. Only if there is no such agent, and from the caller's `second_at` on, one whose second choice the skill is, in the
   same order: SECOND_CHOICE. Before, the caller is passed over by these, who take those behind they may serve.

So nobody but a held caller waits while a first-choice agent is free, and nobody is passed over for somebody who came
later and whom the same agent serves, except by rules 3 and 5. As every caller may be served by all first-choice agents
after a bounded time, and nobody is put before those who wait longer but callers whose agent was lost (`front`), whoever
stays is reached.

One event costs time by the number of skills and, for searching, the logarithm of callers and agents: only the heads of
queues are looked at for which there is an agent. Beyond that names are compared for each skill: those of the free
agents who have it with those whom its callers prefer, as many as the smaller of the two.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, KeysView, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.line import Line, Place, Waiting

NO_SKILLS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FreeAgent:
    """An agent who can be offered a call now."""

    name: str
    skills: frozenset[str]
    """First choice."""
    idle_since: datetime
    second: frozenset[str] = NO_SKILLS
    """Second choice; a skill that is among the first, too, counts as first."""


class Why(StrEnum):
    """By which rule an agent gets a call."""

    SAME_AGENT = "same_agent"
    FIRST_CHOICE = "first_choice"
    SECOND_CHOICE = "second_choice"


@dataclass(frozen=True, slots=True)
class Match:
    """This call is to be offered to this agent."""

    call_id: str
    agent: str
    why: Why


_Ranks = dict[str, list[tuple[float, str]]]
"""By skill: since when the agents have been idle, and their names; none is empty."""


class Idle:
    """The free agents, by skill, longest idle first: kept up by whoever calls `match` again and again.

    Adding and removing costs time by the number of the agent's skills, not of agents.
    """

    def __init__(self, agents: Iterable[FreeAgent] = ()) -> None:
        self._agents: dict[str, FreeAgent] = {}
        self._first: _Ranks = {}
        self._second: _Ranks = {}
        self._able: dict[str, set[str]] = {}
        for agent in agents:
            self.add(agent)

    def add(self, agent: FreeAgent) -> None:
        """The agent is free; replaces what was known of this agent."""
        if self._agents.get(agent.name) == agent:
            return
        self.remove(agent.name)
        self._agents[agent.name] = agent
        entry = (agent.idle_since.timestamp(), agent.name)
        for ranks, skill in self._ranks_of(agent):
            insort(ranks.setdefault(skill, []), entry)
            self._able.setdefault(skill, set()).add(agent.name)

    def remove(self, name: str) -> bool:
        """The agent is not free any more; False when that was known."""
        agent = self._agents.pop(name, None)
        if agent is None:
            return False
        entry = (agent.idle_since.timestamp(), name)
        for ranks, skill in self._ranks_of(agent):
            ranked, able = ranks[skill], self._able[skill]
            del ranked[bisect_left(ranked, entry)]
            able.remove(name)
            if not ranked:
                del ranks[skill]
            if not able:
                del self._able[skill]
        return True

    def _ranks_of(self, agent: FreeAgent) -> Iterator[tuple[_Ranks, str]]:
        for skill in agent.skills:
            yield self._first, skill
        for skill in agent.second - agent.skills:
            yield self._second, skill

    def __len__(self) -> int:
        return len(self._agents)

    def __contains__(self, name: object) -> bool:
        return name in self._agents

    def __getitem__(self, name: str) -> FreeAgent:
        """KeyError when the agent is not free."""
        return self._agents[name]

    @property
    def names(self) -> KeysView[str]:
        return self._agents.keys()

    @property
    def skills(self) -> KeysView[str]:
        """The skills that some free agent has, be it as first or second choice."""
        return self._able.keys()

    def able(self, skill: str) -> Set[str]:
        """The names of those who have this skill (one of `skills`)."""
        return self._able[skill]

    @property
    def first_skills(self) -> KeysView[str]:
        """The skills that are some free agent's first choice."""
        return self._first.keys()

    @property
    def second_skills(self) -> KeysView[str]:
        """The skills that are some free agent's second choice."""
        return self._second.keys()

    def first(self, skill: str) -> Iterator[str]:
        """The names of those whose first choice the skill is, longest idle first."""
        return (name for _, name in self._first.get(skill, ()))

    def second(self, skill: str) -> Iterator[str]:
        """The names of those whose second choice the skill is, longest idle first."""
        return (name for _, name in self._second.get(skill, ()))


def match(line: Line, agents: Idle | Iterable[FreeAgent], now: datetime) -> list[Match]:
    """All pairs that can be made now (aware), in the order of the line; each call and each agent at most once.

    Neither line nor agents are changed: the caller of this function takes matched calls and agents out.
    """
    idle = agents if isinstance(agents, Idle) else Idle(agents)
    if not len(line) or not len(idle):
        return []
    line.advance(now)
    sources = list(_sources(line, idle))
    heads: list[tuple[Place, int, Waiting]] = []
    for number, source in enumerate(sources):
        _push_next(heads, number, source)
    called: set[str] = set()
    taken: set[str] = set()
    matches: list[Match] = []
    while heads and len(taken) < len(idle):
        _, number, caller = heapq.heappop(heads)
        source = sources[number]
        if caller.call_id not in called:
            agent = next((name for name in source.agents if name not in taken), None)
            if agent is None:
                continue
            called.add(caller.call_id)
            taken.add(agent)
            matches.append(Match(caller.call_id, agent, source.why))
        _push_next(heads, number, source)
    return matches


def next_change(line: Line, now: datetime) -> datetime | None:
    """When something could be matched although nothing happens: somebody is held no longer, or may be served by
    second-choice agents. None when only an event can help; later than `now`."""
    return line.advance(now)


def rank(skill: str, agents: Iterable[FreeAgent]) -> list[str]:
    """The names of those who have the skill, in the order in which a call would be offered to them: first choice
    before second, then the longest idle."""
    able = [agent for agent in agents if skill in agent.skills or skill in agent.second]
    return [agent.name for agent in sorted(able, key=lambda one: (skill not in one.skills, one.idle_since, one.name))]


@dataclass(slots=True)
class _Source:
    """Callers in the order of the line, each of whom may be served by each of these agents."""

    why: Why
    callers: Iterator[Waiting]
    agents: Iterator[str]


def _sources(line: Line, idle: Idle) -> Iterator[_Source]:
    """All there are; of those that one caller stands in, the earlier one is the better."""
    for skill in line.asking.keys() & idle.skills:
        asking = line.asking[skill]
        for name in asking.keys() & idle.able(skill):
            yield _Source(Why.SAME_AGENT, asking.queue(name), iter((name,)))
    for skill in line.open.keys() & idle.first_skills:
        yield _Source(Why.FIRST_CHOICE, line.open.queue(skill), idle.first(skill))
    for skill in line.late.keys() & idle.second_skills:
        yield _Source(Why.SECOND_CHOICE, line.late.queue(skill), idle.second(skill))


def _push_next(heads: list[tuple[Place, int, Waiting]], number: int, source: _Source) -> None:
    caller = next(source.callers, None)
    if caller is not None:
        heapq.heappush(heads, (caller.place, number, caller))
