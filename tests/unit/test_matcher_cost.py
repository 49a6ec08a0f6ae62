"""What one event costs is counted, not timed: comparisons of places and steps of our own code."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

import pytest

from routing.line import Line, Preferred
from routing.matcher import FreeAgent, Idle, match, next_change

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SKILLS = ("address", "household", "move", "rent", "insurance", "income", "benefits")
FEW, MANY = 100, 10_000


class Counted(float):
    """A number that counts how often it is compared, wherever that is done."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return float(self) == other

    def __lt__(self, other: float) -> bool:
        Counted.comparisons += 1
        return float(self) < other

    def __gt__(self, other: float) -> bool:
        Counted.comparisons += 1
        return float(self) > other

    __hash__ = float.__hash__


class Moment(datetime):
    """Sums with it are such moments again."""

    def timestamp(self) -> float:
        return Counted(super().timestamp())


def moment(seconds: float) -> datetime:
    return Moment.fromtimestamp(NINE.timestamp(), UTC) + timedelta(seconds=seconds)


def cost_of(event: Callable[[], object]) -> tuple[int, int]:
    """How many comparisons and how many lines of our own code it takes."""
    lines = 0

    def trace(frame: FrameType, kind: str, _: Any) -> Any:
        nonlocal lines
        lines += kind == "line"
        return trace if "/routing/" in frame.f_code.co_filename else None

    before, Counted.comparisons, tracer = Counted.comparisons, 0, sys.gettrace()
    sys.settrace(trace)
    try:
        event()
    finally:
        sys.settrace(tracer)
    found, Counted.comparisons = Counted.comparisons, before
    return found, lines


class Office:
    """So many wait, each second one held for an agent who is busy; no agent is free."""

    def __init__(self, waiting: int, agents: int = 50) -> None:
        self.line, self.idle, self.waiting = Line(), Idle(), waiting
        self.now = moment(waiting)
        for number in range(waiting):
            self.join(number, Preferred(f"agent{number % agents}", moment(2 * waiting)) if number % 2 else None)
        next_change(self.line, self.now)

    def join(self, number: int, preferred: Preferred | None) -> None:
        joined_at = moment(number)
        second_at = joined_at + timedelta(seconds=self.waiting // 2)
        self.line.join(f"call{number}", SKILLS[number % 7], joined_at, preferred=preferred, second_at=second_at)

    def rematch(self) -> None:
        for found in match(self.line, self.idle, self.now):
            self.line.leave(found.call_id)
            self.idle.remove(found.agent)
        next_change(self.line, self.now)

    def somebody_joins_in_the_middle(self) -> None:
        self.line.leave(f"call{self.waiting // 2}")
        self.join(self.waiting // 2, None)
        self.rematch()

    def somebody_leaves(self) -> None:
        self.line.leave(f"call{self.waiting // 3}")
        self.rematch()

    def a_first_choice_agent_becomes_free(self) -> None:
        self.idle.add(FreeAgent("stranger", frozenset(SKILLS[:3]), self.now, frozenset(SKILLS[3:])))
        self.rematch()

    def a_preferred_agent_becomes_free(self) -> None:
        self.idle.add(FreeAgent("agent7", frozenset(SKILLS), self.now))
        self.rematch()

    def a_second_choice_agent_becomes_free(self) -> None:
        self.idle.add(FreeAgent("stranger", frozenset(), self.now, frozenset(SKILLS)))
        self.rematch()

    def an_agent_becomes_free_whom_nobody_needs(self) -> None:
        self.idle.add(FreeAgent("stranger", frozenset({"other"}), self.now))
        self.rematch()

    def the_position_is_asked(self) -> None:
        self.line.position(f"call{self.waiting - 1}", SKILLS)


EVENTS = [name for name in vars(Office) if name.startswith(("somebody_", "a_", "an_", "the_"))]


@pytest.mark.parametrize("event", EVENTS)
def test_a_hundred_times_as_many_callers_cost_a_few_more_comparisons(event: str) -> None:
    (few, few_lines), (many, many_lines) = (cost_of(getattr(Office(waiting), event)) for waiting in (FEW, MANY))
    assert few < 200
    assert many < few + 300
    assert many_lines < few_lines + 100


@pytest.mark.parametrize("idle", [FEW, 5_000])
def test_idle_agents_whom_nobody_needs_cost_nothing(idle: int) -> None:
    office = Office(FEW)
    for number in range(idle):
        office.idle.add(FreeAgent(f"idle{number}", frozenset({"other"}), moment(number)))
    comparisons, lines = cost_of(office.rematch)
    assert comparisons <= 10
    assert lines <= 100
