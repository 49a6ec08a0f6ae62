"""How the results of `hotline simulate` are told: as text, and as one JSON object."""

from collections.abc import Sequence
from typing import Any

from hotline.cli.simulate_options import Aim
from routing.simulation.model import Duration, Exponential, LogNormal, Plan
from routing.simulation.results import (
    GERMAN_NAMES,
    SHORT_SECONDS,
    Figures,
    Level,
    Outcome,
    Results,
    Share,
    Waits,
)

MOST_DAYS = 15
"""Days are only told one by one in the text when they are at most so many; the JSON has them all."""
_OUTCOMES = {
    Outcome.ANSWERED: "answered",
    Outcome.ABANDONED: "hung up",
    Outcome.CALLBACK: "want a callback",
    Outcome.TURNED_AWAY: "turned away",
}


def lines(tried: Sequence[Results], wanted: Aim | None, seed: int) -> list[str]:
    """For people; with an aim one line for each number of agents that was tried."""
    results = tried[-1]
    days = [one.day for one in results.days]
    span = f"{len(days)} days of opening from {days[0]} to {days[-1]}"
    told = [f"{span}, {_count(results.total.calls)} callers who join the line (seed {seed})", ""]
    if wanted is not None:
        return told + _sizes(tried, wanted)
    if len(days) <= MOST_DAYS:
        told += [*_days(results), ""]
    for part in (_outcomes, _levels, _waiting, _hours, _agents):
        told += [*part(results), ""]
    return told[:-1]


def _sizes(tried: Sequence[Results], wanted: Aim) -> list[str]:
    rows = [
        [str(len(one.agents)), _level(one.total, Level.OF_ALL), _seconds(one.total.waits.mean), _percent(one.load)]
        for one in tried
    ]
    heads = ["agents", f"answered within {wanted.seconds:g} s", "mean wait", "load"]
    told = f"{len(tried[-1].agents)} agents answer at least {_percent(wanted.share)} of all calls in time."
    return [*_table(heads, rows), "", told]


def _days(results: Results) -> list[str]:
    rows = [[one.day.isoformat(), *_short(one.figures), str(one.longest_line)] for one in results.days]
    return _table(["day", *_SHORT, "longest line"], rows)


_SHORT = ["callers", "in time", "mean wait", "hung up"]


def _short(figures: Figures) -> list[str]:
    reached = _percent(figures.levels[Level.OF_ALL].share)
    return [_count(figures.calls), reached, _seconds(figures.waits.mean), _percent(figures.abandonment)]


def _outcomes(results: Results) -> list[str]:
    total = results.total
    rows = [
        [
            word,
            _count(total.outcomes[outcome]),
            _percent(total.outcomes[outcome] / total.calls if total.calls else None),
        ]
        for outcome, word in _OUTCOMES.items()
    ]
    told = _table(["callers", _count(total.calls), ""], rows)
    if total.outcomes[Outcome.CALLBACK]:
        told.append(f"Called back at their place in the line, in that time: {_count(results.called_back)}")
    return told


def _levels(results: Results) -> list[str]:
    names = {
        Level.OF_ALL: f"of all calls ({GERMAN_NAMES[Level.OF_ALL]})",
        Level.WITHOUT_SHORT: f"hung up within {SHORT_SECONDS:g} s left out ({GERMAN_NAMES[Level.WITHOUT_SHORT]})",
        Level.WITHOUT_IN_TIME: (
            f"hung up within {results.within:g} s left out ({GERMAN_NAMES[Level.WITHOUT_IN_TIME]})"
        ),
    }
    rows = [[name, _level(results.total, level)] for level, name in names.items()]
    return _table([f"answered within {results.within:g} s", ""], rows)


def _waiting(results: Results) -> list[str]:
    total, waits = results.total, results.total.waits
    waited = _percent(total.waited / total.calls if total.calls else None)
    return [
        f"wait of those answered: mean {_seconds(waits.mean)}, median {_seconds(waits.median)}, "
        f"90 % at most {_seconds(waits.p90)}, 99 % at most {_seconds(waits.p99)}",
        f"longest wait of anybody: {_seconds(waits.longest)}; found nobody free: {waited}; "
        f"longest line: {results.longest_line}; load of all agents: {_percent(results.load)}",
    ]


