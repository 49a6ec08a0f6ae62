"""What past calls tell about those to come: how many in each hour of the week, what for, how long, how patient."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from config.schema import HotlineConfig
from routing.hours import Calendar
from routing.simulation.callers import open_hours
from routing.simulation.model import Duration, HourOfWeek, Observed, Patience

ENOUGH_DURATIONS = 30
"""With fewer, durations of one type are those of all types, and those of all types are not used at all."""
ENOUGH_HANG_UPS = 20
FEW_CALLS = 200
"""With fewer, the figures are said to be uncertain."""
LONGEST_TALK = 2 * 3600.0
LONGEST_WRAP_UP = 3600.0
"""Longer ones are not a wrap-up: somebody walked away."""


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call that joined the line; nothing about who called."""

    joined_at: datetime
    request_type: str | None
    waited: float
    """Seconds until answered or gone."""
    talked: float | None
    """Seconds; None when nobody answered, or the talk still goes on."""
    hung_up: bool
    """The caller gave up before anybody answered."""


@dataclass(frozen=True, slots=True)
class Past:
    """A stretch of the ledger. Wrap-ups in seconds, 0 for those written up during the talk."""

    calls: Sequence[PastCall]
    wrap_ups: Sequence[float]


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known from the past; None where too little is known."""

    per_hour: dict[HourOfWeek, float]
    shares: dict[str, float]
    talk: dict[str, Duration] | None
    wrap_up: Duration | None
    patience: Patience | None
    notes: list[str] = field(default_factory=list)
    """What to bear in mind, one sentence each."""


def learn(past: Past, was: HotlineConfig, draft: HotlineConfig, since: datetime, until: datetime) -> Learned:
    """What `since <= t < until` says about callers; `was` is the configuration then, for the hours it was open.

    The day of the first call counts as the beginning when the ledger does not reach back to `since`. Types that the
    draft does not know count as unclear. ValueError without any call.
    """
    if not past.calls:
        raise ValueError("no caller joined the line in that time")
    notes: list[str] = []
    zone = ZoneInfo(was.hotline.timezone)
    first_day = min(call.joined_at for call in past.calls).astimezone(zone).date()
    begin = max(since, datetime.combine(first_day, time(), zone))
    per_hour = _per_hour(past.calls, was, begin, until, notes)
    types = [request.key for request in (*draft.request_types, draft.unclear)]
    wanted = Counter(call.request_type if call.request_type in types else draft.unclear.key for call in past.calls)
    if len(past.calls) < FEW_CALLS:
        notes.append(f"Calls known: {len(past.calls)}. With so few the results say little about other weeks.")
    talk = _talk(past.calls, types)
    wrap_ups = [seconds for seconds in past.wrap_ups if seconds <= LONGEST_WRAP_UP]
    wrap_up = Observed(wrap_ups) if len(wrap_ups) >= ENOUGH_DURATIONS else None
    return Learned(per_hour, {key: wanted[key] for key in types}, talk, wrap_up, _patience(past.calls), notes)


def _per_hour(
    calls: Sequence[PastCall], was: HotlineConfig, begin: datetime, until: datetime, notes: list[str]
) -> dict[HourOfWeek, float]:
    """Callers in one hour, for each hour of the week that was open."""
    zone = ZoneInfo(was.hotline.timezone)
    opened: dict[HourOfWeek, float] = {}
    for span in Calendar(was).openings(begin, until):
        for part in open_hours((max(span[0], begin), min(span[1], until)), zone):
            key = (part.weekday, part.hour)
            opened[key] = opened.get(key, 0.0) + part.hours
    counted: Counter[HourOfWeek] = Counter()
    for call in calls:
        local = call.joined_at.astimezone(zone)
        counted[(local.weekday(), local.hour)] += 1
    if unknown := sum(count for key, count in counted.items() if key not in opened):
        notes.append(f"Calls left out because by the present configuration it is closed then: {unknown}.")
    return {key: counted[key] / hours for key, hours in opened.items() if hours > 0}


def _talk(calls: Sequence[PastCall], types: Sequence[str]) -> dict[str, Duration] | None:
    every = [call.talked for call in calls if call.talked is not None and call.talked <= LONGEST_TALK]
    if len(every) < ENOUGH_DURATIONS:
        return None
    known: dict[str, Duration] = {}
    for key in types:
        own = [call.talked for call in calls if call.request_type == key and call.talked is not None]
        own = [seconds for seconds in own if seconds <= LONGEST_TALK]
        known[key] = Observed(own if len(own) >= ENOUGH_DURATIONS else every)
    return known


def _patience(calls: Sequence[PastCall]) -> Patience | None:
    """Of exponential patience, seen only until somebody answers: all the waiting over the number of hang-ups."""
    hang_ups = sum(call.hung_up for call in calls)
    if hang_ups < ENOUGH_HANG_UPS:
        return None
    return Patience(max(1.0, sum(call.waited for call in calls) / hang_ups))
