"""Plans for the tests of the simulation: the shipped hotline with one thing changed, and callers of one kind."""

from collections.abc import Iterable
from datetime import date, time
from random import Random
from typing import Any

from config.schema import WEEKDAYS, HotlineConfig, Interval
from routing.simulation.model import Demand, Exponential, HourOfWeek, Member, Patience, Plan, generic
from routing.simulation.results import Level, Results, Share
from routing.simulation.run import Run, simulate
from tests.unit.conversations import changed

MONDAY = date(2026, 11, 23)
PLAIN: dict[str, Any] = {"same_agent": None}
ROUND_THE_CLOCK = {day: [Interval(start=time(), end=time(23, 59, 59))] for day in WEEKDAYS}


def hotline(**sections: dict[str, Any]) -> HotlineConfig:
    """The shipped hotline without preference for the same agent, unless that is what is changed."""
    return changed(**{**sections, "distribution": {**PLAIN, **sections.get("distribution", {})}})


def each_hour(rate: float) -> dict[HourOfWeek, float]:
    return {(weekday, hour): rate for weekday in range(7) for hour in range(24)}


def demand(
    rate: float = 30.0,
    talk: float = 195.0,
    wrap_up: float = 75.0,
    patience: Patience | None = None,
    callbacks: float = 0.5,
    returning: float = 0.2,
    types: Iterable[str] = ("unclear",),
) -> Demand:
    kinds = tuple(types)
    talks = dict.fromkeys(kinds, Exponential(talk))
    shares = dict.fromkeys(kinds, 1.0)
    return Demand(each_hour(rate), shares, talks, Exponential(wrap_up), patience, callbacks, returning)


def plan(
    config: HotlineConfig | None = None,
    callers: Demand | None = None,
    team: int | tuple[Member, ...] = 3,
    days: int = 1,
    ring: float = 0.0,
    first: date = MONDAY,
) -> Plan:
    config = config or hotline()
    members = generic(config, team) if isinstance(team, int) else team
    return Plan(config, first, days, callers or demand(), members, ring)


def results(of: Plan, seed: int = 1, within: float = 30.0) -> Results:
    return simulate(of, Random(seed), within)


def finished(of: Plan, seed: int = 1) -> Run:
    run = Run(of, Random(seed))
    run.go()
    return run


def level(of: Results, which: Level = Level.OF_ALL) -> Share:
    return of.total.levels[which]
