"""Who is at the telephone: each agent's duty from the shift's beginning to its end, and the time spent on calls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from routing.hours import Span
from routing.matcher import FreeAgent, Idle
from routing.simulation.callers import OpenDay, open_hours
from routing.simulation.model import Member, Shift
from routing.simulation.results import AgentFigures


class Going(StrEnum):
    """How a shift ends for somebody who is still there."""

    NOW = "now"
    """The hotline stays open: the call at hand is finished, nothing more."""
    WHEN_DONE = "when_done"
    """The hotline closes: those who wait are served first."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One agent's time at the telephone, inside of the opening hours."""

    start: datetime
    end: datetime
    going: Going


def duties(member: Member, days: Sequence[OpenDay], zone: ZoneInfo) -> Iterator[Duty]:
    """When this agent works on these days, in order, touching shifts joined."""
    for day in days:
        for start, end in day.spans:
            for first, last in _joined((start, end), _shifts(member, day, zone, (start, end))):
                yield Duty(first, last, Going.WHEN_DONE if last == end else Going.NOW)


def _shifts(member: Member, day: OpenDay, zone: ZoneInfo, opening: Span) -> Iterable[Span]:
    if not member.shifts:
        return [opening]
    return [_moments(shift, day, zone) for shift in member.shifts if day.day.weekday() in shift.weekdays]


def _moments(shift: Shift, day: OpenDay, zone: ZoneInfo) -> Span:
    """The shift on that day. Moments in one zone are compared by the wall clock, so both are turned into UTC's."""
    utc = day.spans[0][0].tzinfo
    start, end = (datetime.combine(day.day, clock, zone).astimezone(utc) for clock in (shift.start, shift.end))
    return start, end


def _joined(opening: Span, shifts: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted((max(start, opening[0]), min(end, opening[1])) for start, end in shifts):
        if start >= end:
            continue
        if joined and joined[-1][1] >= start:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


@dataclass(slots=True)
class Seat:
    """One agent while the simulation runs."""

    member: Member
    since: datetime | None = None
    """Beginning of the present duty; None while away."""
    going: Going | None = None
    calls: int = 0
    busy: timedelta = timedelta()
    duty: timedelta = timedelta()

    def figures(self) -> AgentFigures:
        return AgentFigures(self.member.name, self.calls, self.busy.total_seconds(), self.duty.total_seconds())


@dataclass(slots=True)
class Seats:
    """The whole team. Who is not idle and on duty has a call."""

    zone: ZoneInfo
    team: dict[str, Seat]
    idle: Idle = field(default_factory=Idle)
    busy_by_hour: dict[int, float] = field(default_factory=dict)
    """Seconds of all agents together, by hour of the day."""
    duty_by_hour: dict[int, float] = field(default_factory=dict)

    def begin(self, name: str, at: datetime) -> None:
        """A shift begins; whoever is still there from the one before just stays."""
        seat = self.team[name]
        seat.going = None
        if seat.since is None:
            seat.since = at
            self._becomes_idle(seat, at)

    def take(self, name: str, start: datetime, end: datetime) -> None:
        """The agent has a call from ringing until it is written up."""
        seat = self.team[name]
        self.idle.remove(name)
        seat.calls += 1
        seat.busy += end - start
        self._by_hour(self.busy_by_hour, start, end)

    def finish(self, name: str, at: datetime) -> None:
        """The call is written up: the agent is free."""
        self._becomes_idle(self.team[name], at)

    def leave(self, name: str, at: datetime) -> None:
        """The agent, who has no call, goes."""
        seat = self.team[name]
        self.idle.remove(name)
        if seat.since is not None:
            seat.duty += at - seat.since
            self._by_hour(self.duty_by_hour, seat.since, at)
        seat.since = seat.going = None

    def on_duty(self, skill: str) -> bool:
        """Whether anybody who could serve it is there, busy or not."""
        return any(seat.since is not None and skill in seat.member.abilities for seat in self.team.values())

    def stays_for(self, skill: str) -> bool:
        """Whether somebody who could serve it will not go before it is served."""
        there = (seat for seat in self.team.values() if seat.since is not None and seat.going is not Going.NOW)
        return any(skill in seat.member.abilities for seat in there)

    def done(self, skills: Iterable[str]) -> list[str]:
        """Who may go now: the hotline has closed, and nobody waits for one of their skills."""
        waited_for = frozenset(skills)
        idle = (self.team[name] for name in self.idle.names)
        return [
            seat.member.name
            for seat in idle
            if seat.going is Going.WHEN_DONE and not waited_for & seat.member.abilities
        ]

    def _becomes_idle(self, seat: Seat, at: datetime) -> None:
        self.idle.add(FreeAgent(seat.member.name, seat.member.skills, at, seat.member.second))

    def _by_hour(self, seconds: dict[int, float], start: datetime, end: datetime) -> None:
        for part in open_hours((start, end), self.zone):
            seconds[part.hour] = seconds.get(part.hour, 0.0) + (part.end - part.start).total_seconds()
