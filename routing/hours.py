"""Decides when the hotline is open: week plan, public holidays, closures, and the next working day.

All comparisons are made between moments (UTC), never between wall clocks, so both changes of daylight
saving come out right. Hours are half-open: 08:00:00 is open, 18:00:00 is closed. A local time that the
clock skips in spring counts as if it had not been moved yet; of one that comes twice the first counts.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import holidays

from config.schema import WEEKDAYS, Closure, HotlineConfig

SEARCH_DAYS = 400
"""How far the calendar looks ahead and back; longer than any year with its holidays."""
MONDAY_TO_FRIDAY = range(5)
Span = tuple[datetime, datetime]
"""Two moments in UTC, `start <= t < end`."""


class Reason(StrEnum):
    """Why the hotline is open or closed; when closed, the first that applies in this order."""

    OPEN = "open"
    CLOSURE = "closure"
    HOLIDAY = "holiday"
    WEEKEND = "weekend"
    """A day of the week without any hours in the week plan."""
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True, slots=True)
class Opening:
    """How things stand at one moment. Times are aware, in the hotline's zone."""

    open: bool
    reason: Reason
    holiday: str | None
    """Name of the public holiday of that day, also when a closure comes first."""
    closes_at: datetime | None
    """End of the present opening; None while closed."""
    next_open: datetime | None
    """None while open, and when the hotline does not open within 400 days."""
    closure: str | None
    """The reason written in the closure that applies."""
    announcement: str | None = None
    """What callers hear of that closure, when it has words of its own."""


