"""Finds how many agents are needed: with the same callers, one agent more each time, until enough are answered."""

from collections.abc import Callable
from dataclasses import replace

from routing.simulation.model import Plan, generic
from routing.simulation.results import Level, Results

MOST_AGENTS = 500


def needed(plan: Plan, share: float, attempt: Callable[[Plan], Results]) -> list[Results]:
    """What comes of each number of agents that was tried; with the last one `share` of all calls is answered in time.

    Agents can do everything. `attempt` runs one simulation. ValueError when MOST_AGENTS are too few.
    """
    tried: list[Results] = []
    for count in range(fewest(plan, share), MOST_AGENTS + 1):
        tried.append(attempt(replace(plan, team=generic(plan.config, count))))
        reached = tried[-1].total.levels[Level.OF_ALL].share
        if reached is None or reached >= share:
            return tried
    raise ValueError(f"{MOST_AGENTS} agents are not enough")


def fewest(plan: Plan, share: float) -> int:
    """As many as would have to work without a break to answer that share at all; fewer need not be tried."""
    rates = [rate for rate in plan.demand.per_hour.values() if rate > 0]
    seconds = plan.demand.wrap_up.mean + _talk(plan)
    return min(MOST_AGENTS, max(1, int(share * sum(rates) / len(rates) * seconds / 3600))) if rates else 1


def _talk(plan: Plan) -> float:
    """Seconds on average, by the shares of the types."""
    shares = plan.demand.shares
    return sum(share * plan.demand.talk[key].mean for key, share in shares.items()) / sum(shares.values())
