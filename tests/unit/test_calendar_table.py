"""The calendar over seven years, compared day by day with a table that is made without the calendar's own parts.

Public holidays of Niedersachsen: § 2 Absatz 1 des Niedersächsischen Gesetzes über die Feiertage (NFeiertagsG; the
Reformationstag was added by law of 22 June 2018). Those that move hang on Easter Sunday, which is computed here by
Gauss's formula with Lichtenberg's supplement, and checked against published dates; the package `holidays`, which the
calendar uses, has no part in it. Summer time: directive 2000/84/EC, last Sundays of March and October at 01:00 UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.schema import HotlineConfig
from routing.hours import Calendar, Reason

YEARS = range(2024, 2031)
BERLIN = ZoneInfo("Europe/Berlin")
EASTER = {
    2024: (3, 31),
    2025: (4, 20),
    2026: (4, 5),
    2027: (3, 28),
    2028: (4, 16),
    2029: (4, 1),
    2030: (4, 21),
}
"""As printed in church calendars."""
FIXED = {
    (1, 1): "Neujahr",
    (5, 1): "Erster Mai",
    (10, 3): "Tag der Deutschen Einheit",
    (10, 31): "Reformationstag",
    (12, 25): "Erster Weihnachtstag",
    (12, 26): "Zweiter Weihnachtstag",
}
FROM_EASTER = {
    -2: "Karfreitag",
    1: "Ostermontag",
    39: "Christi Himmelfahrt",
    50: "Pfingstmontag",
}
CLOSING_DAYS = {(12, 24): "Heiligabend", (12, 31): "Silvester"}
"""Of the shipped configuration."""
OPEN_DAYS_BY_YEAR = [250, 249, 252, 254, 251, 249, 249]
"""Counted by hand: 262, 261, 261, 261, 260, 261, 261 weekdays, less 12, 12, 9, 7, 9, 12, 12 of them that are closed."""
NONE_IN_NIEDERSACHSEN = ("01-06", "08-15", "11-01", "06-04")
"""Heilige Drei Könige, Mariä Himmelfahrt, Allerheiligen, Fronleichnam 2026."""


def easter(year: int) -> date:
    """Gauss's formula, in Lichtenberg's form (1997), which needs no exceptions."""
    century = year // 100
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    seed = (19 * (year % 19) + moon) % 30
    correction = (seed + (year % 19) // 11) // 29
    limit = 21 + seed - correction
    sunday = 7 - (year + year // 4 + sun) % 7
    march_day = limit + 7 - (limit - sunday) % 7
    return date(year, 3, 1) + timedelta(days=march_day - 1)


@cache
def public_holidays(year: int) -> dict[date, str]:
    moving = {easter(year) + timedelta(days=days): name for days, name in FROM_EASTER.items()}
    return {date(year, month, day): name for (month, day), name in FIXED.items()} | moving


@cache
def last_sunday(year: int, month: int) -> date:
    return max(day for day in all_days(year) if day.month == month and day.isoweekday() == 7)


def all_days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def in_berlin(day: date, clock: time) -> datetime:
    """That local time in UTC, by the rule of the directive alone. Not for the night of a change."""
    summer = last_sunday(day.year, 3) <= day < last_sunday(day.year, 10)
    return datetime.combine(day, clock, UTC) - timedelta(hours=2 if summer else 1)


def expected(day: date) -> tuple[Reason, str | None, str | None]:
    """The reason at noon, the holiday, and the closure."""
    closing, holiday = CLOSING_DAYS.get((day.month, day.day)), public_holidays(day.year).get(day)
    if closing:
        return Reason.CLOSURE, holiday, closing
    if holiday:
        return Reason.HOLIDAY, holiday, None
    return (Reason.WEEKEND if day.isoweekday() > 5 else Reason.OPEN), None, None


def open_days(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return [day for day in days if expected(day)[0] is Reason.OPEN]


OPEN_DAYS = open_days(date(2023, 12, 1), date(2031, 1, 31))


def open_day_after(day: date) -> date:
    return OPEN_DAYS[bisect_right(OPEN_DAYS, day)]


@pytest.fixture(scope="module")
def calendar(config: HotlineConfig) -> Calendar:
    return Calendar(config)


def test_the_formula_gives_the_printed_dates_of_easter() -> None:
    assert {year: (easter(year).month, easter(year).day) for year in YEARS} == EASTER


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_the_year_is_as_the_law_and_the_week_plan_say(calendar: Calendar, year: int) -> None:
    for day in all_days(year):
        noon = calendar.opening(in_berlin(day, time(12)))
        reason, holiday, closure = expected(day)
        assert (day, noon.open) == (day, reason is Reason.OPEN)
        assert (day, noon.reason, noon.closure) == (day, reason, closure)
        assert (day, bool(noon.holiday)) == (day, holiday is not None)


@pytest.mark.parametrize("year", YEARS)
def test_every_holiday_has_its_name(calendar: Calendar, year: int) -> None:
    told = {day: calendar.opening(in_berlin(day, time(12))).holiday for day in public_holidays(year)}
    assert told == public_holidays(year)


@pytest.mark.parametrize("year", YEARS)
def test_every_day_opens_and_closes_on_the_second(calendar: Calendar, year: int) -> None:
    for day in all_days(year):
        is_open = expected(day)[0] is Reason.OPEN
        clocks = [time(7, 59, 59), time(8), time(17, 59, 59), time(18)]
        told = [calendar.opening(in_berlin(day, clock)).open for clock in clocks]
        assert (day, told) == (day, [False, is_open, is_open, False])


@pytest.mark.parametrize("year", YEARS)
def test_every_evening_tells_the_next_opening(calendar: Calendar, year: int) -> None:
    for day in all_days(year):
        evening = in_berlin(day, time(18))
        told = calendar.opening(evening).next_open
        assert told is not None
        assert (day, told.astimezone(UTC)) == (day, in_berlin(open_day_after(day), time(8)))
        assert (told.hour, told.minute, told.utcoffset()) == (8, 0, told.astimezone(BERLIN).utcoffset())


@pytest.mark.parametrize("year", YEARS)
def test_every_request_is_due_at_the_end_of_the_next_working_day(calendar: Calendar, year: int) -> None:
    for day in all_days(year):
        counted = day if expected(day)[0] is Reason.OPEN else open_day_after(day)
        due = open_day_after(counted)
        assert (day, calendar.due(in_berlin(day, time(9))).astimezone(UTC)) == (day, in_berlin(due, time(18)))


@pytest.mark.parametrize("year", YEARS)
def test_the_hours_of_open_days_in_a_year_add_up(calendar: Calendar, year: int) -> None:
    start, end = in_berlin(date(year, 1, 1), time()), in_berlin(date(year + 1, 1, 1), time())
    spans = list(calendar.openings(start, end))
    days = open_days(date(year, 1, 1), date(year, 12, 31))
    assert [span[0] for span in spans] == [in_berlin(day, time(8)) for day in days]
    assert sum((until - since for since, until in spans), timedelta()) == timedelta(hours=10 * len(days))


@pytest.mark.parametrize("year", YEARS)
def test_the_working_days_around_both_clock_changes_keep_their_local_hours(calendar: Calendar, year: int) -> None:
    for month, offset in ((3, timedelta(hours=1)), (10, timedelta(hours=2))):
        sunday = last_sunday(year, month)
        before = max(day for day in OPEN_DAYS if day < sunday)
        after = open_day_after(sunday)
        closes = calendar.opening(in_berlin(before, time(9))).closes_at
        opens = calendar.opening(in_berlin(before, time(18))).next_open
        assert closes is not None
        assert opens is not None
        assert (closes.hour, closes.utcoffset()) == (18, offset)
        assert (opens.date(), opens.hour, opens.utcoffset()) == (after, 8, timedelta(hours=3) - offset)
        real = in_berlin(after, time(8)) - in_berlin(before, time(18))
        assert opens.astimezone(UTC) - closes.astimezone(UTC) == real


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("month", [3, 10])
def test_a_night_of_a_clock_change_is_an_hour_shorter_or_longer(config: HotlineConfig, year: int, month: int) -> None:
    """Open all Sunday: what is really open is 23 or 25 hours, less the last second, which cannot be written."""
    calendar = _open_on_sundays(config)
    sunday = last_sunday(year, month)
    midnight = datetime.combine(sunday, time(), UTC) - timedelta(hours=1 if month == 3 else 2)
    ((start, end),) = calendar.openings(midnight, midnight + timedelta(hours=26))
    assert start == midnight
    assert end - start == timedelta(hours=23 if month == 3 else 25, seconds=-1)
    for minutes in range(0, 26 * 60, 5):
        moment = midnight + timedelta(minutes=minutes)
        assert (moment, calendar.opening(moment).open) == (moment, moment < end)


def _open_on_sundays(config: HotlineConfig) -> Calendar:
    data: dict[str, Any] = config.model_dump(by_alias=True)
    data["hours"]["week"] = {"sunday": [{"start": "00:00", "end": "23:59:59"}]}
    data["hours"]["closures"] = []
    data["hours"]["holidays"]["subdivision"] = "BW"  # where no such Sunday is a holiday
    return Calendar(HotlineConfig.model_validate(data))


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2028, 2, 29)])
def test_a_leap_day_is_a_day_like_others(calendar: Calendar, day: date) -> None:
    assert calendar.opening(in_berlin(day, time(9))).open
    before = day - timedelta(days=1)
    opens = calendar.opening(in_berlin(before, time(18))).next_open
    assert opens is not None
    assert opens.date() == day
    assert calendar.due(in_berlin(day, time(9))).date() == open_day_after(day)


@pytest.mark.parametrize("day", NONE_IN_NIEDERSACHSEN)
def test_holidays_of_other_states_are_none(calendar: Calendar, day: str) -> None:
    """In 2026; those that fall on a weekend are at least no holidays."""
    opening = calendar.opening(in_berlin(date.fromisoformat(f"2026-{day}"), time(12)))
    assert opening.holiday is None
    assert opening.reason in (Reason.OPEN, Reason.WEEKEND)


def test_the_years_hold_what_they_are_known_to_hold() -> None:
    """The table itself."""
    assert [len(open_days(date(year, 1, 1), date(year, 12, 31))) for year in YEARS] == OPEN_DAYS_BY_YEAR
