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
WAIT_ON_KEY = "*"
"""Leads back into the line, at once."""
Taken = Callable[[str | None], Turn]
"""What follows a number that was confirmed; None is the one shown."""


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom a number is asked, and what comes of it."""

    facts: Facts
    give_up: Callable[[], Turn]
    taken: Taken
    may_wait_on: bool
    """Whether `give_up` is the line, to which the caller may go back at any moment."""

    @property
    def way_back(self) -> tuple[str, ...]:
        """The prompt that tells of it."""
        return ("callback_wait_on",) if self.may_wait_on else ()

    def goes_back(self, digits: str) -> bool:
        return self.may_wait_on and digits == WAIT_ON_KEY


@dataclass(frozen=True, slots=True)
class ConfirmShown:
    """The caller's own number was read out: 1 takes it, 2 asks for another one."""

    name: ClassVar[str] = "callback"
    asking: Asking
    caller: str
    tries_left: int = TRIES

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return self.asking.taken(None)
            case DigitsEntered(digits="2"):
                return EnterNumber(self.asking, self.tries_left).ask()
            case DigitsEntered(digits=key) if self.asking.goes_back(key):
                return self.asking.give_up()
            case DigitsEntered() | SilenceElapsed():
                again = replace(self, tries_left=self.tries_left - 1)
                return again.ask() if again.tries_left else self.asking.give_up()
        raise unexpected(self, event)

    def ask(self) -> Turn:
        config = self.asking.facts.config
        number = telephone_prompts(config, self.caller)
        prompts = ("callback_number_shown", *number, "callback_confirm_shown", *self.asking.way_back)
        return Turn((Collect(prompts, 1, config.menu.silence_seconds),), self)


@dataclass(frozen=True, slots=True)
class EnterNumber:
    """A number is being entered by keypad."""

    name: ClassVar[str] = "callback"
    asking: Asking
    tries_left: int

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits=keys) if self.asking.goes_back(keys):
                return self.asking.give_up()
            case DigitsEntered(accepted=str(number)):
                return ConfirmEntered(self.asking, self.tries_left, number).ask()
            case DigitsEntered():
                return self.again("callback_number_wrong")
            case SilenceElapsed():
                return self.again()
        raise unexpected(self, event)

    def again(self, *before: str) -> Turn:
        """Another try, if any is left."""
        left = replace(self, tries_left=self.tries_left - 1)
        return left.ask(*before) if left.tries_left else self.asking.give_up()

    def ask(self, *before: str) -> Turn:
        prompts = (*before, "callback_enter_number", *self.asking.way_back)
        return Turn((Collect(prompts, NUMBER_DIGITS, NUMBER_SILENCE_SECONDS, finish="#"),), self)


@dataclass(frozen=True, slots=True)
class ConfirmEntered:
    """The entered number was read back: 1 takes it, anything else asks for it again."""

    name: ClassVar[str] = "callback"
    asking: Asking
    tries_left: int
    number: str

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return self.asking.taken(self.number)
            case DigitsEntered(digits="2"):
                return EnterNumber(self.asking, self.tries_left).again()
            case DigitsEntered(digits=key) if self.asking.goes_back(key):
                return self.asking.give_up()
            case DigitsEntered() | SilenceElapsed():
                again = replace(self, tries_left=self.tries_left - 1)
                return again.ask() if again.tries_left else self.asking.give_up()
        raise unexpected(self, event)

    def ask(self) -> Turn:
        config = self.asking.facts.config
        prompts = ("callback_read_back", *telephone_prompts(config, self.number), "callback_confirm_entered")
        return Turn((Collect(prompts, 1, config.menu.silence_seconds),), self)


def take_number(facts: Facts, give_up: Callable[[], Turn], taken: Taken, *, may_wait_on: bool = False) -> Turn:
    """Ask for the number; `give_up` says how it goes on with a caller who does not get to one.

    The caller must not be in the line any more; with `may_wait_on` it is the line that `give_up` leads to.
    """
    asking = Asking(facts, give_up, taken, may_wait_on)
    if facts.callback_possible and facts.caller is not None:
        return ConfirmShown(asking, facts.caller).ask()
    return EnterNumber(asking, TRIES).ask("callback_number_unusable")


def take_callback(facts: Facts, give_up: Callable[[], Turn], *, may_wait_on: bool = False) -> Turn:
    """Ask for the number of a callback by anybody who has time."""
    return take_number(facts, give_up, _noted, may_wait_on=may_wait_on)


def _noted(number: str | None) -> Turn:
    return end(EndReason.CALLBACK, LeaveCallback(number), saying=("callback_taken", "goodbye"))
