"""What a simulation is told: who calls when, how long things take, who is at the telephone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from random import Random
from typing import Protocol

from config.schema import Agent, HotlineConfig

EVERY_DAY = frozenset(range(7))
HourOfWeek = tuple[int, int]
"""Weekday, Monday is 0, and hour of the day in the hotline's time zone."""


class Duration(Protocol):
    """How long something takes, in seconds, different each time."""

    @property
    def mean(self) -> float: ...

    def draw(self, chance: Random) -> float: ...


@dataclass(frozen=True, slots=True)
class Exponential:
    """What the formulas of Erlang assume."""

    mean: float

    def draw(self, chance: Random) -> float:
        return chance.expovariate(1.0 / self.mean) if self.mean else 0.0


@dataclass(frozen=True, slots=True)
class LogNormal:
    """What talks in call centres were measured to be like; `spread` is the standard deviation over the mean."""

    mean: float
    spread: float

    def draw(self, chance: Random) -> float:
        if not self.mean:
            return 0.0
        variance = math.log1p(self.spread**2)
        return chance.lognormvariate(math.log(self.mean) - variance / 2, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class Observed:
    """One of the durations that really occurred; at least one."""

    seconds: Sequence[float]

    @property
    def mean(self) -> float:
        return sum(self.seconds) / len(self.seconds)

    def draw(self, chance: Random) -> float:
        return chance.choice(self.seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """`share` of the callers hang up when they have waited too long for them: exponential with this mean, seconds."""

    mean: float
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What callers want of us."""

    per_hour: Mapping[HourOfWeek, float]
    """Callers who join the line in an hour; nobody in hours that are missing."""
    shares: Mapping[str, float]
    """Weight of each request type, by key; they need not add up to anything."""
    talk: Mapping[str, Duration]
    """By key of the request type."""
    wrap_up: Duration
    patience: Patience | None = None
    """None: nobody hangs up."""
    callback_share: float = 0.5
    """Of those to whom a callback is offered at a limit of the waiting; the others wait on if they may."""
    returning_share: float = 0.2
    """Callers whom one of the agents knows; matters only with `distribution.same_agent`."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Half-open, `start <= t < end`, in the hotline's time zone; Monday is 0."""

    start: time
    end: time
    weekdays: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of the simulation. Without shifts there whenever the hotline is open."""

    name: str
    skills: frozenset[str]
    second: frozenset[str] = frozenset()
    shifts: tuple[Shift, ...] = ()

    @property
    def abilities(self) -> frozenset[str]:
        return self.skills | self.second


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run is made from. The same plan and seed give the same results."""

    config: HotlineConfig
    first: date
    days: int
    """So many days on which the hotline is open."""
    demand: Demand
    team: tuple[Member, ...]
    ring_seconds: float = 0.0
    """How long a telephone rings until its agent answers."""


def configured(agent: Agent, shifts: tuple[Shift, ...] = ()) -> Member:
    """An agent as the configuration has them."""
    return Member(agent.name, frozenset(agent.skills), frozenset(agent.second_choice), shifts)


def generic(config: HotlineConfig, count: int) -> tuple[Member, ...]:
    """So many agents who can do everything."""
    skills = frozenset(request.skill for request in (*config.request_types, config.unclear))
    return tuple(Member(f"agent-{number}", skills) for number in range(1, count + 1))


def even(config: HotlineConfig, per_day: float) -> dict[HourOfWeek, float]:
    """As many in each hour, so that a day of usual length has `per_day` callers."""
    lengths = [
        sum(_seconds(interval.end) - _seconds(interval.start) for interval in intervals)
        for intervals in config.hours.week.values()
        if intervals
    ]
    usual = sum(lengths) / len(lengths) / 3600 if lengths else 24.0
    return {(weekday, hour): per_day / usual for weekday in range(7) for hour in range(24)}


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
