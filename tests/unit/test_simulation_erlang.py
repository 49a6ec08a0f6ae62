"""The simulation against the formulas: with exponential times, one skill and no impatience it must be Erlang's C.

Estimates have a standard error, taken from the differences between days; the bound is four of them, so that a right
simulation fails once in thousands of seeds, and these seeds are fixed. That the bound is narrow enough to find an
error is tested, too.
"""

from collections.abc import Callable, Sequence
from math import exp, factorial, sqrt

import pytest

from routing.simulation.model import Patience
from routing.simulation.results import DayFigures, Level, Outcome, Results
from tests.unit.simulations import ROUND_THE_CLOCK, demand, hotline, plan, results

SECONDS = 270.0
MISSION = [
    (5, 43, 0.75, 30),
    (5, 40, 0.80, 20),
    (5, 32, 0.90, 20),
    (3, 22, 0.75, 30),
    (3, 20, 0.80, 20),
    (3, 14, 0.90, 20),
]
"""Agents, calls an hour, service level, its seconds: talk and wrap-up together take 270 s."""


def offered(per_hour: float) -> float:
    """The load in Erlang."""
    return per_hour * SECONDS / 3600


def waiting_probability(agents: int, load: float) -> float:
    """Erlang's second formula."""
    busy = load**agents / factorial(agents) * agents / (agents - load)
    return busy / (sum(load**k / factorial(k) for k in range(agents)) + busy)


def mean_wait(agents: int, load: float) -> float:
    return waiting_probability(agents, load) * SECONDS / (agents - load)


def service_level(agents: int, load: float, within: float) -> float:
    return 1 - waiting_probability(agents, load) * exp(-(agents - load) * within / SECONDS)


@pytest.mark.parametrize(("agents", "per_hour", "level", "within"), MISSION)
def test_the_formula_gives_the_figures_known_for_this_hotline(agents, per_hour, level, within):
    """They were rounded to whole calls, some up, some down."""
    assert (
        service_level(agents, offered(per_hour - 1), within)
        > level
        > service_level(agents, offered(per_hour + 1), within)
    )


def simulated(agents: int, per_hour: float, within: float, days: int, patience: Patience | None = None) -> Results:
    """Round the clock, so that no day begins with an empty line."""
    config = hotline(hours={"week": ROUND_THE_CLOCK}, line={"longest_wait_seconds": 86_400})
    callers = demand(per_hour, SECONDS, 0.0, patience)
    return results(plan(config, callers, agents, days), within=within)


def estimate(days: Sequence[DayFigures], of: Callable[[DayFigures], float]) -> tuple[float, float]:
    """A sum over all calls divided by their number, and its standard error, from `of` each day's sum."""
    calls = sum(day.figures.calls for day in days)
    mean = sum(of(day) for day in days) / calls
    spread = sum((of(day) - mean * day.figures.calls) ** 2 for day in days) * len(days) / (len(days) - 1)
    return mean, sqrt(spread) / calls


def total_wait(day: DayFigures) -> float:
    return (day.figures.waits.mean or 0.0) * day.figures.outcomes[Outcome.ANSWERED]


@pytest.mark.parametrize(
    ("agents", "per_hour", "within", "days"), [(5, 43, 30, 10), (5, 32, 20, 10), (3, 20, 20, 12), (3, 14, 20, 16)]
)
def test_waiting_probability_mean_wait_and_service_level_are_those_of_erlang_c(agents, per_hour, within, days):
    of, load = simulated(agents, per_hour, within, days), offered(per_hour)
    known = {
        "waiting probability": (waiting_probability, lambda day: day.figures.waited),
        "mean wait": (mean_wait, total_wait),
        "service level": (
            lambda agents, load: service_level(agents, load, within),
            lambda day: day.figures.levels[Level.OF_ALL].reached,
        ),
    }
    for what, (formula, sums) in known.items():
        found, error = estimate(of.days, sums)
        assert abs(found - formula(agents, load)) < 4 * error, what
        assert abs(found - formula(agents + 1, load)) > 4 * error, f"{what}: too few calls to tell one agent more"
    assert of.load == pytest.approx(load / agents, rel=0.05)


def test_the_margin_told_with_the_service_level_holds_the_truth():
    of = simulated(5, 40, 20, 8)
    share = of.total.levels[Level.OF_ALL]
    assert share.share is not None
    assert share.margin is not None
    assert abs(share.share - service_level(5, offered(40), 20)) < 2 * share.margin < 0.15


def abandonment(agents: int, load: float, patience: float) -> float:
    """Palm's formula (Erlang A): the line as a birth-death process in which those who wait hang up."""
    weights, served = [1.0], 1 / SECONDS
    for number in range(1, 400):
        leaving = min(number, agents) * served + max(0, number - agents) / patience
        weights.append(weights[-1] * load * served / leaving)
    hanging_up = sum(max(0, number - agents) / patience * weight for number, weight in enumerate(weights))
    return hanging_up / sum(weights) / (load * served)


def test_impatient_callers_hang_up_as_often_as_palm_says():
    of = simulated(3, 40, 20, 8, Patience(120.0))
    found, error = estimate(of.days, lambda day: day.figures.outcomes[Outcome.ABANDONED])
    assert abs(found - abandonment(3, offered(40), 120.0)) < 4 * error < 0.05
