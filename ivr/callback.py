"""Decides which number a caller is to be called back at: the one shown, or one entered and read back.

Numbers that cannot be rung (withheld, foreign, premium, emergency) are refused in words, and another is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from ivr.effects import Collect, EndReason, LeaveCallback
from ivr.events import DigitsEntered, Event, SilenceElapsed
from ivr.stage import Facts, Turn, end, unexpected
from ivr.words import telephone_prompts

TRIES = 3
"""Silence, wrong keys, numbers that cannot be rung and "once more" together; then the caller is not kept here."""
NUMBER_DIGITS = 16
NUMBER_SILENCE_SECONDS = 10.0
"""Longer than at the menu: people look a number up."""
Taken = Callable[[str | None], Turn]
"""What follows a number that was confirmed; None is the one shown."""


@dataclass(frozen=True, slots=True)
class ConfirmShown:
    """The caller's own number was read out: 1 takes it, 2 asks for another one."""

    name: ClassVar[str] = "callback"
    facts: Facts
    give_up: Callable[[], Turn]
    taken: Taken
    caller: str
    tries_left: int = TRIES

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return self.taken(None)
            case DigitsEntered(digits="2"):
                return EnterNumber(self.facts, self.give_up, self.taken, self.tries_left).ask()
            case DigitsEntered() | SilenceElapsed():
                again = replace(self, tries_left=self.tries_left - 1)
                return again.ask() if again.tries_left else self.give_up()
        raise unexpected(self, event)

    def ask(self) -> Turn:
        prompts = (
            "callback_number_shown",
            *telephone_prompts(self.facts.config, self.caller),
            "callback_confirm_shown",
        )
        return Turn((Collect(prompts, 1, self.facts.config.menu.silence_seconds),), self)


@dataclass(frozen=True, slots=True)
class EnterNumber:
    """A number is being entered by keypad."""

    name: ClassVar[str] = "callback"
    facts: Facts
    give_up: Callable[[], Turn]
    taken: Taken
    tries_left: int

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(accepted=str(number)):
                return ConfirmEntered(self.facts, self.give_up, self.taken, self.tries_left, number).ask()
            case DigitsEntered():
                return self.again("callback_number_wrong")
            case SilenceElapsed():
                return self.again()
        raise unexpected(self, event)

    def again(self, *before: str) -> Turn:
        """Another try, if any is left."""
        left = replace(self, tries_left=self.tries_left - 1)
        return left.ask(*before) if left.tries_left else self.give_up()

    def ask(self, *before: str) -> Turn:
        prompts = (*before, "callback_enter_number")
        return Turn((Collect(prompts, NUMBER_DIGITS, NUMBER_SILENCE_SECONDS, finish="#"),), self)


@dataclass(frozen=True, slots=True)
class ConfirmEntered:
    """The entered number was read back: 1 takes it, anything else asks for it again."""

    name: ClassVar[str] = "callback"
    facts: Facts
    give_up: Callable[[], Turn]
    taken: Taken
    tries_left: int
    number: str

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return self.taken(self.number)
            case DigitsEntered(digits="2"):
                return EnterNumber(self.facts, self.give_up, self.taken, self.tries_left).again()
            case DigitsEntered() | SilenceElapsed():
                again = replace(self, tries_left=self.tries_left - 1)
                return again.ask() if again.tries_left else self.give_up()
        raise unexpected(self, event)

    def ask(self) -> Turn:
        prompts = ("callback_read_back", *telephone_prompts(self.facts.config, self.number), "callback_confirm_entered")
        return Turn((Collect(prompts, 1, self.facts.config.menu.silence_seconds),), self)


def take_number(facts: Facts, give_up: Callable[[], Turn], taken: Taken) -> Turn:
    """Ask for the number; `give_up` says how it goes on with a caller who does not get to one.

    The caller must not be in the line any more.
    """
    if facts.callback_possible and facts.caller is not None:
        return ConfirmShown(facts, give_up, taken, facts.caller).ask()
    return EnterNumber(facts, give_up, taken, TRIES).ask("callback_number_unusable")


def take_callback(facts: Facts, give_up: Callable[[], Turn]) -> Turn:
    """Ask for the number of a callback by anybody who has time."""
    return take_number(facts, give_up, _noted)


def _noted(number: str | None) -> Turn:
    return end(EndReason.CALLBACK, LeaveCallback(number), saying=("callback_taken", "goodbye"))
