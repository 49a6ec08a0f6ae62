"""Decides what a caller hears while we are closed: why, when we open next, and the offer of a callback."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ivr.callback import take_callback
from ivr.effects import Collect, EndReason
from ivr.events import DigitsEntered, Event, SilenceElapsed
from ivr.stage import Facts, Turn, end, unexpected
from ivr.words import moment_prompts
from routing.hours import Opening, Reason

_WHY = {
    Reason.OUTSIDE_HOURS: "closed_hours",
    Reason.WEEKEND: "closed_weekend",
    Reason.HOLIDAY: "closed_holiday",
    Reason.CLOSURE: "closed_closure",
}


@dataclass(frozen=True, slots=True)
class Closed:
    """The callback was offered; 1 takes it."""

    name: ClassVar[str] = "closed"
    facts: Facts

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return take_callback(self.facts, give_up=_goodbye)
            case DigitsEntered() | SilenceElapsed():
                return _goodbye()
        raise unexpected(self, event)


def say_closed(facts: Facts, opening: Opening, at: datetime) -> Turn:
    """Say that we are closed and when we open; at most one question follows."""
    when = () if opening.next_open is None else ("next_open", *moment_prompts(facts.config, opening.next_open, at))
    prompts = (_WHY[opening.reason], *when, "callback_offer")
    return Turn((Collect(prompts, 1, facts.config.menu.silence_seconds),), Closed(facts))


def _goodbye() -> Turn:
    return end(EndReason.CLOSED)
