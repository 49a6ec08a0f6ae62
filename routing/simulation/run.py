"""Lets callers and agents meet, event by event: what would really happen in the line, without telephones.

The line, the matcher and the calendar are those of the hotline. Chance has decided beforehand who calls and how patient
they are (`callers`); here it decides nothing any more.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from config.schema import Then
from routing.hours import Calendar
from routing.line import Line, Preferred
from routing.matcher import match, next_change
from routing.simulation.callers import Caller, callers, open_days
from routing.simulation.model import Plan
from routing.simulation.results import (
    DayFigures,
    Ended,
    Figures,
    HourFigures,
    Outcome,
    Results,
    figures,
    grouped,
)
from routing.simulation.seats import Going, Seat, Seats, duties

Handler = Callable[[datetime, Any], None]
Progress = Callable[[int], None]
"""Told the number of each open day as its first caller joins."""


def simulate(plan: Plan, chance: Random, within: float = 30.0, progress: Progress | None = None) -> Results:
    """What comes of the plan; `within` are the seconds of the service level.

    ValueError when the hotline does not open on so many days.
    """
    run = Run(plan, chance, progress)
    run.go()
    return run.results(within)


class Run:
    """One simulation. Its events are in order of time; of those at the same moment the first planned comes first."""

    def __init__(self, plan: Plan, chance: Random, progress: Progress | None = None) -> None:
        config = plan.config
        self.zone = ZoneInfo(config.hotline.timezone)
        self.days = open_days(Calendar(config), self.zone, plan.first, plan.days)
        self.seats = Seats(self.zone, {member.name: Seat(member) for member in plan.team})
        self.line = Line()
        self.ended: list[Ended] = []
        self._plan, self._config, self._progress = plan, config, progress
        self._ring = timedelta(seconds=plan.ring_seconds)
        self._callers: Iterator[Caller] = callers(config, self.days, plan.demand, chance)
        self._waiting: dict[str, Caller] = {}
        """Those in the line, by id."""
        self._kept: dict[str, Caller] = {}
        """Those who are to be called back when it is their turn, by id; in the line as long as the hotline is open."""
        self._called_back = 0
        self._open = False
        self._events: list[tuple[datetime, int, Handler, Any]] = []
        self._planned = count()
        self._seconds = {skill for member in plan.team for skill in member.second}
        self._nobody_since: dict[str, datetime] = {}
        self._longest_line: dict[int, int] = {}
        self._next_look: datetime | None = None
        self._day = -1

    def go(self) -> None:
        """From the first opening until the last caller is served."""
        self._nobody_since = {
            request.skill: self.days[0].spans[0][0]
            for request in (*self._config.request_types, self._config.unclear)
            if self.days
        }
        self._plan_closings()
        self._plan_duties()
        self._plan_openings()
        self._expect_caller()
        while self._events:
            at, _, handler, what = heapq.heappop(self._events)
            handler(at, what)

    def results(self, within: float) -> Results:
        """What has come of it so far."""
        by_day = grouped(self.ended, lambda one: one.day)
        by_hour = grouped(self.ended, lambda one: one.hour)
        by_type = grouped(self.ended, lambda one: one.request_type)

        def counted(groups: dict[object, list[Ended]], key: object) -> Figures:
            return figures(groups.get(key, []), within)

        seats, length = self.seats, self._longest_line
        hours = sorted({one.hour for one in self.ended} | seats.duty_by_hour.keys())
        return Results(
            within,
            figures(self.ended, within),
            max(length.values(), default=0),
            [DayFigures(day.day, counted(by_day, n), length.get(n, 0)) for n, day in enumerate(self.days)],
            [
                HourFigures(
                    hour, counted(by_hour, hour), seats.busy_by_hour.get(hour, 0.0), seats.duty_by_hour.get(hour, 0.0)
                )
                for hour in hours
            ],
            {key: counted(by_type, key) for key in self._plan.demand.shares if key in by_type},
            [seat.figures() for seat in seats.team.values()],
            sorted(one.wait for one in self.ended if one.outcome is Outcome.ANSWERED),
            self._called_back,
        )

    # --- what is planned beforehand ----------------------------------------------------------

    def _plan_duties(self) -> None:
        for name, seat in self.seats.team.items():
            for duty in duties(seat.member, self.days, self.zone):
                self._at(duty.start, self._shift_begins, name)
                self._at(duty.end, self._shift_ends, (name, duty.going))

    def _plan_openings(self) -> None:
        for day in self.days:
            for start, _ in day.spans:
                self._at(start, self._opens, None)

    def _plan_closings(self) -> None:
        """When those who still wait are told that nobody will take their call today; not if we are open again then."""
        grace = timedelta(seconds=self._config.line.after_closing_seconds)
        spans = [(span, number) for number, day in enumerate(self.days) for span in day.spans]
        for ((_, end), day), following in zip(spans, [*spans[1:], None], strict=True):
            self._at(end, self._closes, day)
            if following is None or end + grace < following[0][0]:
                self._at(end + grace, self._limit_after_closing, None)

    def _at(self, at: datetime, handler: Handler, what: Any) -> None:
        heapq.heappush(self._events, (at, next(self._planned), handler, what))

    def _expect_caller(self) -> None:
        caller = next(self._callers, None)
        if caller is not None:
            self._at(caller.joins_at, self._arrives, caller)

    # --- callers -----------------------------------------------------------------------------

    def _arrives(self, at: datetime, caller: Caller) -> None:
        self._expect_caller()
        if self._progress is not None and caller.day != self._day:
            self._day = caller.day
            self._progress(caller.day)
        self._waiting[caller.call_id] = caller
        preferred, second_at = self._preferred(caller), self._second_at(caller)
        self.line.join(caller.call_id, caller.skill, at, preferred=preferred, second_at=second_at)
        self._rematch(at)
        if caller.call_id in self._waiting:
            self._waits(at, caller)

    def _preferred(self, caller: Caller) -> Preferred | None:
        """The agent who knows the caller, if there now."""
        rule = self._config.distribution.same_agent
        if rule is None or caller.knows is None:
            return None
        able = [seat for seat in self.seats.team.values() if caller.skill in seat.member.abilities]
        known = able[int(caller.knows * len(able))] if able else None
        if known is None or known.since is None:
            return None
        return Preferred(known.member.name, caller.joins_at + timedelta(seconds=rule.wait_seconds))

    def _second_at(self, caller: Caller) -> datetime | None:
        if caller.skill not in self._seconds:
            return None
        return caller.joins_at + timedelta(seconds=self._config.distribution.second_choice_after_seconds)

    def _waits(self, at: datetime, caller: Caller) -> None:
        """Nobody is free for this caller: what may end the waiting is planned."""
        limits = self._config.line
        if self._line_is_full(caller):
            self._reaches(at, caller, limits.most_waiting_then)
            if caller.call_id not in self._waiting:
                return
        self._longest_line[caller.day] = max(self._longest_line.get(caller.day, 0), len(self._waiting))
        if caller.gives_up_at is not None:
            self._at(caller.gives_up_at, self._gives_up, caller)
        self._at(at + timedelta(seconds=limits.longest_wait_seconds), self._waited_longest, caller)
        if caller.skill in self._nobody_since:
            self._at(at + timedelta(seconds=limits.nobody_ready_seconds), self._nobody_there, caller)

    def _line_is_full(self, caller: Caller) -> bool:
        """Whether too many wait already for the agents who could serve this caller."""
        most = self._config.line.most_waiting
        if most is None:
            return False
        able = [seat.member for seat in self.seats.team.values() if caller.skill in seat.member.skills]
        able = able or [seat.member for seat in self.seats.team.values() if caller.skill in seat.member.second]
        skills = {skill for member in able for skill in member.skills}
        return self.line.position(caller.call_id, skills) > most

    def _gives_up(self, at: datetime, caller: Caller) -> None:
        if caller.call_id in self._waiting:
            self._ends(at, caller, Outcome.ABANDONED)

    def _waited_longest(self, at: datetime, caller: Caller) -> None:
        if caller.call_id in self._waiting:
            self._reaches(at, caller, self._config.line.longest_wait_then)

    def _nobody_there(self, at: datetime, caller: Caller) -> None:
        """Looked at again when the last agent with the skill goes."""
        since = self._nobody_since.get(caller.skill)
        if caller.call_id not in self._waiting or since is None:
            return
        limits = self._config.line
        if at >= max(since, caller.joins_at) + timedelta(seconds=limits.nobody_ready_seconds):
            self._reaches(at, caller, limits.nobody_ready_then)

    def _limit_after_closing(self, at: datetime, _: None) -> None:
        then = self._config.line.after_closing_then
        for caller in list(self._waiting.values()):
            self._reaches(at, caller, then)
            if caller.call_id in self._waiting and not self.seats.stays_for(caller.skill):
                self._ends(at, caller, Outcome.ABANDONED)
        self._rematch(at)

    def _reaches(self, at: datetime, caller: Caller, then: Then) -> None:
        """A limit of the waiting: who wants one gets a callback, the others wait on or are turned away."""
        if caller.wants_callback:
            self._ends(at, caller, Outcome.CALLBACK)
        elif then is Then.END:
            self._ends(at, caller, Outcome.TURNED_AWAY)

    def _ends(self, at: datetime, caller: Caller, outcome: Outcome, at_once: bool = False) -> None:
        """The caller waits no longer, as of `at`; a callback keeps the place, as the conversation has it."""
        del self._waiting[caller.call_id]
        if outcome is Outcome.CALLBACK and self._open and self._config.line.keep_place:
            self._kept[caller.call_id] = caller
        else:
            self.line.leave(caller.call_id)
        wait = (at - caller.joins_at).total_seconds()
        self.ended.append(Ended(caller.day, caller.hour, caller.request_type, outcome, wait, at_once))

    # --- agents ------------------------------------------------------------------------------

    def _rematch(self, at: datetime) -> None:
        """As the switchboard does: after every change that could make a match."""
        if len(self.line) and len(self.seats.idle):
            for found in match(self.line, self.seats.idle, at):
                if found.call_id in self._kept:
                    self._call_back(at, self._kept.pop(found.call_id), found.agent)
                else:
                    self._serve(at, self._waiting[found.call_id], found.agent)
            self._look_again(at)
        for name in self.seats.done(self.line.skills()):
            self._leaves(at, name)

    def _look_again(self, at: datetime) -> None:
        """When time alone makes the next match."""
        if not (len(self.line) and len(self.seats.idle)):
            return
        change = next_change(self.line, at)
        if change is not None and (self._next_look is None or not at < self._next_look <= change):
            self._next_look = change
            self._at(change, self._look, None)

    def _look(self, at: datetime, _: None) -> None:
        self._rematch(at)

    def _serve(self, at: datetime, caller: Caller, name: str) -> None:
        """The agent's telephone rings until it is answered, or until the caller hangs up."""
        answered_at, at_once = at + self._ring, at == caller.joins_at
        if caller.gives_up_at is not None and caller.gives_up_at < answered_at:
            self._ends(caller.gives_up_at, caller, Outcome.ABANDONED, at_once)
            until = caller.gives_up_at
        else:
            self._ends(answered_at, caller, Outcome.ANSWERED, at_once)
            until = answered_at + timedelta(seconds=caller.talk + caller.wrap_up)
        self.seats.take(name, at, until)
        self._at(until, self._is_done, name)

    def _call_back(self, at: datetime, caller: Caller, name: str) -> None:
        """The agent rings the caller; it takes as long as the call would have taken."""
        self.line.leave(caller.call_id)
        self._called_back += 1
        until = at + self._ring + timedelta(seconds=caller.talk + caller.wrap_up)
        self.seats.take(name, at, until)
        self._at(until, self._is_done, name)

    def _opens(self, at: datetime, _: None) -> None:
        """Nobody is called back while we are closed; who asked before comes before who calls now."""
        self._open = True
        for caller in self._kept.values():
            self.line.join(caller.call_id, caller.skill, caller.joins_at, second_at=self._second_at(caller))
        self._rematch(at)

    def _closes(self, _: datetime, day: int) -> None:
        """Who was to be called back by today, and was not, is given up: so no more than two days' worth piles up."""
        self._open = False
        for caller in list(self._kept.values()):
            self.line.leave(caller.call_id)
            if caller.day < day:
                del self._kept[caller.call_id]

    def _is_done(self, at: datetime, name: str) -> None:
        self.seats.finish(name, at)
        if self.seats.team[name].going is Going.NOW:
            self._leaves(at, name)
        self._rematch(at)

    def _shift_begins(self, at: datetime, name: str) -> None:
        self.seats.begin(name, at)
        for skill in self.seats.team[name].member.abilities:
            self._nobody_since.pop(skill, None)
        self._rematch(at)

    def _shift_ends(self, at: datetime, ending: tuple[str, Going]) -> None:
        name, going = ending
        self.seats.team[name].going = going
        if going is Going.NOW and name in self.seats.idle:
            self._leaves(at, name)
        self._rematch(at)

    def _leaves(self, at: datetime, name: str) -> None:
        self.seats.leave(name, at)
        self.line.release(name)
        again = at + timedelta(seconds=self._config.line.nobody_ready_seconds)
        gone = {skill for skill in self.seats.team[name].member.abilities if not self.seats.on_duty(skill)}
        for skill in gone - self._nobody_since.keys():
            self._nobody_since[skill] = at
            for waiting in self.line.queue(skill):
                if waiting.call_id in self._waiting:
                    self._at(again, self._nobody_there, self._waiting[waiting.call_id])
