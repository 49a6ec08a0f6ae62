"""Replays calls of the past under another configuration: which would have gone elsewhere, and how.

Compared is what a configuration decides about a call alone: whether it is open, whether the request type is there, and
who may be offered it. Who was free is not replayed; `hotline simulate` does that.
"""

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from config.schema import WEEKDAYS, Agent, HotlineConfig
from routing.hours import Calendar, Opening, Reason

MOST_SHOWN = 200

CLOSED_NOW = "jetzt geschlossen"
OPEN_NOW = "jetzt geöffnet"
CLOSED_OTHERWISE = "geschlossen, aber mit anderer Ansage"
TYPE_GONE = "Anliegen gibt es nicht mehr"
TYPE_NEW = "Anliegen gibt es jetzt"
NOBODY = "niemand kann es annehmen"
OTHER_AGENTS = "andere Personen"
OTHER_CHOICE = "dieselben Personen, andere Wahl"
_REASONS = {
    Reason.CLOSURE: "Schließzeit",
    Reason.HOLIDAY: "Feiertag",
    Reason.WEEKEND: "Wochenende",
    Reason.OUTSIDE_HOURS: "außerhalb der Öffnungszeiten",
}


@dataclass(frozen=True, slots=True)
class PastCall:
    """What is kept of a call. Times are aware."""

    call_id: str
    at: datetime
    request_type: str | None
    """Key of what the caller wanted; None when that never became known."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A call that would go elsewhere."""

    call_id: str
    at: datetime
    request_type: str | None
    before: str
    """Where it goes by the configuration in use, in German: "geschlossen (Feiertag)", "Mietkosten: Anna Ahrens, …"."""
    after: str
    """Where it would go."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`moved` are the newest first, at most `MOST_SHOWN`; `elsewhere` counts all of them by what changes."""

    since: datetime
    calls: int
    elsewhere: int
    kinds: tuple[tuple[str, int], ...]
    """German words for a kind of change, and how many: "jetzt geschlossen", "andere Personen" …; the most first."""
    moved: tuple[Moved, ...]


def replay(calls: Iterable[PastCall], active: HotlineConfig, draft: HotlineConfig, since: datetime) -> Replay:
    """Compare where each call goes by the one and by the other configuration. ValueError for naive times."""
    comparison = _Comparison(active, draft)
    newest = heapq.nlargest(MOST_SHOWN, comparison.moved(calls), key=lambda moved: (moved.at, moved.call_id))
    kinds = comparison.kinds.most_common()
    return Replay(since, comparison.calls, sum(count for _, count in kinds), tuple(kinds), tuple(newest))


@dataclass(frozen=True, slots=True)
class _Goal:
    """Where a call goes: `announcement` while we are closed, else who may be offered it."""

    words: str
    open: bool
    announcement: str = ""
    known: bool = True
    """The request type is there, or was never known."""
    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()


class _Comparison:
    """Counts by the way. What is decided is kept by piece of day and request type, for calls come in thousands."""

    def __init__(self, active: HotlineConfig, draft: HotlineConfig) -> None:
        self.calls = 0
        self.kinds: Counter[str] = Counter()
        self._active, self._draft = _Ways(active), _Ways(draft)
        self._decided: dict[tuple[_Goal, _Goal], str | None] = {}

    def moved(self, calls: Iterable[PastCall]) -> Iterator[Moved]:
        for call in calls:
            self.calls += 1
            before = self._active.goal(call.at, call.request_type)
            after = self._draft.goal(call.at, call.request_type)
            kind = None if before is after else self._kind(before, after, call.request_type is not None)
            if kind is not None:
                self.kinds[kind] += 1
                yield Moved(call.call_id, call.at, call.request_type, before.words, after.words)

    def _kind(self, before: _Goal, after: _Goal, typed: bool) -> str | None:
        key = (before, after)
        if key not in self._decided:
            self._decided[key] = _kind(before, after, typed)
        return self._decided[key]


def _kind(before: _Goal, after: _Goal, typed: bool) -> str | None:
    """What changes for the call; None when nothing does."""
    if before.open != after.open:
        return OPEN_NOW if after.open else CLOSED_NOW
    if not before.open:
        return CLOSED_OTHERWISE if before.announcement != after.announcement else None
    if not typed or (before.first, before.second, before.known) == (after.first, after.second, after.known):
        return None
    if before.known != after.known:
        return TYPE_NEW if after.known else TYPE_GONE
    if not after.first and not after.second:
        return NOBODY
    same = {*before.first, *before.second} == {*after.first, *after.second}
    return OTHER_CHOICE if same else OTHER_AGENTS


