"""Which moment a person means who writes a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.moments import parse_moment

BERLIN = ZoneInfo("Europe/Berlin")


def test_time_without_offset_is_berlin_time() -> None:
    assert parse_moment("2026-11-23T09:00", BERLIN).astimezone(UTC) == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_time_with_offset_is_that_moment() -> None:
    assert parse_moment("2026-11-23T09:00+00:00", BERLIN) == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_time_that_occurs_twice_means_the_first() -> None:
    assert parse_moment("2026-10-25T02:30", BERLIN).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("2026-03-29T02:30", "does not exist in Europe/Berlin"),
        ("morgen", "is not a time; write it as"),
        ("2026-13-01T09:00", "is not a time"),
        ("", "is not a time"),
    ],
)
def test_what_is_no_moment_is_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_moment(text, BERLIN)
