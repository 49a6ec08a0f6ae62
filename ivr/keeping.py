"""Decides when a caller is rung back who has given up waiting, but not the place: in turn, or in a window of time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from ivr.callback import TRIES, take_number
from ivr.effects import Collect, EndReason, InTurn, LeaveCallback, Window
from ivr.events import DigitsEntered, Event, SilenceElapsed
from ivr.stage import Facts, Turn, end, unexpected
from ivr.words import day_prompts, number_prompt
from routing.windows import next_windows

FIRST_WINDOW_KEY = 2


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
    tries_left: int = TRIES

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return _in_turn(self.number)
            case DigitsEntered(digits=key) if key in self._keys():
                return _in_window(self.number, self._keys()[key])
            case DigitsEntered() | SilenceElapsed():
                again = replace(self, tries_left=self.tries_left - 1)
                return again.ask() if again.tries_left else _in_turn(self.number)
        raise unexpected(self, event)

    def ask(self) -> Turn:
        windows = (name for key, window in self._keys().items() for name in self._window_prompts(key, window))
        return Turn((Collect(("callback_in_turn", *windows), 1, self.facts.config.menu.silence_seconds),), self)

    def _keys(self) -> dict[str, Window]:
        return {str(key): window for key, window in enumerate(self.windows, start=FIRST_WINDOW_KEY)}

    def _window_prompts(self, key: str, window: Window) -> tuple[str, ...]:
        return (
            *day_prompts(self.facts.config, window.start, self.asked_at),
            "callback_between",
            number_prompt(window.start.hour),
            "callback_and",
            number_prompt(window.end.hour),
            "callback_hours",
            "callback_window",
            number_prompt(int(key)),
        )


def keep_place(facts: Facts, give_up: Callable[[], Turn], at: datetime | None) -> Turn:
    """Ask for the number, then for the time; without windows, or not knowing the time (`at`), it is in turn at once.

    `give_up` says how it goes on with a caller who does not get to a number. The caller must not be in the line.
    """
    return take_number(facts, give_up, lambda number: _choose_time(facts, number, at))


def _choose_time(facts: Facts, number: str | None, at: datetime | None) -> Turn:
    spans = [] if at is None else next_windows(facts.config, facts.calendar, at)
    if at is None or not spans:
        return _in_turn(number)
    return ChooseTime(facts, number, tuple(Window(start, ends) for start, ends in spans), at).ask()


def _in_turn(number: str | None) -> Turn:
    return end(EndReason.CALLBACK, LeaveCallback(number, InTurn()), saying=("callback_place_kept", "goodbye"))


def _in_window(number: str | None, window: Window) -> Turn:
    return end(EndReason.CALLBACK, LeaveCallback(number, window), saying=("callback_window_taken", "goodbye"))
