"""Decides whether the times at which callers may choose to be called back can be offered by key."""

from collections.abc import Callable, Iterator
from itertools import combinations

from config.schema import HotlineConfig, Interval

Path = tuple[str | int, ...]
Problem = tuple[Path, str]


def windows_run_forward(config: HotlineConfig) -> Iterator[Problem]:
    """Their hours are said to callers, as "between nine and eleven", so they are full ones."""
    for index, window in enumerate(config.callbacks.windows):
        path = ("callbacks", "windows", index)
        if window.end <= window.start:
            yield path, f"{_shown(window)} ends before it begins; the end must be later than the start, on the same day"
        elif not _is_on_full_hours(window):
            yield path, f'{_shown(window)} is not on full hours; only full hours are said to callers, as "09:00-11:00"'


def windows_do_not_overlap(config: HotlineConfig) -> Iterator[Problem]:
    for (_, one), (index, other) in combinations(enumerate(config.callbacks.windows), 2):
        if one.start < other.end and other.start < one.end:
            path = ("callbacks", "windows", index)
            yield path, f"{_shown(other)} overlaps {_shown(one)}; windows must not overlap"


def _is_on_full_hours(window: Interval) -> bool:
    return not any(clock.minute or clock.second for clock in (window.start, window.end))


def _shown(interval: Interval) -> str:
    return f"{interval.start:%H:%M}-{interval.end:%H:%M}"


CALLBACK_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    windows_run_forward,
    windows_do_not_overlap,
)