def _hours(results: Results) -> list[str]:
    rows = [
        [f"{one.hour:02}-{one.hour + 1:02}", *_short(one.figures), _percent(one.load)]
        for one in results.hours
        if one.figures.calls
    ]
    return _table(["hour", *_SHORT, "load"], rows)


def _agents(results: Results) -> list[str]:
    days = len(results.days)
    rows = [
        [one.name, f"{one.calls / days:.1f}", f"{one.duty / 3600 / days:.1f}", _percent(one.load)]
        for one in results.agents
    ]
    return _table(["agent", "calls a day", "hours a day", "load"], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, all others to the right."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in (heads, *rows)
    ]


def _level(figures: Figures, level: Level) -> str:
    share = figures.levels[level]
    margin = f" ± {share.margin * 100:.1f}" if share.margin is not None else ""
    return _percent(share.share) + margin


def _count(number: int) -> str:
    return f"{number:,}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.0f} s"


# --- JSON --------------------------------------------------------------------------------------


def as_json(
    plan: Plan, tried: Sequence[Results], wanted: Aim | None, seed: int, notes: Sequence[str]
) -> dict[str, Any]:
    """Shares from 0 to 1 or null, times in seconds."""
    results = tried[-1]
    told = {
        "days": len(results.days),
        "from": results.days[0].day.isoformat(),
        "to": results.days[-1].day.isoformat(),
        "seed": seed,
        "within_seconds": results.within,
        "assumed": _assumed(plan),
        "notes": list(notes),
        **_figures(results.total),
        "longest_line": results.longest_line,
        "callbacks_made": results.called_back,
        "load": results.load,
        "by_day": [
            {"day": one.day.isoformat(), **_figures(one.figures), "longest_line": one.longest_line}
            for one in results.days
        ],
        "by_hour": [{"hour": one.hour, **_figures(one.figures), "load": one.load} for one in results.hours],
        "by_type": {key: _figures(figures) for key, figures in results.types.items()},
        "agents": [
            {
                "name": one.name,
                "calls": one.calls,
                "busy_seconds": one.busy,
                "duty_seconds": one.duty,
                "load": one.load,
            }
            for one in results.agents
        ],
    }
    return told if wanted is None else {**_sized(tried, wanted), **told}


def _sized(tried: Sequence[Results], wanted: Aim) -> dict[str, Any]:
    """All other keys tell of the last that was tried."""
    rows = [
        {
            "agents": len(one.agents),
            "share": one.total.levels[Level.OF_ALL].share,
            "mean_wait_seconds": one.total.waits.mean,
            "load": one.load,
        }
        for one in tried
    ]
    aim = {"share": wanted.share, "seconds": wanted.seconds}
    return {"aim": aim, "agents_needed": len(tried[-1].agents), "tried": rows}


def _assumed(plan: Plan) -> dict[str, Any]:
    demand, patience = plan.demand, plan.demand.patience
    return {
        "types": dict(demand.shares),
        "talk": {key: _duration(one) for key, one in demand.talk.items()},
        "wrap_up": _duration(demand.wrap_up),
        "patience": None if patience is None else {"mean_seconds": patience.mean, "share": patience.share},
        "ring_seconds": plan.ring_seconds,
        "callback_share": demand.callback_share,
        "returning_share": demand.returning_share,
    }


def _duration(duration: Duration) -> dict[str, Any]:
    kind = {Exponential: "exponential", LogNormal: "lognormal"}.get(type(duration), "observed")
    return {"kind": kind, "mean_seconds": duration.mean}


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "calls": figures.calls,
        **{outcome.value: number for outcome, number in figures.outcomes.items()},
        "abandonment": figures.abandonment,
        "waited": figures.waited,
        "wait_seconds": _waits(figures.waits),
        "service_level": {level.value: _share(level, share) for level, share in figures.levels.items()},
    }


def _waits(waits: Waits) -> dict[str, float | None]:
    return {key: getattr(waits, key) for key in ("mean", "median", "p90", "p99", "longest")}


def _share(level: Level, share: Share) -> dict[str, Any]:
    return {
        "name": GERMAN_NAMES[level],
        "share": share.share,
        "reached": share.reached,
        "counted": share.counted,
        "margin": share.margin,
    }
