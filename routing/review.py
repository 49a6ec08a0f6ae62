"""Tells what a configuration allows but probably does not mean. Nothing of it keeps anybody from activating it."""

from collections.abc import Callable, Iterator
from datetime import datetime

from config.schema import HotlineConfig
from routing.review_case_workers import ABSENCE_WARNINGS, CASE_WORKER_WARNINGS
from routing.review_hours import HOURS_WARNINGS, SPAN_WARNINGS
from routing.review_staff import STAFF_WARNINGS
from routing.review_texts import TEXT_WARNINGS
from routing.review_waiting import WAITING_WARNINGS

Path = tuple[str | int, ...]
Warnings = Iterator[tuple[Path, str]]

RULES: tuple[Callable[[HotlineConfig], Warnings], ...] = (
    *SPAN_WARNINGS,
    *STAFF_WARNINGS,
    *WAITING_WARNINGS,
    *TEXT_WARNINGS,
    *CASE_WORKER_WARNINGS,
)
RULES_OF_TODAY: tuple[Callable[[HotlineConfig, datetime], Warnings], ...] = (*HOURS_WARNINGS, *ABSENCE_WARNINGS)
"""Those that depend on which day it is."""


def review(config: HotlineConfig, now: datetime) -> list[tuple[Path, str]]:
    """All warnings, as (path of the value in the file, what is probably not meant). `now` is aware business time."""
    lasting = [warning for rule in RULES for warning in rule(config)]
    return [*(warning for rule in RULES_OF_TODAY for warning in rule(config, now)), *lasting]