class _Ways:
    """Where calls go by one configuration."""

    def __init__(self, config: HotlineConfig) -> None:
        self._config = config
        self._days = _Days(config)
        self._closed: dict[Opening, _Goal] = {}
        self._open: dict[str | None, _Goal] = {}
        self._kinds = {kind.key: kind for kind in (*config.request_types, config.unclear)}

    def goal(self, at: datetime, request_type: str | None) -> _Goal:
        opening = self._days.opening(at)
        if opening.open:
            if request_type not in self._open:
                self._open[request_type] = self._offered(request_type)
            return self._open[request_type]
        if opening not in self._closed:
            self._closed[opening] = self._closing(opening)
        return self._closed[opening]

    def _closing(self, opening: Opening) -> _Goal:
        named = opening.closure if opening.reason is Reason.CLOSURE else opening.holiday
        reason = _REASONS[opening.reason] + (f": {named}" if named and opening.reason in _NAMED else "")
        return _Goal(f"geschlossen ({reason})", open=False, announcement=self._announcement(opening))

    def _announcement(self, opening: Opening) -> str:
        """What tells apart what callers hear: a closure's own words, or the text of the reason."""
        if opening.reason is Reason.CLOSURE:
            own = (closure.announcement for closure in self._config.hours.closures if closure.reason == opening.closure)
            return next(own, None) or opening.reason
        return opening.reason

    def _offered(self, request_type: str | None) -> _Goal:
        if request_type is None:
            return _Goal("geöffnet", open=True)
        kind = self._kinds.get(request_type)
        if kind is None:
            return _Goal(f"geöffnet, aber kein Anliegen „{request_type}“", open=True, known=False)
        first = [agent for agent in self._config.agents if kind.skill in agent.skills]
        second = [agent for agent in self._config.agents if kind.skill in agent.second_choice and agent not in first]
        words = f"{kind.label}: {_names(first) or 'niemand'}"
        words += f"; zweite Wahl: {_names(second)}" if second else ""
        return _Goal(words, open=True, first=_keys(first), second=_keys(second))


_NAMED = frozenset({Reason.CLOSURE, Reason.HOLIDAY})


class _Days:
    """The calendar, asked once for each piece of a day within which nothing can change."""

    def __init__(self, config: HotlineConfig) -> None:
        self._calendar = Calendar(config)
        self._zone = ZoneInfo(config.hotline.timezone)
        self._week = [_edges(config, weekday) for weekday in range(len(WEEKDAYS))]
        self._pieces: dict[date, tuple[list[datetime], list[Opening | None]]] = {}

    def opening(self, at: datetime) -> Opening:
        if at.tzinfo is None:
            raise ValueError("a call's time needs a zone")
        moment, day = at.astimezone(UTC), at.astimezone(self._zone).date()
        if day not in self._pieces:
            starts = sorted({self._moment(day, clock) for clock in self._week[day.weekday()]})
            self._pieces[day] = starts, [None] * len(starts)
        starts, known = self._pieces[day]
        piece = max(0, bisect_right(starts, moment) - 1)
        found = known[piece]
        if found is None:
            found = known[piece] = self._lasting(self._calendar.opening(moment))
        return found

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self._zone).astimezone(UTC)

    def _lasting(self, opening: Opening) -> Opening:
        """Without when it changes next, which does not matter here: so that equal ones are the same."""
        return Opening(opening.open, opening.reason, opening.holiday, None, None, opening.closure)


def _edges(config: HotlineConfig, weekday: int) -> list[time]:
    """Times at which something may change on such a day: hours, and parts of days that closures take."""
    spans = [*config.hours.week.get(WEEKDAYS[weekday], ())]
    spans += [closure.hours for closure in config.hours.closures if closure.hours is not None]
    return [time(), *(clock for span in spans for clock in (span.start, span.end))]


def _names(agents: list[Agent]) -> str:
    return ", ".join(agent.full_name for agent in agents)


def _keys(agents: list[Agent]) -> tuple[str, ...]:
    """In no order: who of them is idle longest gets the call."""
    return tuple(sorted(agent.name for agent in agents))
