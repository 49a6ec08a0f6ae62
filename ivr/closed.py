"""Decides what a caller hears while we are closed: why, when we open next, and the offer of a callback."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from ivr.callback import take_callback
from ivr.effects import ChooseLanguage, Collect, EndReason
from ivr.events import DigitsEntered, Event, SilenceElapsed
from ivr.language import chosen, offers
from ivr.stage import Facts, Turn, end, unexpected
from ivr.words import moment_prompts
from routing.announcing import closure_prompt
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
    opening: Opening
    at: datetime

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return take_callback(self.facts, give_up=_goodbye)
            case DigitsEntered(digits=key):
                return self._language_chosen(key) or _goodbye()
            case SilenceElapsed():
                return _goodbye()
        raise unexpected(self, event)

    def _language_chosen(self, key: str) -> Turn | None:
        """All of it again, in the language of that key."""
        facts = chosen(self.facts, key)
        if facts is None or facts.language is None:
            return None
        turn = say_closed(facts, self.opening, self.at)
        return replace(turn, effects=(ChooseLanguage(facts.language), *turn.effects))


def say_closed(facts: Facts, opening: Opening, at: datetime) -> Turn:
    """Say that we are closed and when we open; at most one question follows."""
    when = () if opening.next_open is None else ("next_open", *moment_prompts(facts.config, opening.next_open, at))
    prompts = (_why(facts, opening), *offers(facts), *when, "callback_offer")
    return Turn((Collect(prompts, 1, facts.config.menu.silence_seconds),), Closed(facts, opening, at))


def _why(facts: Facts, opening: Opening) -> str:
    """A closure's own announcement is written in the hotline's own language only."""
    if opening.announcement is not None and facts.language is None:
        return closure_prompt(opening.announcement)
    return _WHY[opening.reason]


def _goodbye() -> Turn:
    return end(EndReason.CLOSED)
