"""Tells what differs between two configurations, as an admin reads it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from config.schema import Closure, HotlineConfig, Interval

SECTIONS = {
    "hotline": "Hotline",
    "offices": "Geschäftsstellen",
    "hours": "Öffnungszeiten",
    "hours.holidays": "Feiertage",
    "hours.closures": "Schließzeiten",
    "emergency": "Notfallansage",
    "menu": "Menü",
    "line": "Warten",
    "distribution": "Verteilung",
    "transfers": "Verbinden",
    "callbacks": "Rückrufe",
    "request_types": "Anliegen",
    "unclear": "Anliegen",
    "agents": "Mitarbeitende",
    "case_workers": "Sachbearbeitung",
    "promises": "Zusagen",
    "gateways": "Gateways",
    "mail": "E-Mail",
    "sms": "SMS",
    "retention": "Aufbewahrung",
    "threat": "Bedrohung",
    "network": "Netz",
    "voice": "Stimme",
    "texts": "Ansagen",
    "languages": "Sprachen",
}
"""German name of each section by its first key, or its first two."""
_ORDER = "Reihenfolge: "
_NAMES = ("key", "name", "email", "label")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is new, gone, or another one."""

    path: str
    """Keys joined with dots; entries of lists by their name or key, as "agents.anna.skills"."""
    section: str
    """Where an admin finds it, in German: "Öffnungszeiten", "Mitarbeitende" …"""
    old: str | None
    """None when it is new; values as a person writes them."""
    new: str | None
    """None when it is gone."""


def differences(old: HotlineConfig, new: HotlineConfig) -> list[Change]:
    """All of them, in the order of the sections. A default that is written out is no difference."""
    return list(_models("", old, new))


def _models(path: str, old: BaseModel, new: BaseModel) -> Iterator[Change]:
    for name, info in type(old).model_fields.items():
        yield from _values(f"{path}{info.alias or name}", getattr(old, name), getattr(new, name))


def _values(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, BaseModel) and isinstance(new, BaseModel) and not isinstance(old, Interval):
        yield from _models(f"{path}.", old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _values(f"{path}.{key}", old.get(key), new.get(key))
    elif _has_entries(old) or _has_entries(new):
        yield from _entries(path, old, new)
    else:
        yield _change(path, _shown(old), _shown(new))


def _has_entries(values: Any) -> bool:
    """Whether it is a list of things that have names; intervals are told by their times."""
    return isinstance(values, list) and any(isinstance(v, BaseModel) and not isinstance(v, Interval) for v in values)


def _change(path: str, old: str | None, new: str | None) -> Change:
    parts = path.split(".")
    section = SECTIONS.get(".".join(parts[:2])) or SECTIONS[parts[0]]
    return Change(path, section, old, new)


# Lists of things: agents, closures, fields …


def _entries(path: str, old: Sequence[BaseModel], new: Sequence[BaseModel]) -> Iterator[Change]:
    """Entries that were changed in their place, then new ones and those that are gone, then another order."""
    one, other = _named(old), _named(new)
    for name in dict.fromkeys([*one, *other]):
        before, after = one.get(name), other.get(name)
        if before is None or after is None:
            yield _change(f"{path}.{name}", _shown(before), _shown(after))
        else:
            yield from _models(f"{path}.{name}.", before, after)
    stayed, now = [name for name in one if name in other], [name for name in other if name in one]
    if stayed != now:
        yield _change(path, _ORDER + ", ".join(stayed), _ORDER + ", ".join(now))


def _named(entries: Sequence[BaseModel]) -> dict[str, BaseModel]:
    """Each entry by its name; of several with one name the later ones get a number."""
    named: dict[str, BaseModel] = {}
    counts: Counter[str] = Counter()
    for entry in entries:
        name = _name(entry)
        counts[name] += 1
        named[f"{name} ({counts[name]})" if counts[name] > 1 else name] = entry
    return named


def _name(entry: BaseModel) -> str:
    for attribute in _NAMES:
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    if isinstance(entry, Closure):
        return f"{_shown(entry.start)} {entry.reason}"
    return _shown(getattr(entry, "start", None)) or type(entry).__name__


def _entry(entry: BaseModel) -> str:
    """Everything that is written about it, without what is left at its default and its name."""
    named = next((attribute for attribute in _NAMES if hasattr(entry, attribute)), None)
    written = entry.model_dump(exclude_defaults=True, by_alias=False)
    fields = {
        info.alias or name: getattr(entry, name) for name, info in type(entry).model_fields.items() if name in written
    }
    shown = [f"{key}: {_shown(value)}" for key, value in fields.items() if key != named]
    return "; ".join(shown) or _name(entry)


# Values as people write them


def _shown(value: Any) -> str | None:
    """None for what is not there."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, Interval):
        return f"{value.start:%H:%M}-{value.end:%H:%M}" if _whole_minutes(value) else f"{value.start}-{value.end}"
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, BaseModel):
        return _entry(value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(inner)}" for key, inner in value.items()) or "nichts"
    if isinstance(value, list):
        return _list(value)
    return str(value)


def _whole_minutes(interval: Interval) -> bool:
    return not interval.start.second and not interval.end.second


def _list(values: list[Any]) -> str:
    words = [_shown(value) or "" for value in values]
    sentences = any(" " in word for word in words)
    return (" | " if sentences else ", ").join(words) or "nichts"
