"""Decides whether a caller may be rung back now, how that number is dialled, and when the next try is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.schema import Gateway, HotlineConfig
from config.telephone import canonical
from routing.hours import Calendar
from routing.numbers import NumberPlan


@dataclass(frozen=True, slots=True)
class Way:
    """How a number outside is rung."""

    dial: str
    """What Asterisk dials: `PJSIP/0571234567@gateway-haus`."""
    ring_seconds: int


def way(config: HotlineConfig, number: str | None) -> Way | str:
    """How to ring this number (E.164), or one German sentence why it cannot be rung at all."""
    gateway = _gateway(config)
    if gateway is None:
        return "Für Anrufe nach außen ist kein Anschluss eingerichtet."
    if number is None:
        return "Für diesen Rückruf ist keine Rufnummer bekannt."
    if not may_be_rung(config, number):
        return "Diese Nummer darf nicht angerufen werden. Erlaubt sind Festnetz- und Mobilnummern im Inland."
    dialled = _plan(config).outgoing(number, gateway.outgoing_format)
    return Way(f"PJSIP/{dialled}@gateway-{gateway.name}", config.callbacks.ring_seconds)


def may_be_rung(config: HotlineConfig, number: str | None) -> bool:
    """Ordinary numbers of our own country; not our own, which would come back to us as a caller."""
    ours = config.hotline
    own = canonical(ours.number, ours.country_code, ours.area_code)
    return number != own and _plan(config).may_call_back(number)


def too_early(config: HotlineConfig, next_try_at: datetime | None, now: datetime) -> str | None:
    """One German sentence why nobody is rung at this moment; None when the caller may be rung."""
    zone = ZoneInfo(config.hotline.timezone)
    if next_try_at is not None and now < next_try_at:
        return f"Der nächste Versuch ist erst ab {_moment(next_try_at, now, zone)} vorgesehen."
    if not config.callbacks.only_when_open:
        return None
    opening = Calendar(config).opening(now)
    if opening.open:
        return None
    again = "" if opening.next_open is None else f", wieder ab {_moment(opening.next_open, now, zone)}"
    return f"Zurückgerufen wird nur während der Öffnungszeiten{again}."


def next_try(config: HotlineConfig, tries: int, now: datetime) -> datetime | None:
    """When to try again after that many tries in vain; None when that was the last one."""
    policy = config.callbacks
    if tries >= policy.tries:
        return None
    distances = policy.distances_minutes
    at = now + timedelta(minutes=distances[min(tries, len(distances)) - 1])
    if not policy.only_when_open:
        return at
    opening = Calendar(config).opening(at)
    return at if opening.open or opening.next_open is None else opening.next_open


def _moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    same_day = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M} Uhr" if same_day else f"{local:%d.%m.%Y, %H:%M} Uhr"


def _gateway(config: HotlineConfig) -> Gateway | None:
    return next((gateway for gateway in config.gateways if gateway.name == config.transfers.gateway), None)


def _plan(config: HotlineConfig) -> NumberPlan:
    return NumberPlan(config.hotline.country_code, config.hotline.area_code)
