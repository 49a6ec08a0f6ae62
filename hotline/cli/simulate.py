"""`hotline simulate`: waits, service level and load of a staffing, tried out with the real line and matcher."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import click

from config.loading import ConfigurationError, load
from config.schema import HotlineConfig
from hotline.cli import simulate_options as options
from hotline.cli.opening import opened
from hotline.cli.simulate_plot import plot
from hotline.cli.simulate_report import as_json, lines
from hotline.errors import ConfigurationBroken, SetupError
from hotline.state import StateDirectory
from hotline.storage.arrivals import ArrivalRows
from routing.simulation.history import Learned, Past, learn
from routing.simulation.model import Demand, Duration, Exponential, HourOfWeek, LogNormal, Plan, even
from routing.simulation.results import Results
from routing.simulation.run import Progress, simulate
from routing.simulation.sizing import needed

TALK_SECONDS, WRAP_UP_SECONDS = 195.0, 75.0
PER_DAY = 200.0
MOST_CALLS = 3_000_000
FIRST_DAYS = (date(2000, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the demand was made from; stands beside the results."""

    demand: Demand
    notes: list[str] = field(default_factory=list)


@click.command("simulate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--days", type=click.IntRange(1, 5_000), default=250, show_default=True, help="Days of opening.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day; today when left out.")
@click.option(
    "--per-day", type=options.Number(0, 1_000_000, above=True), help="Callers on a usual day.  [default: 200]"
)
@click.option("--per-hour", metavar="RATES", help='"40", or by the hour "8=30,9=25", on one weekday "monday-8=45".')
@click.option("--ledger", type=click.Path(path_type=Path, file_okay=False), help="Learn all this from this hotline's.")
@click.option("--weeks", type=click.IntRange(1, 520), default=8, show_default=True, help="So far back with --ledger.")
@click.option("--types", metavar="SHARES", help='What callers want, as "rent=3,income=2"; all alike when left out.')
@click.option("--talk", type=options.SOME_SECONDS, help=f"Mean talk, seconds.  [default: {TALK_SECONDS:.0f}]")
@click.option("--wrap-up", type=options.SECONDS, help=f"Mean wrap-up, seconds.  [default: {WRAP_UP_SECONDS:.0f}]")
@click.option("--times", type=click.Choice(["exponential", "lognormal"]), default="exponential", show_default=True)
@click.option("--spread", type=options.Number(0, 10, above=True), default=0.8, show_default=True,
              help="Of log-normal times: standard deviation over mean.")  # fmt: skip
@click.option("--patience", metavar="SECONDS[/SHARE]", help='Mean until callers hang up; "off": never.')
@click.option("--callbacks", type=options.SHARE, default=0.5, show_default=True, help="Who takes an offered callback.")
@click.option("--returning", type=options.SHARE, default=0.2, show_default=True, help="Callers whom an agent knows.")
@click.option("--agents", metavar="NAMES|NUMBER", help='"anna,ben", or so many who can do all; all when left out.')
@click.option("--shift", "shifts", multiple=True, metavar="NAME=[DAYS/]FROM-TO",
              help="When an agent is there, as anna=08:00-12:30 or anna=monday,friday/13:00-18:00; may be repeated. "
              "Without any: whenever the hotline is open.")  # fmt: skip
