"""Decides who gets whom: the longest-waiting caller whom a free agent can serve, the agent idle longest.

Both rules are fair by construction: nobody waits while a free agent has the skill, and nobody is passed
over for one who came later and needs the same skill.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from routing.line import Line


@dataclass(frozen=True, slots=True)
class FreeAgent:
    """An agent who can be offered a call now."""

    name: str
    skills: frozenset[str]
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """This call is to be offered to this agent."""

    call_id: str
    agent: str


def match(line: Line, agents: Iterable[FreeAgent]) -> list[Match]:
    """All pairs that can be made now, in the order of the line; each call and each agent at most once.

    The line is not changed: the caller of this function takes matched calls out.
    """
    if not line:
        return []
    idle = _idle_by_skill(line, agents)
    queues = {skill: line.queue(skill) for skill in idle}
    heads = [(first.place, skill, first) for skill, queue in queues.items() if (first := next(queue, None))]
    heapq.heapify(heads)
    taken: set[str] = set()
    matches: list[Match] = []
    while heads:
        _, skill, caller = heapq.heappop(heads)
        agent = _next_idle(idle[skill], taken)
        if agent is None:
            continue
        taken.add(agent)
        matches.append(Match(caller.call_id, agent))
        if following := next(queues[skill], None):
            heapq.heappush(heads, (following.place, skill, following))
    return matches


def rank(skill: str, agents: Iterable[FreeAgent]) -> list[str]:
    """The names of those who have the skill, in the order in which a call would be offered to them."""
    return [agent.name for agent in _longest_idle_first(agents) if skill in agent.skills]


def _longest_idle_first(agents: Iterable[FreeAgent]) -> list[FreeAgent]:
    return sorted(agents, key=lambda agent: (agent.idle_since, agent.name))


def _idle_by_skill(line: Line, agents: Iterable[FreeAgent]) -> dict[str, deque[str]]:
    """Per skill that somebody waits for, the agents who have it, longest idle first."""
    idle: dict[str, deque[str]] = {skill: deque() for skill in line.skills()}
    for agent in _longest_idle_first(agents):
        for skill in agent.skills & idle.keys():
            idle[skill].append(agent.name)
    return idle


def _next_idle(names: deque[str], taken: set[str]) -> str | None:
    while names:
        name = names.popleft()
        if name not in taken:
            return name
    return None
