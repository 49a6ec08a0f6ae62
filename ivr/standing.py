"""Decides how a caller in the line is told how things stand: the place, and the wait to be expected, in rounded words.

A place or wait that is worse than what was said before comes with a sentence that says so.
"""

from dataclasses import dataclass

from ivr.words import HIGHEST_PLACE, number_prompt

MINUTES = (2, 3, 5, 10, 15, 20, 30)
"""What a wait is rounded up to; a shorter one than the first is "soon", a longer one than the last "long"."""
SOON, LONG = 0, 31
"""In their places, so that waits can be compared."""


@dataclass(frozen=True, slots=True)
class Told:
    """What this caller has heard last; None is nothing yet."""

    place: int | None = None
    minutes: int | None = None
    """One of `MINUTES`, SOON or LONG."""

    @property
    def soon(self) -> bool:
        return self.minutes == SOON


NOTHING = Told()


def tell(told: Told, place: int, expected: float | None) -> tuple[tuple[str, ...], Told]:
    """The prompts, and what the caller knows then; `expected` in seconds, None: nothing is said of it."""
    place = min(max(place, 1), HIGHEST_PLACE + 1)
    minutes = None if expected is None else _rounded(expected)
    worse = _more(place, told.place) or _more(minutes, told.minutes)
    prompts = (*(("wait_longer",) if worse else ()), *_place_prompts(place), *_wait_prompts(minutes))
    return prompts, Told(place, told.minutes if minutes is None else minutes)


def _rounded(seconds: float) -> int:
    if seconds < MINUTES[0] * 60:
        return SOON
    return next((minutes for minutes in MINUTES if seconds <= minutes * 60), LONG)


def _more(now: int | None, before: int | None) -> bool:
    return now is not None and before is not None and now > before


def _place_prompts(place: int) -> tuple[str, ...]:
    return ("position", number_prompt(place)) if place <= HIGHEST_PLACE else ("position_many",)


def _wait_prompts(minutes: int | None) -> tuple[str, ...]:
    if minutes is None:
        return ()
    if minutes in (SOON, LONG):
        return ("wait_soon",) if minutes == SOON else ("wait_long",)
    return ("wait_about", number_prompt(minutes), "wait_minutes")