class Calendar:
    """The hotline's calendar. Takes aware datetimes of any zone; ValueError for naive ones."""

    def __init__(self, config: HotlineConfig) -> None:
        self._zone = ZoneInfo(config.hotline.timezone)
        self._week = [
            sorted((interval.start, interval.end) for interval in config.hours.week.get(weekday, []))
            for weekday in WEEKDAYS
        ]
        self._closures = config.hours.closures
        where = config.hours.holidays
        language = "de" if where.country == "DE" else None
        self._holidays = holidays.country_holidays(where.country, subdiv=where.subdivision, language=language)

    def opening(self, at: datetime) -> Opening:
        """Whether the hotline is open at this moment, why, and until or from when."""
        moment, day = self._moment_and_day(at)
        closes = next((end for start, end in self._spans(day) if start <= moment < end), None)
        if closes is not None:
            return Opening(True, Reason.OPEN, None, self._local(closes), None, None)
        closure, holiday = self._closure_at(moment, day), self._holidays.get(day)
        reason, next_open = self._reason(day, closure, holiday), self._next_open(moment, day)
        if closure is None:
            return Opening(False, reason, holiday, None, next_open, None)
        return Opening(False, reason, holiday, None, next_open, closure.reason, closure.announcement)

    def openings(self, start: datetime, until: datetime) -> Iterator[Span]:
        """Every span in which the hotline is open and that reaches into `start <= t < until`, in order."""
        moment, day = self._moment_and_day(start)
        end, last = self._moment_and_day(until)
        while day <= last:
            yield from (span for span in self._spans(day) if span[0] < end and span[1] > moment)
            day += timedelta(days=1)

    def closed_by(self, start: datetime, until: datetime) -> Iterator[tuple[Span, Closure]]:
        """Each day's part of each closure that reaches into `start <= t < until`; of several at once the first counts.

        By day, and within a day in the order of the configuration, whether the week says open then or not.
        """
        moment, day = self._moment_and_day(start)
        end, last = self._moment_and_day(until)
        while day <= last:
            closures = (closure for closure in self._closures if _covers(closure, day))
            parts = [(self._part_closed_by(closure, day), closure) for closure in closures]
            yield from (part for part in parts if part[0][0] < end and part[0][1] > moment)
            day += timedelta(days=1)

    def closed_for(self, at: datetime) -> float:
        """Seconds since the hotline closed; 0 while open, infinite when it was not open within 400 days."""
        moment, day = self._moment_and_day(at)
        for earlier in _days(day, -1):
            for start, end in reversed(self._spans(earlier)):
                if start <= moment:
                    return max(0.0, (moment - end).total_seconds())
        return math.inf

    def due(self, at: datetime) -> datetime:
        """By when a request of this moment is to be answered: the end of the next working day.

        A working day is Monday to Friday with hours in the week plan, no public holiday, no closure of the
        whole day. A request on another day counts from the next working day: left on Saturday, due on Tuesday.
        """
        _, day = self._moment_and_day(at)
        counted = self._working_day_from(day)
        return self._end_of(self._working_day_from(counted + timedelta(days=1)))

    def working_day_ends(self, at: datetime, days: int) -> list[datetime]:
        """The ends of the working days after the day of `at`, at most so many days away, in the hotline's zone."""
        _, today = self._moment_and_day(at)
        later = (today + timedelta(days=count) for count in range(1, days + 1))
        return [self._end_of(day) for day in later if self._is_working_day(day)]

    def before(self, at: datetime, hours: float) -> datetime:
        """The latest moment after which the hotline is open for so many hours until `at`, in the hotline's zone.

        `at` itself when it was not open for so long within 400 days.
        """
        moment, day = self._moment_and_day(at)
        left = timedelta(hours=hours)
        for earlier in _days(day, -1):
            for start, end in reversed(self._spans(earlier)):
                open_for = max(min(end, moment) - start, timedelta())
                if open_for >= left:
                    return self._local(min(end, moment) - left)
                left -= open_for
        return self._local(moment)

    def _end_of(self, day: date) -> datetime:
        """When the week plan ends that day; 18:00 on a day without any hours in it."""
        plan = self._week[day.weekday()]
        return self._local(self._moment(day, plan[-1][1] if plan else time(18)))

    def _moment_and_day(self, at: datetime) -> tuple[datetime, date]:
        if at.tzinfo is None:
            raise ValueError("a time without a zone cannot be looked up in the calendar")
        return at.astimezone(UTC), at.astimezone(self._zone).date()

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self._zone).astimezone(UTC)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)

    def _reason(self, day: date, closure: Closure | None, holiday: str | None) -> Reason:
        if closure:
            return Reason.CLOSURE
        if holiday:
            return Reason.HOLIDAY
        return Reason.OUTSIDE_HOURS if self._week[day.weekday()] else Reason.WEEKEND

    def _spans(self, day: date) -> list[Span]:
        """When that day is really open, in order, adjacent spans joined."""
        if day in self._holidays or self._closed_all_day(day):
            return []
        spans = [(self._moment(day, start), self._moment(day, end)) for start, end in self._week[day.weekday()]]
        for closed in self._closed_parts(day):
            spans = [rest for span in spans for rest in _cut(span, closed)]
        return _joined(spans)

    def _closed_all_day(self, day: date) -> bool:
        return any(closure.hours is None and _covers(closure, day) for closure in self._closures)

    def _closed_parts(self, day: date) -> Iterator[Span]:
        for closure in self._closures:
            if closure.hours is not None and _covers(closure, day):
                yield self._moment(day, closure.hours.start), self._moment(day, closure.hours.end)

    def _closure_at(self, moment: datetime, day: date) -> Closure | None:
        for closure in self._closures:
            if _covers(closure, day) and (
                closure.hours is None
                or self._moment(day, closure.hours.start) <= moment < self._moment(day, closure.hours.end)
            ):
                return closure
        return None

    def _part_closed_by(self, closure: Closure, day: date) -> Span:
        """When that closure closes that day."""
        if closure.hours is not None:
            return self._moment(day, closure.hours.start), self._moment(day, closure.hours.end)
        return self._moment(day, time.min), self._moment(day + timedelta(days=1), time.min)

    def _next_open(self, moment: datetime, day: date) -> datetime | None:
        starts = (start for later in _days(day, 1) for start, _ in self._spans(later) if start > moment)
        found = next(starts, None)
        return self._local(found) if found else None

    def _working_day_from(self, day: date) -> date:
        """The first working day on or after `day`; `day` itself when there is none within 400 days."""
        return next((later for later in _days(day, 1) if self._is_working_day(later)), day)

    def _is_working_day(self, day: date) -> bool:
        usual = [weekday for weekday in MONDAY_TO_FRIDAY if self._week[weekday]] or MONDAY_TO_FRIDAY
        return day.weekday() in usual and day not in self._holidays and not self._closed_all_day(day)


def _days(day: date, step: int) -> Iterator[date]:
    for count in range(SEARCH_DAYS + 1):
        try:
            yield day + timedelta(days=count * step)
        except OverflowError:
            return


def _covers(closure: Closure, day: date) -> bool:
    """Whether the closure concerns this day. One of 29 February alone comes in leap years only."""
    end = closure.end or closure.start
    if not closure.every_year:
        return closure.start <= day <= end
    first, last, this = _in_year(closure.start), _in_year(end), _in_year(day)
    if end.year == closure.start.year:
        return first <= this <= last
    return this >= first or this <= last


def _in_year(day: date) -> tuple[int, int]:
    return day.month, day.day


def _cut(span: Span, closed: Span) -> Iterator[Span]:
    """What remains of an open span when a closed one is taken out."""
    before, after = (span[0], min(span[1], closed[0])), (max(span[0], closed[1]), span[1])
    yield from (rest for rest in (before, after) if rest[0] < rest[1])


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and joined[-1][1] >= start:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined
