"""Whether callbacks may be offered now, and to which numbers; remembered, as it is asked with every change."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agents.callbacks import too_early, way
from config.schema import HotlineConfig
from routing.hours import Calendar

MOST_REMEMBERED = 1_000

Configuration = Callable[[], tuple[int, HotlineConfig]]


class Ringable:
    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.draining: Callable[[], bool] = lambda: False
        """Whether the hotline drains: then places wait for the next start."""
        self._numbers: dict[tuple[int, str], bool] = {}
        self._hours: tuple[tuple[int, int], bool] | None = None
        self._opened: datetime | None = None

    def now(self, now: datetime) -> bool:
        """Whether callers are rung at that time at all."""
        return not self.draining() and self._in_hours(now)

    def since(self, now: datetime) -> datetime | None:
        """Since when it is open at that time; None when it is closed, or callers are rung at any time."""
        self._in_hours(now)
        return self._opened

    def number(self, number: str | None) -> bool:
        """Whether there is a way to that number by the configuration."""
        if number is None:
            return False
        version, config = self._configuration()
        if len(self._numbers) > MOST_REMEMBERED:
            self._numbers.clear()
        key = (version, number)
        if key not in self._numbers:
            self._numbers[key] = not isinstance(way(config, number), str)
        return self._numbers[key]

    def _in_hours(self, now: datetime) -> bool:
        version, config = self._configuration()
        key = (version, int(now.timestamp()))
        if self._hours is None or self._hours[0] != key:
            self._hours = (key, too_early(config, None, now) is None)
            self._opened = _opened(config, now)
        return self._hours[1]


def _opened(config: HotlineConfig, now: datetime) -> datetime | None:
    if not config.callbacks.only_when_open:
        return None
    spans = Calendar(config).openings(now, now + timedelta(microseconds=1))
    return next((span[0] for span in spans), None)
