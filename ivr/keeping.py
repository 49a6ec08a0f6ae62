"""Decides when a caller is rung back who has given up waiting, but not the place: in turn, or in a window of time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from ivr.callback import TRIES, take_number
from ivr.effects import Collect, EndReason, InTurn, LeaveCallback, Window
from ivr.events import DigitsEntered, Event, SilenceElapsed, WaitElapsed
from ivr.stage import Facts, Turn, end, unexpected
from ivr.words import day_prompts, hour_prompt, number_prompt
from routing.windows import next_windows

FIRST_WINDOW_KEY = 2
UNKNOWN_WAIT_SECONDS = 1800.0
"""What a wait is taken for of which too little is known."""


@dataclass(frozen=True, slots=True)
class ChooseTime:
    """The number is confirmed: 1 is in turn, the keys behind it are the windows.

    Nobody is asked for ever, and nobody who has confirmed the number is sent back to waiting: silence and wrong keys
    become "in turn", which is what was asked for by giving up the waiting.
    """

    name: ClassVar[str] = "callback"
    facts: Facts
    number: str | None
    windows: tuple[Window, ...]
    asked_at: datetime
    late: bool
    tries_left: int = TRIES

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return self._in_turn()
            case DigitsEntered(digits=key) if key in self._keys():
                return _in_window(self.number, self._keys()[key])
            case DigitsEntered():
                return self._again("wrong_key")
            case SilenceElapsed():
                return self._again()
        raise unexpected(self, event)

    def ask(self, *before: str) -> Turn:
        windows = (name for key, window in self._keys().items() for name in self._window_prompts(key, window))
        prompts = (*before, *_late_prompts(self.late), "callback_in_turn", *windows)
        return Turn((Collect(prompts, 1, self.facts.config.menu.silence_seconds),), self)

    @property
    def confirmed(self) -> LeaveCallback:
        """What is left for a caller who hangs up now."""
        return LeaveCallback(self.number, InTurn())

    def _again(self, *before: str) -> Turn:
        left = replace(self, tries_left=self.tries_left - 1)
        return left.ask(*before) if left.tries_left else self._in_turn()

    def _in_turn(self) -> Turn:
        return _in_turn(self.number, late=self.late)

    def _keys(self) -> dict[str, Window]:
        return {str(key): window for key, window in enumerate(self.windows, start=FIRST_WINDOW_KEY)}

    def _window_prompts(self, key: str, window: Window) -> tuple[str, ...]:
        return (
            *day_prompts(self.facts.config, window.start, self.asked_at),
            "callback_between",
            hour_prompt(window.start.hour),
            "callback_and",
            hour_prompt(window.end.hour),
            "callback_window",
            number_prompt(int(key)),
        )


def keep_place(facts: Facts, give_up: Callable[[], Turn], look: WaitElapsed) -> Turn:
    """Ask for the number, then for the time; without windows, or not knowing the time, it is in turn at once.

    `give_up` leads back into the line; `look` is how things stood there at last. The caller must not be in it.
    """
    return take_number(facts, give_up, lambda number: _choose_time(facts, number, look), may_wait_on=True)


def _choose_time(facts: Facts, number: str | None, look: WaitElapsed) -> Turn:
    if look.at is None:
        return _in_turn(number, late=False)
    spans = next_windows(facts.config, facts.calendar, look.at)
    late = _closes_before_the_turn(facts, look.at, look.expected)
    if not spans:
        return _in_turn(number, late=late)
    return ChooseTime(facts, number, tuple(Window(start, ends) for start, ends in spans), look.at, late).ask()


def _closes_before_the_turn(facts: Facts, at: datetime, expected: float | None) -> bool:
    """Whether the open time that is left today is too short, so that the turn comes on another day."""
    if not facts.config.callbacks.only_when_open:
        return False
    today = facts.calendar.openings(at, at + timedelta(days=1))
    zone = ZoneInfo(facts.config.hotline.timezone)
    day = at.astimezone(zone).date()
    ahead = ((max(start, at), ends) for start, ends in today)
    left = sum((ends - start).total_seconds() for start, ends in ahead if start.astimezone(zone).date() == day)
    return left < (UNKNOWN_WAIT_SECONDS if expected is None else expected)


def _late_prompts(late: bool) -> tuple[str, ...]:
    return ("callback_next_day",) if late else ()


def _in_turn(number: str | None, *, late: bool) -> Turn:
    saying = ("callback_place_kept", *_late_prompts(late), "goodbye")
    return end(EndReason.CALLBACK, LeaveCallback(number, InTurn()), saying=saying)


def _in_window(number: str | None, window: Window) -> Turn:
    return end(EndReason.CALLBACK, LeaveCallback(number, window), saying=("callback_window_taken", "goodbye"))