@click.option("--ring", type=options.SECONDS, default=4.0, show_default=True, help="Until an agent answers, seconds.")
@click.option("--within", type=options.SOME_SECONDS, default=30.0, show_default=True, help="Of the service level.")
@click.option("--size", metavar="SHARE/SECONDS", help='How many agents answer 80 of 100 calls within 20 s: "80/20".')
@click.option("--seed", type=click.IntRange(0, 2**63), default=1, show_default=True, help="The same: the same callers.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option("--plot", "picture", type=click.Path(path_type=Path, dir_okay=False), help="Write an SVG there.")
def command(file: Path, as_object: bool, picture: Path | None, size: str | None, seed: int, **given: Any) -> int:
    """Try out a staffing with the configuration in FILE.

    Random callers meet the agents in the same line, matcher and calendar that serve real calls; waits count from
    joining the line. Without a configured limit and with --patience off nobody ever hangs up. With --ledger the
    calls of the last weeks say when callers come, what for, how long talks and wrap-ups take and how patient they
    are; each of the other options wins over that.
    """
    config, wanted = _load(file), options.aim(size)
    found = _assumptions(config, given)
    plan = _plan(config, found.demand, given, wanted)
    _refuse_too_many(plan)
    try:
        tried = _tried(plan, wanted, given["within"], seed)
    except ValueError as error:
        raise SetupError(f"{file}: {error}.") from None
    if picture is not None:
        _write(picture, plot(config.hotline.name, tried[-1]))
    for note in found.notes:
        click.echo(note, err=True)
    if as_object:
        click.echo(json.dumps(as_json(plan, tried, wanted, seed, found.notes), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(lines(tried, wanted, seed)))
    return 0


def _load(file: Path) -> HotlineConfig:
    try:
        return load(file)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None


# --- what is known of the callers --------------------------------------------------------------


def _assumptions(config: HotlineConfig, given: dict[str, Any]) -> Assumptions:
    sources = [name for name in ("per_day", "per_hour", "ledger") if given[name] is not None]
    if len(sources) > 1:
        raise click.UsageError("Give one of --per-day, --per-hour and --ledger.")
    types = options.shares(config, given["types"])
    learned = _learned(config, given["ledger"], given["weeks"]) if given["ledger"] is not None else None
    notes = [] if learned is None else list(learned.notes)
    demand = Demand(
        per_hour=_per_hour(config, given) if learned is None else learned.per_hour,
        shares=types if learned is None or given["types"] is not None else learned.shares,
        talk=_talk(config, given, learned, notes),
        wrap_up=_wrap_up(given, learned, notes),
        patience=_patience(given, learned, notes),
        callback_share=given["callbacks"],
        returning_share=given["returning"],
    )
    return Assumptions(demand, notes)


def _per_hour(config: HotlineConfig, given: dict[str, Any]) -> dict[HourOfWeek, float]:
    if given["per_hour"] is not None:
        return options.per_hour(given["per_hour"])
    return even(config, given["per_day"] or PER_DAY)


def _duration(given: dict[str, Any], mean: float) -> Duration:
    return LogNormal(mean, given["spread"]) if given["times"] == "lognormal" else Exponential(mean)


def _talk(
    config: HotlineConfig, given: dict[str, Any], learned: Learned | None, notes: list[str]
) -> dict[str, Duration]:
    if learned is not None and given["talk"] is None:
        if learned.talk is not None:
            return learned.talk
        notes.append(f"The ledger knows too few talks: {TALK_SECONDS:.0f} s on average are assumed.")
    duration = _duration(given, given["talk"] or TALK_SECONDS)
    return {request.key: duration for request in (*config.request_types, config.unclear)}


def _wrap_up(given: dict[str, Any], learned: Learned | None, notes: list[str]) -> Duration:
    if learned is not None and given["wrap_up"] is None:
        if learned.wrap_up is not None:
            return learned.wrap_up
        notes.append(f"The ledger knows too few wrap-ups: {WRAP_UP_SECONDS:.0f} s on average are assumed.")
    return _duration(given, WRAP_UP_SECONDS if given["wrap_up"] is None else given["wrap_up"])


def _patience(given: dict[str, Any], learned: Learned | None, notes: list[str]) -> Any:
    if learned is None or given["patience"] is not None:
        return options.patience(given["patience"])
    if learned.patience is None:
        notes.append("Too few callers hung up to know their patience: it is assumed that nobody does.")
    return learned.patience


def _learned(config: HotlineConfig, state: Path, weeks: int) -> Learned:
    until = datetime.now(UTC)
    since = until - timedelta(weeks=weeks)
    past = asyncio.run(_past(state, since, until))
    try:
        return learn(past, load(StateDirectory(state).config_file), config, since, until)
    except ValueError:
        told = f"The ledger in {state} knows no caller of the last {weeks} weeks: say how many with --per-day."
        raise SetupError(told) from None


async def _past(state: Path, since: datetime, until: datetime) -> Past:
    async with opened(state) as (database, hotline_id):
        return await ArrivalRows(database, hotline_id).past(since, until)


# --- running it --------------------------------------------------------------------------------


def _plan(config: HotlineConfig, demand: Demand, given: dict[str, Any], wanted: options.Aim | None) -> Plan:
    if wanted is not None and (given["agents"] is not None or given["shifts"]):
        raise click.UsageError("--size looks for the number of agents itself: leave --agents and --shift out.")
    ring = given["ring"]
    if ring >= config.distribution.ring_seconds:
        told = f"A telephone that rings {config.distribution.ring_seconds} s counts as missed: write less."
        raise click.BadParameter(told, param_hint="--ring")
    first = _first(config, given["first"])
    return Plan(config, first, given["days"], demand, options.team(config, given["agents"], given["shifts"]), ring)


def _first(config: HotlineConfig, wanted: datetime | None) -> date:
    if wanted is None:
        return datetime.now(ZoneInfo(config.hotline.timezone)).date()
    earliest, latest = FIRST_DAYS
    if not earliest <= wanted.date() <= latest:
        raise click.BadParameter(f"Write a day from {earliest} to {latest}.", param_hint="--from")
    return wanted.date()


def _refuse_too_many(plan: Plan) -> None:
    expected = plan.days * max((_in_a_day(plan, weekday) for weekday in range(7)), default=0.0)
    if expected > MOST_CALLS:
        raise click.UsageError(f"That may be {expected:,.0f} calls; at most {MOST_CALLS:,} can be tried out at once.")


def _in_a_day(plan: Plan, weekday: int) -> float:
    return sum(rate for (day, _), rate in plan.demand.per_hour.items() if day == weekday)


def _tried(plan: Plan, wanted: options.Aim | None, within: float, seed: int) -> list[Results]:
    """One simulation, or one for each number of agents until enough calls are answered."""

    def attempt(one: Plan, seconds: float) -> Results:
        with _progress(one) as progress:
            return simulate(one, Random(seed), seconds, progress)  # noqa: S311 - nothing secret

    if wanted is None:
        return [attempt(plan, within)]
    return needed(plan, wanted.share, lambda one: attempt(one, wanted.seconds))


@contextmanager
def _progress(plan: Plan) -> Iterator[Progress]:
    """A bar on stderr, if that is a terminal."""
    label, hidden = f"{len(plan.team)} agents", not sys.stderr.isatty()
    with click.progressbar(length=plan.days, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield lambda day: bar.update(day + 1 - bar.pos)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{file} cannot be written ({error.strerror}): name another file with --plot.") from None
