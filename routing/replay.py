"""Replays calls of the past under another configuration: which would have gone elsewhere, and how."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from config.schema import HotlineConfig


@dataclass(frozen=True, slots=True)
class PastCall:
    """What is kept of a call. Times are aware."""

    call_id: str
    at: datetime
    request_type: str | None
    """Key of what the caller wanted; None when that never became known."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A call that would go elsewhere."""

    call_id: str
    at: datetime
    request_type: str | None
    before: str
    """Where it goes by the configuration in use, in German: "geschlossen (Feiertag)", "Mietkosten: Anna Ahrens, …"."""
    after: str
    """Where it would go."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`moved` are the newest first, at most `MOST_SHOWN`; `elsewhere` counts all of them by what changes."""

    since: datetime
    calls: int
    elsewhere: int
    kinds: tuple[tuple[str, int], ...]
    """German words for a kind of change, and how many: "jetzt geschlossen", "andere Agenten" …"""
    moved: tuple[Moved, ...]


MOST_SHOWN = 200


def replay(calls: Iterable[PastCall], active: HotlineConfig, draft: HotlineConfig, since: datetime) -> Replay:
    """Compare where each call goes by the one and by the other configuration."""
    raise NotImplementedError
