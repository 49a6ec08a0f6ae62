"""`hotline explain`: what would happen to a call at a given time, decided by the real code, without Asterisk."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from config.loading import ConfigurationError, load
from config.schema import HotlineConfig
from hotline.errors import ConfigurationBroken
from ivr.explain import explain
from routing.moments import parse_moment

_REASONS = {
    "open": "geöffnet",
    "closure": "geschlossen (Schließung)",
    "holiday": "geschlossen (Feiertag)",
    "weekend": "geschlossen (Wochenende)",
    "outside_hours": "geschlossen (außerhalb der Öffnungszeiten)",
}


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--at", "at", required=True, help="When the call comes in, as 2026-11-23T09:00; see above for the zone.")
@click.option("--press", "press", default="", metavar="KEYS", help='Keys in their order; "-" is one silence.')
@click.option("--caller", default=None, help="The number the gateway shows; withheld when left out.")
@click.option("--free", default=None, metavar="NAMES", help='Agents who are free, as "anna,ben"; all when left out.')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(file: Path, at: str, press: str, caller: str | None, free: str | None, as_json: bool) -> int:
    """Walk one call through the decisions of FILE and tell what happens to it.

    A time without offset is local time of the hotline (Berlin); one that occurs twice, when clocks are put back,
    means the first. After the last key the caller stays silent. Who is not named by --free is not on duty:
    --free "" shows what a caller meets when nobody is there. While only music plays the caller presses nothing:
    a key answers the next question (--press 4-1: rent, nothing at the first question, 1 at the second), except the
    star key, which leaves the line for a callback (--press "4*11").
    """
    config = _load(file)
    try:
        moment = parse_moment(at, ZoneInfo(config.hotline.timezone))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None
    names = None if free is None else [name.strip() for name in free.split(",") if name.strip()]
    try:
        told = explain(config, moment, press, caller, names)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(config, told)))
    return 0


def _load(file: Path) -> HotlineConfig:
    try:
        return load(file)
    except ConfigurationError as error:
        raise ConfigurationBroken([str(finding) for finding in error.findings]) from None


def _offered(told: dict[str, Any]) -> list[str]:
    return [f"{name} (zweite Wahl)" if name in told["second_choice"] else name for name in told["agents"]]


def _lines(config: HotlineConfig, told: dict[str, Any]) -> list[str]:
    holiday = f": {told['holiday']}" if told["holiday"] else ""
    lines = [f"{_REASONS[told['reason']]}{holiday}"]
    if told["next_open"]:
        lines.append(f"öffnet wieder: {told['next_open']}")
    if told["request_type"]:
        label = config.request_type(told["request_type"]).label
        lines.append(f"Anliegen: {label} ({told['request_type']}), Fähigkeit: {told['skill']}")
        lines.append(f"angeboten wird der Anruf: {', '.join(_offered(told)) or 'niemandem, keiner ist frei'}")
    if told["language"]:
        lines.append(f"Sprache: {next(one.name for one in config.languages if one.key == told['language'])}")
    for number, step in enumerate(told["steps"], start=1):
        lines += [f"{number:3}. {step['event']}", *(f"     → {effect}" for effect in step["effects"])]
    return lines
