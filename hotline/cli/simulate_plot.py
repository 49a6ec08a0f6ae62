"""A picture of a simulation: how long callers waited, and service level and load by the hour. German, for the lead.

One SVG without scripts or anything from elsewhere, drawn by a template: chart libraries would bring more than is
needed (pygal links a script of its project's server into each picture).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import jinja2

from routing.simulation.results import Level, Results, percentile

TEMPLATE = Path(__file__).with_name("simulate_plot.svg.jinja")
LEFT, RIGHT, HEIGHT = 70.0, 730.0, 220.0
"""Edges and height of both charts, in pixels of the picture."""
STEPS = 120
"""Points of the curve of waits."""
_NICE = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour. Lengths in pixels from the chart's bottom."""

    x: float
    width: float
    height: float
    load: float
    label: str
    told: str


def plot(name: str, results: Results) -> str:
    """The SVG; `name` is the hotline's."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    longest, days = _scale(results), [one.day for one in results.days]
    share = results.total.levels[Level.OF_ALL].share
    return template.render(
        name=name,
        span=f"{_day(days[0])} bis {_day(days[-1])}: {_count(results.total.calls)} Anrufe an {len(days)} Tagen",
        left=LEFT,
        right=RIGHT,
        height=HEIGHT,
        percents=[Tick(HEIGHT * part / 4, f"{25 * part} %") for part in range(5)],
        curve=" ".join(f"{x:.1f},{y:.1f}" for x, y in _curve(results.waits, results.total.calls, longest)),
        times=[Tick(_x(longest * part / 6, longest), f"{longest * part / 6:g} s") for part in range(7)],
        limit=_x(results.within, longest) if results.within <= longest else None,
        within=f"{results.within:g}".replace(".", ","),
        reached=_percent(share),
        bars=list(_bars(results)),
        load=_percent(results.load),
    )


def _scale(results: Results) -> float:
    """Seconds at the right edge: nearly all waits, and the limit of the service level."""
    most = max(percentile(results.waits, 0.99) or 0.0, 2 * results.within)
    return float(next((nice for nice in _NICE if nice >= most), ceil(most / 3600) * 3600))


def _x(seconds: float, longest: float) -> float:
    return LEFT + (RIGHT - LEFT) * seconds / longest


def _curve(waits: Sequence[float], calls: int, longest: float) -> Iterator[tuple[float, float]]:
    """Which share of all calls was answered after at most so long; pixels, upwards from the bottom."""
    counted = 0
    for step in range(STEPS + 1):
        seconds = longest * step / STEPS
        while counted < len(waits) and waits[counted] <= seconds:
            counted += 1
        yield _x(seconds, longest), HEIGHT * (counted / calls if calls else 0.0)


def _bars(results: Results) -> Iterator[Bar]:
    hours = [one for one in results.hours if one.figures.calls]
    width = (RIGHT - LEFT) / max(1, len(hours))
    for place, one in enumerate(hours):
        share, load = one.figures.levels[Level.OF_ALL].share or 0.0, one.load or 0.0
        told = f"{one.hour} bis {one.hour + 1} Uhr: {_percent(share)} angenommen, Auslastung {_percent(load)}"
        x = LEFT + width * (place + 0.15)
        yield Bar(x, width * 0.7, HEIGHT * share, HEIGHT * load, str(one.hour), told)


def _day(day: object) -> str:
    return f"{day:%d.%m.%Y}"


def _count(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %".replace(".", ",")
