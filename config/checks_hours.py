"""Decides whether opening hours, closures, holidays and the time zone make sense together."""

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import date

import holidays
from holidays.registry import COUNTRIES

from config.messages import suggestion
from config.schema import WEEKDAYS, HotlineConfig, Interval

Path = tuple[str | int, ...]
Problem = tuple[Path, str]


def time_zone_exists(config: HotlineConfig) -> Iterator[Problem]:
    name = config.hotline.timezone
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = suggestion(name, sorted(zoneinfo.available_timezones()))
        yield ("hotline", "timezone"), f'there is no time zone "{name}"{hint}; write one as "Europe/Berlin"'


def the_week_opens(config: HotlineConfig) -> Iterator[Problem]:
    if not any(config.hours.week.values()):
        yield ("hours", "week"), 'the hotline never opens; give at least one day hours, as monday: ["08:00-18:00"]'


def intervals_run_forward(config: HotlineConfig) -> Iterator[Problem]:
    for weekday in WEEKDAYS:
        intervals = config.hours.week.get(weekday, [])
        for index, interval in enumerate(intervals):
            path = ("hours", "week", weekday, index)
            yield from _backward(path, interval)
            for other in intervals[:index]:
                if interval.start < other.end and other.start < interval.end:
                    yield (
                        path,
                        f"{_shown(interval)} overlaps {_shown(other)} of the same day; intervals must not overlap",
                    )


def closures_run_forward(config: HotlineConfig) -> Iterator[Problem]:
    for index, closure in enumerate(config.hours.closures):
        path = ("hours", "closures", index)
        if closure.end is not None and closure.end < closure.start:
            yield (*path, "to"), f"{closure.end} is before {closure.start}; the last day must not be before the first"
        elif closure.end is not None and closure.every_year and not _within_a_year(closure.start, closure.end):
            yield (*path, "to"), "a closure of every year must be shorter than a year"
        if closure.hours is not None:
            yield from _backward((*path, "hours"), closure.hours)


def _within_a_year(start: date, end: date) -> bool:
    return (end.year, end.month, end.day) < (start.year + 1, start.month, start.day)


def _backward(path: Path, interval: Interval) -> Iterator[Problem]:
    if interval.end <= interval.start:
        yield path, f"{_shown(interval)} ends before it begins; the end must be later than the start, on the same day"


def _shown(interval: Interval) -> str:
    return f"{interval.start.isoformat('auto')[:5]}-{interval.end.isoformat('auto')[:5]}"


def holidays_are_known(config: HotlineConfig) -> Iterator[Problem]:
    country, subdivision = config.hours.holidays.country, config.hours.holidays.subdivision
    if country not in {code for _, code, *_ in COUNTRIES.values()}:
        yield ("hours", "holidays", "country"), f'no holidays are known for the country "{country}"; write one as "DE"'
    elif subdivision not in (known := getattr(holidays, country).subdivisions):  # loads that country alone
        allowed = ", ".join(known)
        yield ("hours", "holidays", "subdivision"), f'"{subdivision}" is no state of {country}; allowed: {allowed}'


HOURS_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    time_zone_exists,
    the_week_opens,
    intervals_run_forward,
    closures_run_forward,
    holidays_are_known,
)
