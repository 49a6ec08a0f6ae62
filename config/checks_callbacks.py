"""Decides whether callbacks that keep the place can be dialled, and their times be offered by key."""

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


def kept_places_need_a_gateway(config: HotlineConfig) -> Iterator[Problem]:
    """Without one no place is kept, which is only worth a word to whoever has asked for it."""
    line = config.line
    if line.keep_place and "keep_place" in line.model_fields_set and config.transfers.gateway is None:
        path = ("line", "keep_place")
        yield path, "callbacks that keep the place are dialled through a gateway: name it in transfers.gateway"


def _is_on_full_hours(window: Interval) -> bool:
    return not any(clock.minute or clock.second for clock in (window.start, window.end))


def _shown(interval: Interval) -> str:
    return f"{interval.start:%H:%M}-{interval.end:%H:%M}"


CALLBACK_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    windows_run_forward,
    windows_do_not_overlap,
    kept_places_need_a_gateway,
)
