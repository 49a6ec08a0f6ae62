"""What may be written behind the options of `hotline simulate`; each wrong input is told in one sentence."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

import click

from config.schema import WEEKDAYS, HotlineConfig
from routing.simulation.model import EVERY_DAY, HourOfWeek, Member, Patience, Shift, configured, generic

MOST_AGENTS = 1_000
MOST_SECONDS = 86_400.0
MOST_PER_HOUR = 100_000.0


class Number(click.ParamType[float]):
    """A number within limits; never "nan" or "inf"."""

    name = "number"

    def __init__(self, least: float, most: float, *, above: bool = False) -> None:
        self._least, self._most, self._above = least, most, above

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(str(value))
        except ValueError:
            self.fail(f'"{value}" is not a number.', param, ctx)
        if not math.isfinite(number) or not self._least <= number <= self._most or (self._above and not number):
            least = f"above {self._least:g}" if self._above else f"from {self._least:g}"
            self.fail(f'"{value}" is not allowed: write a number {least}, up to {self._most:,.0f}.', param, ctx)
        return number


SECONDS = Number(0, MOST_SECONDS)
SOME_SECONDS = Number(0, MOST_SECONDS, above=True)
SHARE = Number(0, 1)
_PER_HOUR = Number(0, MOST_PER_HOUR)
_WEIGHT = Number(0, 1_000_000)


@dataclass(frozen=True, slots=True)
class Aim:
    """So large a share of all calls is to be answered within so many seconds."""

    share: float
    seconds: float


def aim(text: str | None) -> Aim | None:
    """ "80/20" or "0.80/20"."""
    if text is None:
        return None
    share, slash, seconds = text.partition("/")
    if not slash:
        raise click.BadParameter('Write share and seconds, as "80/20".', param_hint="--size")
    part = _number(share, Number(0, 100, above=True), "--size")
    part = part / 100 if part > 1 else part
    if part == 1:
        raise click.BadParameter("No staffing answers all calls in time: ask for less than 100.", param_hint="--size")
    return Aim(part, _number(seconds, SOME_SECONDS, "--size"))


def per_hour(text: str) -> dict[HourOfWeek, float]:
    """ "40" for every hour, or "8=30,9=25"; "monday-8=45" is for one weekday and wins."""
    hint = "--per-hour"
    if "=" not in text:
        rate = _number(text, _PER_HOUR, hint)
        return {(weekday, hour): rate for weekday in range(7) for hour in range(24)}
    every: dict[HourOfWeek, float] = {}
    one: dict[HourOfWeek, float] = {}
    for key, value in _pairs(text, hint).items():
        day, dash, hour = key.rpartition("-")
        weekdays = [_weekday(day, hint)] if dash else sorted(EVERY_DAY)
        if not re.fullmatch(r"1?\d|2[0-3]|0\d", hour):
            raise click.BadParameter(f'"{hour}" is not an hour: they go from 0 to 23.', param_hint=hint)
        rate = _number(value, _PER_HOUR, hint)
        (one if dash else every).update({(weekday, int(hour)): rate for weekday in weekdays})
    return every | one


def patience(text: str | None) -> Patience | None:
    """ "180" seconds on average, or "180/0.6" for 60 of 100 callers; "off" for nobody."""
    if text is None or text == "off":
        return None
    mean, slash, share = text.partition("/")
    part = _number(share, SHARE, "--patience") if slash else 1.0
    return Patience(_number(mean, SOME_SECONDS, "--patience"), part)


def shares(config: HotlineConfig, text: str | None) -> dict[str, float]:
    """ "rent=3,income=2": types that are left out do not occur; all alike without any."""
    known = [request.key for request in (*config.request_types, config.unclear)]
    if text is None:
        return dict.fromkeys(known, 1.0)
    weights = {key: _number(value, _WEIGHT, "--types") for key, value in _pairs(text, "--types").items()}
    for key in weights:
        if key not in known:
            raise click.BadParameter(_unknown("request type", key, known), param_hint="--types")
    if not any(weights.values()):
        raise click.BadParameter("At least one type must occur.", param_hint="--types")
    return weights


def team(config: HotlineConfig, agents: str | None, shifts: tuple[str, ...]) -> tuple[Member, ...]:
    """All agents; or "anna,ben"; or so many who can do everything."""
    known = [agent.name for agent in config.agents]
    if agents is not None and agents.strip().isdecimal():
        if shifts:
            raise click.UsageError("--shift needs agents by their names: leave --agents out, or name them.")
        return generic(config, int(_number(agents, Number(1, MOST_AGENTS), "--agents")))
    names = known if agents is None else list(dict.fromkeys(name.strip() for name in agents.split(",") if name.strip()))
    if not names:
        raise click.BadParameter("Name at least one agent.", param_hint="--agents")
    own = _shifts(shifts)
    for name, hint in [*((name, "--agents") for name in names), *((name, "--shift") for name in own)]:
        if name not in known:
            raise click.BadParameter(_unknown("agent", name, known), param_hint=hint)
        if name not in names:
            raise click.BadParameter(f'"{name}" is not among the agents that --agents names.', param_hint=hint)
    return tuple(configured(config.agent(name), tuple(own.get(name, ()))) for name in names)


def _shifts(texts: tuple[str, ...]) -> dict[str, list[Shift]]:
    """ "anna=08:00-12:00" for every day, "anna=monday,tuesday/08:00-12:00" for some."""
    shifts: dict[str, list[Shift]] = {}
    for text in texts:
        name, _, rest = text.partition("=")
        days, slash, span = rest.rpartition("/")
        found = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", span.strip())
        try:
            start, end = (time.fromisoformat(clock) for clock in found.groups()) if found else (time(), time())
        except ValueError:
            start = end = time()
        if not start < end:
            told = f'"{text}" is no shift: write "anna=08:00-12:00" or "anna=monday,friday/08:00-12:00".'
            raise click.BadParameter(told, param_hint="--shift")
        weekdays = frozenset(_weekday(day, "--shift") for day in days.split(",")) if slash else EVERY_DAY
        shifts.setdefault(name.strip(), []).append(Shift(start, end, weekdays))
    return shifts


def _weekday(text: str, hint: str) -> int:
    """By name, or by its first letters, at least two: those are never the same."""
    word = text.strip().lower()
    found = [number for number, name in enumerate(WEEKDAYS) if len(word) >= 2 and name.startswith(word)]
    if not found:
        raise click.BadParameter(f'"{text}" is not a weekday: they are {", ".join(WEEKDAYS)}.', param_hint=hint)
    return found[0]


def _pairs(text: str, hint: str) -> Mapping[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split(","):
        key, sign, value = (word.strip() for word in part.partition("="))
        if not sign or not key:
            raise click.BadParameter(f'"{part.strip()}" is not understood: write KEY=NUMBER.', param_hint=hint)
        if key in pairs:
            raise click.BadParameter(f'"{key}" occurs twice.', param_hint=hint)
        pairs[key] = value
    return pairs


def _number(text: str, kind: Number, hint: str) -> float:
    try:
        return kind.convert(text.strip(), None, None)
    except click.BadParameter as error:
        raise click.BadParameter(error.message, param_hint=hint) from None


def _unknown(what: str, name: str, known: list[str]) -> str:
    return f'There is no {what} "{name}": there are {", ".join(known)}.'
