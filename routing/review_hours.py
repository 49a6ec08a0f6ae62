"""Warns of hours, closures and the emergency announcement that silently do something else than they seem to."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from config.schema import WEEKDAYS, Closure, HotlineConfig, Interval
from routing.announcing import emergency_at
from routing.hours import Calendar, Span

Path = tuple[str | int, ...]
Warnings = Iterator[tuple[Path, str]]

SOON = timedelta(days=14)
LONG_EMERGENCY = timedelta(days=7)
LONG_TEXT, CHARACTERS_A_SECOND = 160, 13
A_YEAR = timedelta(days=366)
YEARS_AHEAD = 6
"""So many years hold each day of the year on a working day, leap years included."""
LONGEST_CLOSURE = 400
"""Days of a closure that are looked at."""


def opens_soon(config: HotlineConfig, now: datetime) -> Warnings:
    """A calendar that closes the hotline for good is noticed by nobody who works in it."""
    calendar = Calendar(config)
    if any(True for _ in calendar.openings(now, now + SOON)):
        return
    opens = calendar.opening(now).next_open
    then = f"it opens next on {opens:%Y-%m-%d at %H:%M}" if opens else "and not within the next 400 days either"
    yield ("hours",), f"the hotline does not open in the next {SOON.days} days; {then}"


def hours_are_ever_open(config: HotlineConfig, now: datetime) -> Warnings:
    """Hours that closures cover on each day of a year."""
    zone = ZoneInfo(config.hotline.timezone)
    spans = list(Calendar(config).openings(now, now + A_YEAR))
    for weekday, name in enumerate(WEEKDAYS):
        days = [(span, span[0].astimezone(zone).date()) for span in spans]
        that_day = [(span, day) for span, day in days if day.weekday() == weekday]
        for index, interval in enumerate(config.hours.week.get(name, [])):
            if not any(_meets(span, _span(day, interval, zone)) for span, day in that_day):
                yield (
                    ("hours", "week", name, index),
                    f"{_shown(interval)} is never in effect within a year: closures cover each {name.capitalize()}",
                )


def spans_end_where_they_should(config: HotlineConfig) -> Warnings:
    """Ends are not included: whoever writes 17:59 leaves a minute that nobody means."""
    for path, interval in _intervals(config):
        if interval.end.minute == 59 and interval.end < time(23, 59):
            full = interval.end.hour + 1
            yield (
                path,
                f"{_shown(interval)} ends a minute before {full:02}:00; ends are not included: write {full:02}:00",
            )
    for name in WEEKDAYS:
        ordered = sorted(enumerate(config.hours.week.get(name, [])), key=lambda entry: entry[1].start)
        for (_, one), (index, other) in pairwise(ordered):
            gap = _minutes(other.start) - _minutes(one.end)
            if 0 < gap <= 1 and one.end.minute != 59:
                path = ("hours", "week", name, index)
                yield path, f"between {_shown(one)} and {_shown(other)} the hotline is closed for a minute"


def nights_are_open_through(config: HotlineConfig) -> Warnings:
    """No interval reaches over midnight, and a day ends at 23:59:59 at the latest."""
    for index, name in enumerate(WEEKDAYS):
        following = WEEKDAYS[(index + 1) % len(WEEKDAYS)]
        if any(interval.start == time() for interval in config.hours.week.get(following, [])):
            for position, interval in enumerate(config.hours.week.get(name, [])):
                if time(23, 59) <= interval.end < time(23, 59, 59):
                    path = ("hours", "week", name, position)
                    yield path, f'the hotline is closed from {interval.end:%H:%M} to midnight; write "23:59:59"'


def closures_do_not_overlap(config: HotlineConfig, now: datetime) -> Warnings:
    """Callers hear the announcement of the first one, and taking one out leaves the other."""
    today = _today(config, now)
    coming = [(i, c) for i, c in enumerate(config.hours.closures) if not _is_past(c, today)]
    days = {index: set(_days(closure, today)) for index, closure in coming}
    for (first, one), (second, other) in combinations(coming, 2):
        common = days[first] & days[second]
        if common and _hours_meet(one.hours, other.hours) and not _alike(one, other):
            when = min(common)
            yield (
                ("hours", "closures", second),
                f'"{other.reason}" overlaps "{one.reason}" on {when}; callers hear what belongs to "{one.reason}"',
            )


def closures_close_something(config: HotlineConfig, now: datetime) -> Warnings:
    """A closure in the past, or of days on which the hotline is closed anyway."""
    today, zone = _today(config, now), ZoneInfo(config.hotline.timezone)
    hours = config.hours.model_copy(update={"closures": []})
    without = Calendar(config.model_copy(update={"hours": hours}))
    for index, closure in enumerate(config.hours.closures):
        path = ("hours", "closures", index)
        if _is_past(closure, today):
            yield path, f'"{closure.reason}" is over since {closure.end or closure.start}; it can be taken out'
        elif not any(_closes(without, closure, day, zone) for day in _days(closure, today)):
            yield path, f'"{closure.reason}" closes nothing: the hotline is closed then anyway'


def the_emergency_is_now_and_short(config: HotlineConfig, now: datetime) -> Warnings:
    if config.emergency is None:
        return
    path, until = ("emergency", "until"), config.emergency.until.replace(tzinfo=ZoneInfo(config.hotline.timezone))
    if until <= now:
        yield path, f"{until:%Y-%m-%d %H:%M} is over: nobody hears this announcement any more; it can be taken out"
    elif until - now > LONG_EMERGENCY:
        days = (until - now).days
        yield path, f"every caller would hear this announcement for {days} days; an emergency is meant for a few"


def the_emergency_is_soon_told(config: HotlineConfig, now: datetime) -> Warnings:
    """Nobody who calls gets past it, and each language comes after the other."""
    further = [(("languages", index, "emergency"), one.emergency) for index, one in enumerate(config.languages)]
    if config.emergency is None or not emergency_at(config, now):
        unheard = (
            "is only heard while there is an `emergency`, and there is none: take it out, or the next one has it too"
        )
        yield from ((path, unheard) for path, text in further if text is not None)
        return
    for path, text in [(("emergency", "text"), config.emergency.text), *further]:
        if text is not None and len(text) > LONG_TEXT:
            seconds = round(len(text) / CHARACTERS_A_SECOND)
            yield (
                path,
                f"{len(text)} characters take about {seconds} s, and every caller hears them before anything else; "
                f"at most {LONG_TEXT} are better",
            )


def _intervals(config: HotlineConfig) -> Iterator[tuple[Path, Interval]]:
    for name in WEEKDAYS:
        for index, interval in enumerate(config.hours.week.get(name, [])):
            yield ("hours", "week", name, index), interval
    for index, closure in enumerate(config.hours.closures):
        if closure.hours is not None:
            yield ("hours", "closures", index, "hours"), closure.hours


def _today(config: HotlineConfig, now: datetime) -> date:
    return now.astimezone(ZoneInfo(config.hotline.timezone)).date()


def _is_past(closure: Closure, today: date) -> bool:
    return not closure.every_year and (closure.end or closure.start) < today


def _days(closure: Closure, today: date) -> Iterator[date]:
    """Its days from today on: of several years when it comes every year."""
    length = min(((closure.end or closure.start) - closure.start).days, LONGEST_CLOSURE)
    years = range(today.year - 1, today.year + YEARS_AHEAD) if closure.every_year else [closure.start.year]
    for year in years:
        first = _in_year(closure.start, year)
        if first is not None:
            days = (first + timedelta(days=count) for count in range(length + 1))
            yield from (day for day in days if day >= today)


def _in_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _closes(without: Calendar, closure: Closure, day: date, zone: ZoneInfo) -> bool:
    """Whether the hotline would be open then if there were no closures."""
    closed = _span(day, closure.hours or Interval(start=time(), end=time(23, 59, 59)), zone)
    return any(True for _ in without.openings(*closed))


def _span(day: date, interval: Interval, zone: ZoneInfo) -> Span:
    return datetime.combine(day, interval.start, zone), datetime.combine(day, interval.end, zone)


def _meets(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _hours_meet(one: Interval | None, other: Interval | None) -> bool:
    return one is None or other is None or (one.start < other.end and other.start < one.end)


def _alike(one: Closure, other: Closure) -> bool:
    """The same closure twice is an error, found by the checks."""
    span, another = ((c.start, c.end or c.start, c.hours, c.every_year) for c in (one, other))
    return span == another


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _shown(interval: Interval) -> str:
    return f"{interval.start:%H:%M}-{interval.end:%H:%M}"


SPAN_WARNINGS: tuple[Callable[[HotlineConfig], Warnings], ...] = (
    spans_end_where_they_should,
    nights_are_open_through,
)
HOURS_WARNINGS: tuple[Callable[[HotlineConfig, datetime], Warnings], ...] = (
    opens_soon,
    hours_are_ever_open,
    closures_do_not_overlap,
    closures_close_something,
    the_emergency_is_now_and_short,
    the_emergency_is_soon_told,
)
