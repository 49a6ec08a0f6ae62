"""At which times of day callers may choose to be called back."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Closure, HotlineConfig, Interval
from routing.hours import Calendar
from routing.windows import MOST, SEARCH_DAYS, next_windows
from tests.unit.conversations import BERLIN, changed, shipped

MORNING, AFTERNOON = Interval(start="08:00", end="12:00"), Interval(start="13:00", end="17:00")


def offered(
    day: int, clock: str, *windows: Interval, config: HotlineConfig | None = None
) -> list[tuple[int, int, int]]:
    """Day, first and last hour of each window offered at that time in November 2026; Monday is the 23rd."""
    callbacks = shipped().callbacks.model_copy(update={"windows": list(windows)})
    config = (config or shipped()).model_copy(update={"callbacks": callbacks})
    now = datetime.combine(date(2026, 11, day), time.fromisoformat(clock), BERLIN)
    found = next_windows(config, Calendar(config), now)
    assert all(start.date() == end.date() for start, end in found)
    return [(start.day, start.hour, end.hour) for start, end in found]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("07:00", [(23, 8, 12), (23, 13, 17), (24, 8, 12)]),
        ("07:59:59", [(23, 8, 12), (23, 13, 17), (24, 8, 12)]),
        ("08:00", [(23, 9, 12), (23, 13, 17), (24, 8, 12)]),
        ("09:20", [(23, 10, 12), (23, 13, 17), (24, 8, 12)]),
        ("10:59:59", [(23, 11, 12), (23, 13, 17), (24, 8, 12)]),
        ("11:00", [(23, 13, 17), (24, 8, 12), (24, 13, 17)]),
        ("16:00", [(24, 8, 12), (24, 13, 17), (25, 8, 12)]),
        ("23:59:59", [(24, 8, 12), (24, 13, 17), (25, 8, 12)]),
    ],
)
def test_next_three_with_what_is_left_of_today_if_at_least_an_hour(clock, expected):
    assert offered(23, clock, MORNING, AFTERNOON) == expected


def test_order_in_the_file_does_not_matter_and_the_same_window_is_offered_once():
    assert offered(23, "07:00", AFTERNOON, MORNING, MORNING) == [(23, 8, 12), (23, 13, 17), (24, 8, 12)]


def test_weekend_is_left_out():
    assert offered(27, "17:00", MORNING)[0] == (30, 8, 12)


def test_only_what_lies_in_opening_hours_is_offered():
    closed = {"from": "2026-11-23", "hours": "14:30-18:00", "reason": "Versammlung"}
    config = changed(hours={"closures": [Closure.model_validate(closed)]})
    assert offered(23, "12:00", AFTERNOON, config=config)[:2] == [(23, 13, 14), (24, 13, 17)]
    assert offered(23, "12:00", Interval(start="17:00", end="20:00"))[0] == (23, 17, 18)
    assert offered(23, "12:00", Interval(start="19:00", end="21:00")) == []


def test_window_over_a_lunch_break_is_offered_in_its_parts():
    week = {"monday": [MORNING, Interval(start="13:30", end="18:00")]}
    config = changed(hours={"week": week})
    assert offered(23, "07:00", Interval(start="09:00", end="17:00"), config=config)[:2] == [(23, 9, 12), (23, 14, 17)]


def test_without_windows_or_openings_nothing_is_offered():
    assert offered(23, "07:00") == []
    assert offered(23, "07:00", MORNING, config=changed(hours={"week": {}})) == []


@given(
    st.integers(0, 5 * 365 * 86_400).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.lists(st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(1, 10)), max_size=4),
)
def test_whatever_is_offered_is_ahead_within_hours_and_on_full_hours(now, written):
    windows = [
        Interval(start=f"{hour:02}:{minute:02}", end=f"{min(23, hour + length):02}:00")
        for hour, minute, length in written
        if hour < 22
    ]
    config = changed(callbacks={"windows": windows})
    calendar = Calendar(config)
    found = next_windows(config, calendar, now)
    assert len(found) <= MOST
    assert found == sorted(set(found))
    for start, end in found:
        assert now < start < end <= now + timedelta(days=SEARCH_DAYS + 1)
        assert (start.minute, start.second, end.minute, end.second) == (0, 0, 0, 0)
        assert end.astimezone(UTC) - start.astimezone(UTC) >= timedelta(hours=1)
        assert calendar.opening(start).open
        assert calendar.opening(end - timedelta(seconds=1)).open
        assert calendar.opening(start).closes_at >= end
        assert any(window.start <= start.time() and end.time() <= window.end for window in windows)
