"""Decides at which times of day a caller may choose to be called back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig, Interval
from routing.hours import Calendar, Span

MOST = 3
"""As many as a caller can keep in mind."""
SEARCH_DAYS = 14


def next_windows(config: HotlineConfig, calendar: Calendar, now: datetime, most: int = MOST) -> list[Span]:
    """The next times that can be offered, in order, as moments in the hotline's zone.

    Each is as much of one of `callbacks.windows` as lies within one opening and still ahead: from a full hour after
    `now` (aware) to a full hour, at least one hour long. Nothing beyond two weeks.
    """
    zone = ZoneInfo(config.hotline.timezone)
    found: set[Span] = set()
    for opening in calendar.openings(now, now + timedelta(days=SEARCH_DAYS)):
        day = opening[0].astimezone(zone).date()
        for window in config.callbacks.windows:
            hours = [hour for hour in _hours(window, day, zone) if opening[0] <= hour <= opening[1] and hour > now]
            if hours and hours[0] < hours[-1]:
                found.add((hours[0], hours[-1]))
        if len(found) >= most:
            break
    return [(start.astimezone(zone), end.astimezone(zone)) for start, end in sorted(found)[:most]]


def _hours(window: Interval, day: date, zone: ZoneInfo) -> list[datetime]:
    """The full hours of that day's window, its end included, in UTC."""
    clocks = (time(hour) for hour in range(24))
    inside = (clock for clock in clocks if window.start <= clock <= window.end)
    return [datetime.combine(day, clock, zone).astimezone(UTC) for clock in inside]
