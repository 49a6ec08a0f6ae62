"""What came of a simulated time: waits, the service level in its three definitions, load, by day, hour and agent.

The three definitions of "answered within N seconds", of which every report has to say which one it uses:

- of all: of all callers who joined the line, whatever became of them;
- without short hang-ups: who hung up within a few seconds is left out, as if they had dialled wrongly;
- without hang-ups in time: who hung up within the N seconds is left out, because no answer was owed yet. So counts the
  lead's page.

Callbacks and callers whom a limit turned away were not answered in time in all three.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil, sqrt

SHORT_SECONDS = 10.0
CERTAIN = 1.96
"""Standard errors to each side within which 95 of 100 such simulations come to lie."""


class Outcome(StrEnum):
    """How a caller's waiting ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """Hung up, also when nobody would have come any more."""
    CALLBACK = "callback"
    """A limit of the waiting was reached, and the caller wants to be called back."""
    TURNED_AWAY = "turned_away"
    """A limit was reached at which calls end, and the caller wanted no callback."""


class Level(StrEnum):
    """The definitions of the service level."""

    OF_ALL = "of_all"
    WITHOUT_SHORT = "without_short_hang_ups"
    WITHOUT_IN_TIME = "without_hang_ups_in_time"


GERMAN_NAMES = {
    Level.OF_ALL: "von allen Anrufen",
    Level.WITHOUT_SHORT: "ohne kurze Aufleger",
    Level.WITHOUT_IN_TIME: "ohne Aufleger innerhalb der Frist",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """One caller's way. Day is the number of the open day from 0, hour that of the wall clock at joining."""

    day: int
    hour: int
    request_type: str
    outcome: Outcome
    wait: float
    """Seconds from joining the line until answered, or until the waiting ended otherwise."""
    at_once: bool
    """An agent was free on arrival."""


@dataclass(frozen=True, slots=True)
class Share:
    """`reached` of `counted`, and how far from it the truth may be: half a 95 % interval, None for too few days."""

    reached: int
    counted: int
    margin: float | None = None

    @property
    def share(self) -> float | None:
        return self.reached / self.counted if self.counted else None


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that answered callers waited, ringing included; None without any. `longest` is that of all callers."""

    mean: float | None
    median: float | None
    p90: float | None
    p99: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Some of the callers, counted."""

    calls: int
    outcomes: dict[Outcome, int]
    waited: int
    """Who found no free agent on arrival."""
    waits: Waits
    levels: dict[Level, Share]

    @property
    def abandonment(self) -> float | None:
        return self.outcomes[Outcome.ABANDONED] / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent. Seconds; busy is ringing, talking and wrapping up, duty all the time at the telephone."""

    name: str
    calls: int
    busy: float
    duty: float

    @property
    def load(self) -> float | None:
        return self.busy / self.duty if self.duty else None


@dataclass(frozen=True, slots=True)
class DayFigures:
    day: date
    figures: Figures
    longest_line: int


@dataclass(frozen=True, slots=True)
class HourFigures:
    """All days' calls that came in one hour of the day, and the team's seconds in it."""

    hour: int
    figures: Figures
    busy: float
    duty: float

    @property
    def load(self) -> float | None:
        return self.busy / self.duty if self.duty else None


@dataclass(frozen=True, slots=True)
class Results:
    within: float
    """Seconds within which a call is to be answered."""
    total: Figures
    longest_line: int
    days: list[DayFigures]
    hours: list[HourFigures]
    types: dict[str, Figures]
    agents: list[AgentFigures]
    waits: Sequence[float]
    """Of each answered call, rising."""
    called_back: int
    """Callbacks that kept their place and were made in the simulated time; the work of the others is not in it."""

    @property
    def load(self) -> float | None:
        """Of all agents together."""
        duty = sum(agent.duty for agent in self.agents)
        return sum(agent.busy for agent in self.agents) / duty if duty else None


def figures(ended: Sequence[Ended], within: float) -> Figures:
    """These callers, counted."""
    answered = sorted(one.wait for one in ended if one.outcome is Outcome.ANSWERED)
    return Figures(
        len(ended),
        {outcome: sum(one.outcome is outcome for one in ended) for outcome in Outcome},
        sum(not one.at_once for one in ended),
        _waits(answered, max((one.wait for one in ended), default=None)),
        {level: _level(ended, level, within) for level in Level},
    )


def percentile(rising: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of the values do not exceed."""
    return rising[max(0, ceil(share * len(rising)) - 1)] if rising else None


def grouped(ended: Iterable[Ended], by: Callable[[Ended], object]) -> dict[object, list[Ended]]:
    groups: dict[object, list[Ended]] = {}
    for one in ended:
        groups.setdefault(by(one), []).append(one)
    return groups


def _waits(answered: Sequence[float], longest: float | None) -> Waits:
    mean = sum(answered) / len(answered) if answered else None
    median, p90, p99 = (percentile(answered, share) for share in (0.5, 0.9, 0.99))
    return Waits(mean, median, p90, p99, longest)


def _level(ended: Sequence[Ended], level: Level, within: float) -> Share:
    """The margin comes from the differences between days: calls of one day wait for each other, days do not."""
    days: dict[int, list[int]] = {}
    for one in ended:
        day = days.setdefault(one.day, [0, 0])
        if _counts(one, level, within):
            day[0] += one.outcome is Outcome.ANSWERED and one.wait <= within
            day[1] += 1
    reached, counted = sum(day[0] for day in days.values()), sum(day[1] for day in days.values())
    if len(days) < 2 or not counted:
        return Share(reached, counted)
    share = reached / counted
    spread = sum((day[0] - share * day[1]) ** 2 for day in days.values()) * len(days) / (len(days) - 1)
    return Share(reached, counted, CERTAIN * sqrt(spread) / counted)


def _counts(one: Ended, level: Level, within: float) -> bool:
    if one.outcome is not Outcome.ABANDONED or level is Level.OF_ALL:
        return True
    return one.wait >= SHORT_SECONDS if level is Level.WITHOUT_SHORT else one.wait > within
