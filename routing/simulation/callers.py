"""Decides who calls: random arrivals in the hotline's own opening hours, and what each caller is like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig
from routing.hours import SEARCH_DAYS, Calendar, Span
from routing.simulation.model import Demand

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OpenDay:
    """One day on which the hotline is open, and when."""

    day: date
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class OpenHour:
    """The open part of one hour of the wall clock; moments in UTC, weekday and hour local."""

    start: datetime
    end: datetime
    weekday: int
    hour: int

    @property
    def hours(self) -> float:
        return (self.end - self.start) / HOUR


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller, with all that chance decides about them before they call."""

    call_id: str
    day: int
    """Number of the open day, from 0."""
    hour: int
    joins_at: datetime
    request_type: str
    skill: str
    talk: float
    wrap_up: float
    gives_up_at: datetime | None
    """None: never."""
    wants_callback: bool
    knows: float | None
    """Picks the agent who knows this caller, 0 <= knows < 1; None: nobody does."""


def open_days(calendar: Calendar, zone: ZoneInfo, first: date, count: int) -> list[OpenDay]:
    """The first `count` days from `first` on which the hotline is open at all.

    ValueError when it stays closed for more than a year, or for good.
    """
    days: list[OpenDay] = []
    day = last = first
    while len(days) < count:
        midnight, next_midnight = (datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))
        if spans := tuple(calendar.openings(midnight, next_midnight)):
            days.append(OpenDay(day, spans))
            last = day
        elif (day - last).days > SEARCH_DAYS:
            raise ValueError(f"the hotline does not open within {SEARCH_DAYS} days after {last}")
        day += timedelta(days=1)
    return days


def open_hours(span: Span, zone: ZoneInfo) -> Iterator[OpenHour]:
    """A span cut at the full hours of the wall clock."""
    start, end = span
    while start < end:
        local = start.astimezone(zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        until = min(end, start + HOUR - into)
        yield OpenHour(start, until, local.weekday(), local.hour)
        start = until


def callers(config: HotlineConfig, days: Sequence[OpenDay], demand: Demand, chance: Random) -> Iterator[Caller]:
    """All callers in the order in which they join the line.

    Who they are does not depend on who serves them: two teams, or two drafts with the same hours, meet the same ones.
    """
    zone, each = ZoneInfo(config.hotline.timezone), _Making(config, demand, chance)
    number = 0
    for index, day in enumerate(days):
        for hour in (hour for span in day.spans for hour in open_hours(span, zone)):
            for moment in _moments(hour, demand.per_hour.get((hour.weekday, hour.hour), 0.0), chance):
                number += 1
                yield each.caller(str(number), index, hour.hour, moment)


def _moments(hour: OpenHour, rate: float, chance: Random) -> Iterator[datetime]:
    """A Poisson process: it knows nothing of the hour before, so each hour may begin anew."""
    if rate <= 0:
        return
    moment = hour.start + chance.expovariate(rate) * HOUR
    while moment < hour.end:
        yield moment
        moment += chance.expovariate(rate) * HOUR


class _Making:
    """Draws what a caller is like."""

    def __init__(self, config: HotlineConfig, demand: Demand, chance: Random) -> None:
        self._demand, self._chance = demand, chance
        self._types = [key for key, share in demand.shares.items() if share > 0]
        self._weights = list(accumulate(demand.shares[key] for key in self._types))
        self._skills = {key: config.request_type(key).skill for key in self._types}

    def caller(self, call_id: str, day: int, hour: int, at: datetime) -> Caller:
        chance, demand = self._chance, self._demand
        request_type = chance.choices(self._types, cum_weights=self._weights)[0]
        return Caller(
            call_id,
            day,
            hour,
            at,
            request_type,
            self._skills[request_type],
            demand.talk[request_type].draw(chance),
            demand.wrap_up.draw(chance),
            self._gives_up_at(at),
            chance.random() < demand.callback_share,
            self._knows(),
        )

    def _gives_up_at(self, at: datetime) -> datetime | None:
        patience = self._demand.patience
        if patience is None:
            return None
        impatient, seconds = self._chance.random() < patience.share, self._chance.expovariate(1.0 / patience.mean)
        return at + timedelta(seconds=seconds) if impatient else None

    def _knows(self) -> float | None:
        returning, which = self._chance.random(), self._chance.random()
        return which if returning < self._demand.returning_share else None
