"""Which moment a person means who writes "2026-11-23T09:00"."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """An aware time from ISO 8601; without an offset it is local time in `zone`.

    A local time that occurs twice (end of daylight saving) means its first occurrence; one that does
    not exist (start of daylight saving) is refused. ValueError carries the sentence for the user.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a time; write it as 2026-11-23T09:00') from None
    if moment.tzinfo is not None:
        return moment.astimezone(zone)
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise ValueError(f"{text} does not exist in {zone.key}: the clocks are put forward over it")
    return local
