"""The calendar to the second: hours, both clock changes, holidays of Niedersachsen, closures, due times."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import HotlineConfig
from routing.hours import Calendar, Reason

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAY = [{"start": "08:00", "end": "18:00"}]


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def local(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def calendar_with(config: HotlineConfig, closures: list[dict[str, Any]] | None = None, **week: Any) -> Calendar:
    hours = config.hours.model_dump(by_alias=True)
    hours["week"] = {**hours["week"], **week}
    if closures is not None:
        hours["closures"] = [{"reason": "Betriebsausflug", **closure} for closure in closures]
    return Calendar(HotlineConfig.model_validate({**config.model_dump(by_alias=True), "hours": hours}))


@pytest.fixture(scope="module")
def calendar(config: HotlineConfig) -> Calendar:
    return Calendar(config)


MOMENTS = [
    # (local time, reason, next opening)
    ("2026-11-23T07:59:59.999999", Reason.OUTSIDE_HOURS, "2026-11-23T08:00:00+01:00"),
    ("2026-11-23T08:00:00", Reason.OPEN, None),
    ("2026-11-23T17:59:59.999999", Reason.OPEN, None),
    ("2026-11-23T18:00:00", Reason.OUTSIDE_HOURS, "2026-11-24T08:00:00+01:00"),
    ("2026-11-20T18:00:00", Reason.OUTSIDE_HOURS, "2026-11-23T08:00:00+01:00"),
    ("2026-11-21T12:00:00", Reason.WEEKEND, "2026-11-23T08:00:00+01:00"),
    ("2026-11-23T00:00:00", Reason.OUTSIDE_HOURS, "2026-11-23T08:00:00+01:00"),
    ("2026-10-30T19:00:00", Reason.OUTSIDE_HOURS, "2026-11-02T08:00:00+01:00"),
    ("2026-10-31T12:00:00", Reason.HOLIDAY, "2026-11-02T08:00:00+01:00"),  # Reformationstag, a Saturday
    ("2025-10-31T12:00:00", Reason.HOLIDAY, "2025-11-03T08:00:00+01:00"),  # Reformationstag, a Friday
    ("2026-11-01T12:00:00", Reason.WEEKEND, "2026-11-02T08:00:00+01:00"),  # Allerheiligen is none in Niedersachsen
    ("2027-11-01T12:00:00", Reason.OPEN, None),
    ("2026-12-23T18:00:00", Reason.OUTSIDE_HOURS, "2026-12-28T08:00:00+01:00"),
    ("2026-12-24T12:00:00", Reason.CLOSURE, "2026-12-28T08:00:00+01:00"),
    ("2026-12-25T12:00:00", Reason.HOLIDAY, "2026-12-28T08:00:00+01:00"),
    ("2026-12-26T12:00:00", Reason.HOLIDAY, "2026-12-28T08:00:00+01:00"),  # a Saturday: the holiday comes first
    ("2026-12-27T12:00:00", Reason.WEEKEND, "2026-12-28T08:00:00+01:00"),
    ("2026-12-31T12:00:00", Reason.CLOSURE, "2027-01-04T08:00:00+01:00"),
    ("2022-12-24T12:00:00", Reason.CLOSURE, "2022-12-27T08:00:00+01:00"),  # a Saturday: the closure comes first
    ("2026-04-03T12:00:00", Reason.HOLIDAY, "2026-04-07T08:00:00+02:00"),  # Karfreitag
    ("2026-03-28T12:00:00", Reason.WEEKEND, "2026-03-30T08:00:00+02:00"),  # the clock goes forward on the 29th
    ("2026-10-24T12:00:00", Reason.WEEKEND, "2026-10-26T08:00:00+01:00"),  # and back on the 25th
]


@pytest.mark.parametrize(("at", "reason", "next_open"), MOMENTS)
def test_each_moment_is_open_or_closed_for_its_reason(
    calendar: Calendar, at: str, reason: Reason, next_open: str | None
) -> None:
    opening = calendar.opening(berlin(at))
    assert (opening.reason, local(opening.next_open)) == (reason, next_open)
    assert opening.open == (reason is Reason.OPEN)


def test_the_zone_of_the_question_does_not_matter(calendar: Calendar) -> None:
    assert calendar.opening(datetime(2026, 7, 1, 6, 0, tzinfo=UTC)).open  # 08:00 in summer
    assert not calendar.opening(datetime(2026, 12, 1, 6, 59, 59, tzinfo=UTC)).open  # 07:59:59 in winter
    assert calendar.opening(datetime(2026, 12, 1, 18, 0, tzinfo=ZoneInfo("Asia/Tokyo"))).open


def test_a_time_without_zone_is_refused(calendar: Calendar) -> None:
    naive = datetime.fromisoformat("2026-11-23T09:00")
    for ask in (calendar.opening, calendar.closed_for, calendar.due):
        with pytest.raises(ValueError, match="without a zone"):
            ask(naive)


def test_names_of_holiday_and_closure_are_told(calendar: Calendar) -> None:
    assert calendar.opening(berlin("2025-10-31T12:00")).holiday == "Reformationstag"
    assert calendar.opening(berlin("2026-12-24T12:00")).closure == "Heiligabend"
    assert calendar.opening(berlin("2026-12-24T12:00")).holiday is None
    assert calendar.opening(berlin("2026-11-23T12:00")).closure is None


def test_a_closure_comes_before_the_holiday_of_the_same_day(config: HotlineConfig) -> None:
    opening = calendar_with(config, [{"from": "2026-12-24", "to": "2027-01-01"}]).opening(berlin("2026-12-25T12:00"))
    assert (opening.reason, opening.closure, opening.holiday) == (
        Reason.CLOSURE,
        "Betriebsausflug",
        "Erster Weihnachtstag",
    )
    assert local(opening.next_open) == "2027-01-04T08:00:00+01:00"


def test_closing_time_is_told_while_open(calendar: Calendar) -> None:
    assert local(calendar.opening(berlin("2026-11-23T09:00")).closes_at) == "2026-11-23T18:00:00+01:00"


def test_a_midday_break_closes_and_opens_again(config: HotlineConfig) -> None:
    halves = [{"start": "14:00", "end": "18:00"}, {"start": "08:00", "end": "12:00"}]
    calendar = calendar_with(config, monday=halves)
    assert local(calendar.opening(berlin("2026-11-23T09:00")).closes_at) == "2026-11-23T12:00:00+01:00"
    pause = calendar.opening(berlin("2026-11-23T12:00"))
    assert (pause.reason, local(pause.next_open)) == (Reason.OUTSIDE_HOURS, "2026-11-23T14:00:00+01:00")


def test_adjacent_intervals_are_one_opening(config: HotlineConfig) -> None:
    calendar = calendar_with(config, monday=[{"start": "08:00", "end": "12:00"}, {"start": "12:00", "end": "18:00"}])
    assert local(calendar.opening(berlin("2026-11-23T09:00")).closes_at) == "2026-11-23T18:00:00+01:00"


AFTERNOON = [{"from": "2026-11-27", "hours": "12:00-18:00"}]
MIDDAY = [{"from": "2026-11-23", "to": "2026-11-24", "hours": "11:00-13:00"}]
WHOLE_DAY_IN_PART = [{"from": "2026-11-27", "hours": "07:00-19:00"}]
PART_CLOSURES = [
    (AFTERNOON, "2026-11-27T11:59:59", Reason.OPEN, "2026-11-27T12:00:00+01:00", None),
    (AFTERNOON, "2026-11-27T12:00:00", Reason.CLOSURE, None, "2026-11-30T08:00:00+01:00"),
    (AFTERNOON, "2026-11-27T18:00:00", Reason.OUTSIDE_HOURS, None, "2026-11-30T08:00:00+01:00"),
    (AFTERNOON, "2026-11-27T07:00:00", Reason.OUTSIDE_HOURS, None, "2026-11-27T08:00:00+01:00"),
    (MIDDAY, "2026-11-23T09:00:00", Reason.OPEN, "2026-11-23T11:00:00+01:00", None),
    (MIDDAY, "2026-11-24T11:00:00", Reason.CLOSURE, None, "2026-11-24T13:00:00+01:00"),
    (MIDDAY, "2026-11-24T13:00:00", Reason.OPEN, "2026-11-24T18:00:00+01:00", None),
    (MIDDAY, "2026-11-25T11:00:00", Reason.OPEN, "2026-11-25T18:00:00+01:00", None),
    (WHOLE_DAY_IN_PART, "2026-11-26T20:00:00", Reason.OUTSIDE_HOURS, None, "2026-11-30T08:00:00+01:00"),
]


@pytest.mark.parametrize(("closures", "at", "reason", "closes_at", "next_open"), PART_CLOSURES)
def test_a_closure_of_part_of_a_day_shortens_the_day(
    config: HotlineConfig,
    closures: list[dict[str, Any]],
    at: str,
    reason: Reason,
    closes_at: str | None,
    next_open: str | None,
) -> None:
    opening = calendar_with(config, closures).opening(berlin(at))
    assert (opening.reason, local(opening.closes_at), local(opening.next_open)) == (reason, closes_at, next_open)


TURN_OF_YEAR = {"from": "2026-12-24", "to": "2027-01-02", "every_year": True}
LEAP_DAY = {"from": "2028-02-29", "every_year": True}
LEAP_RANGE = {"from": "2028-02-29", "to": "2028-03-03", "every_year": True}
SUMMER = {"from": "2026-07-01", "to": "2026-07-03"}
YEARLY = [
    (TURN_OF_YEAR, "2030-12-30", True),
    (TURN_OF_YEAR, "2030-01-02", True),
    (TURN_OF_YEAR, "2030-01-03", False),
    (TURN_OF_YEAR, "2030-12-23", False),
    (LEAP_DAY, "2028-02-29", True),
    (LEAP_DAY, "2027-02-26", False),
    (LEAP_DAY, "2027-03-01", False),
    (LEAP_RANGE, "2027-03-01", True),
    (LEAP_RANGE, "2029-02-28", False),
    (SUMMER, "2026-07-01", True),
    (SUMMER, "2026-07-03", True),
    (SUMMER, "2026-07-06", False),
    (SUMMER, "2027-07-01", False),
]


@pytest.mark.parametrize(("closure", "day", "closed"), YEARLY)
def test_closures_cover_their_days_and_no_others(
    config: HotlineConfig, closure: dict[str, Any], day: str, closed: bool
) -> None:
    opening = calendar_with(config, [closure]).opening(berlin(f"{day}T12:00"))
    assert (opening.closure == "Betriebsausflug") == closed


NIGHT = [{"start": "01:00", "end": "05:00"}]
HALF_PAST_TWO = [{"start": "02:30", "end": "05:00"}]
UNTIL_HALF_PAST_TWO = [{"start": "01:00", "end": "02:30"}]
CLOCK_CHANGES = [
    # (hours of that Sunday, moment in UTC, open)
    (NIGHT, "2026-03-29T00:00:00+00:00", True),
    (NIGHT, "2026-03-29T02:59:59+00:00", True),  # 04:59:59 in summer time
    (NIGHT, "2026-03-29T03:00:00+00:00", False),
    (NIGHT, "2026-10-24T23:00:00+00:00", True),
    (NIGHT, "2026-10-25T03:59:59+00:00", True),  # 04:59:59 in winter time
    (NIGHT, "2026-10-25T04:00:00+00:00", False),
    (HALF_PAST_TWO, "2026-03-29T01:29:59+00:00", False),  # skipped by the clock: counts as 03:30
    (HALF_PAST_TWO, "2026-03-29T01:30:00+00:00", True),
    (UNTIL_HALF_PAST_TWO, "2026-10-25T00:29:59+00:00", True),
    (UNTIL_HALF_PAST_TWO, "2026-10-25T00:30:00+00:00", False),
    (UNTIL_HALF_PAST_TWO, "2026-10-25T01:15:00+00:00", False),  # 02:15 for the second time stays closed
]


@pytest.mark.parametrize(("sunday", "at", "is_open"), CLOCK_CHANGES)
def test_hours_across_a_clock_change(config: HotlineConfig, sunday: Any, at: str, is_open: bool) -> None:
    assert calendar_with(config, sunday=sunday).opening(datetime.fromisoformat(at)).open == is_open


CLOSED_FOR = [
    ("2026-11-23T12:00:00", 0),
    ("2026-11-23T17:59:59", 0),
    ("2026-11-23T18:00:00", 0),
    ("2026-11-23T18:00:01", 1),
    ("2026-11-24T07:59:59", 14 * 3600 - 1),
    ("2026-11-22T18:00:00", 48 * 3600),
    ("2026-10-26T07:00:00", 2 * 86400 + 13 * 3600 + 3600),  # one hour more: the clock went back
]


@pytest.mark.parametrize(("at", "seconds"), CLOSED_FOR)
def test_closed_for_counts_from_the_last_closing(calendar: Calendar, at: str, seconds: float) -> None:
    assert calendar.closed_for(berlin(at)) == seconds


def test_closed_for_counts_from_the_last_of_several_closings_of_a_day(config: HotlineConfig) -> None:
    calendar = calendar_with(config, monday=[{"start": "08:00", "end": "12:00"}, {"start": "14:00", "end": "18:00"}])
    assert calendar.closed_for(berlin("2026-11-23T13:00")) == 3600
    assert calendar.closed_for(berlin("2026-11-23T20:00")) == 2 * 3600


DUE = [
    ("2026-11-23T09:00", "2026-11-24T18:00:00+01:00"),
    ("2026-11-23T23:59", "2026-11-24T18:00:00+01:00"),
    ("2026-11-20T17:00", "2026-11-23T18:00:00+01:00"),  # Friday: Monday
    ("2026-11-21T12:00", "2026-11-24T18:00:00+01:00"),  # Saturday counts from Monday: Tuesday
    ("2026-11-22T12:00", "2026-11-24T18:00:00+01:00"),
    ("2026-04-02T09:00", "2026-04-07T18:00:00+02:00"),  # Gründonnerstag: Tuesday after Easter
    ("2026-04-03T09:00", "2026-04-08T18:00:00+02:00"),  # Karfreitag counts from Tuesday: Wednesday
    ("2026-04-06T09:00", "2026-04-08T18:00:00+02:00"),  # Ostermontag
    ("2026-12-23T09:00", "2026-12-28T18:00:00+01:00"),
    ("2026-12-24T09:00", "2026-12-29T18:00:00+01:00"),
    ("2026-12-30T09:00", "2027-01-04T18:00:00+01:00"),
    ("2026-10-23T09:00", "2026-10-26T18:00:00+01:00"),  # over the clock change
]


@pytest.mark.parametrize(("at", "due"), DUE)
def test_a_promise_is_due_at_the_end_of_the_next_working_day(calendar: Calendar, at: str, due: str) -> None:
    assert local(calendar.due(berlin(at))) == due


def test_a_saturday_with_hours_is_still_no_working_day(config: HotlineConfig) -> None:
    assert local(calendar_with(config, saturday=WORKDAY).due(berlin("2026-11-20T09:00"))) == "2026-11-23T18:00:00+01:00"


def test_a_weekday_without_hours_is_no_working_day(config: HotlineConfig) -> None:
    assert local(calendar_with(config, tuesday=[]).due(berlin("2026-11-23T09:00"))) == "2026-11-25T18:00:00+01:00"


def test_a_short_friday_ends_the_due_time_early(config: HotlineConfig) -> None:
    calendar = calendar_with(config, friday=[{"start": "08:00", "end": "13:00"}])
    assert local(calendar.due(berlin("2026-11-26T09:00"))) == "2026-11-27T13:00:00+01:00"


def test_an_afternoon_closure_of_the_telephone_does_not_move_the_due_time(config: HotlineConfig) -> None:
    assert local(calendar_with(config, AFTERNOON).due(berlin("2026-11-26T09:00"))) == "2026-11-27T18:00:00+01:00"


def test_a_hotline_open_only_at_the_weekend_still_promises_a_working_day(config: HotlineConfig) -> None:
    empty: dict[str, list[Any]] = {day: [] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    calendar = calendar_with(config, saturday=WORKDAY, **empty)
    assert local(calendar.due(berlin("2026-11-21T09:00"))) == "2026-11-24T18:00:00+01:00"


def test_a_hotline_closed_for_years_says_so(config: HotlineConfig) -> None:
    calendar = calendar_with(config, [{"from": "2020-01-01", "to": "2030-01-01"}])
    opening = calendar.opening(berlin("2026-11-23T12:00"))
    assert (opening.reason, opening.next_open) == (Reason.CLOSURE, None)
    assert calendar.closed_for(berlin("2026-11-23T12:00")) == math.inf


def test_the_ends_of_the_calendar_do_not_break_it(calendar: Calendar) -> None:
    assert calendar.opening(datetime(9999, 12, 31, 20, tzinfo=UTC)).next_open is None
    assert calendar.closed_for(datetime(1, 1, 1, 1, tzinfo=UTC)) == math.inf


moments = st.datetimes(
    min_value=datetime.fromisoformat("2024-01-01"),
    max_value=datetime.fromisoformat("2031-01-01"),
    timezones=st.just(UTC),
)


@given(at=moments)
def test_opening_closing_and_next_opening_agree(config: HotlineConfig, at: datetime) -> None:
    calendar = Calendar(config)
    opening = calendar.opening(at)
    facts = {opening.reason is Reason.OPEN, opening.closes_at is not None, opening.next_open is None}
    assert facts == {opening.open}
    last_open = at - timedelta(seconds=calendar.closed_for(at)) - timedelta(microseconds=not opening.open)
    assert calendar.opening(last_open).open
    edge = (opening.closes_at or opening.next_open or at).astimezone(UTC)
    assert edge > at
    assert calendar.opening(edge).open is not opening.open
    assert calendar.opening(edge - timedelta(microseconds=1)).open is opening.open


@given(at=moments)
def test_open_means_eight_to_eighteen_on_a_working_day(config: HotlineConfig, at: datetime) -> None:
    here = at.astimezone(BERLIN)
    closed_day = here.weekday() > 4 or (here.month, here.day) in ((12, 24), (12, 31))
    holiday = here.date() in holidays.country_holidays("DE", subdiv="NI")
    assert Calendar(config).opening(at).open == (8 <= here.hour < 18 and not closed_day and not holiday)


@given(at=moments)
def test_a_promise_is_never_due_before_a_whole_working_day_has_begun(config: HotlineConfig, at: datetime) -> None:
    calendar = Calendar(config)
    due = calendar.due(at)
    assert due.date() > at.astimezone(BERLIN).date()
    assert (due.hour, due.minute, due.second) == (18, 0, 0)
    assert calendar.opening(due - timedelta(seconds=1)).open
    assert due.astimezone(UTC) - at <= timedelta(days=8)


def test_openings_of_a_span_are_whole_days_hours_in_order(calendar: Calendar) -> None:
    """From Thursday evening over Reformationstag (a Saturday) and the weekend to Monday noon."""
    found = list(calendar.openings(berlin("2026-10-29T17:59:59"), berlin("2026-11-02T12:00")))
    assert [f"{start.astimezone(BERLIN):%d. %H:%M}-{end.astimezone(BERLIN):%H:%M}" for start, end in found] == [
        "29. 08:00-18:00",
        "30. 08:00-18:00",
        "02. 08:00-18:00",
    ]


def test_opening_that_ends_or_begins_at_the_edge_does_not_reach_into_the_span(calendar: Calendar) -> None:
    assert list(calendar.openings(berlin("2026-11-23T18:00"), berlin("2026-11-24T08:00"))) == []


@given(at=moments)
def test_openings_and_opening_tell_the_same(config: HotlineConfig, at: datetime) -> None:
    calendar = Calendar(config)
    reaching = [span for span in calendar.openings(at, at + timedelta(seconds=1)) if span[0] <= at < span[1]]
    assert bool(reaching) is calendar.opening(at).open
    assert [end for _, end in reaching] == [end for end in [calendar.opening(at).closes_at] if end]
