"""Decides what a caller hears while we are closed: why, when we open next, and the offer of a callback."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from ivr.callback import take_callback
from ivr.effects import ChooseLanguage, Collect, EndReason
from ivr.events import DigitsEntered, Event, SilenceElapsed
from ivr.language import chosen, offers
from ivr.stage import Facts, Turn, emergency, end, unexpected
from ivr.words import moment_prompts
from routing.announcing import closure_prompt
from routing.hours import Opening, Reason

_WHY = {
    Reason.OUTSIDE_HOURS: "closed_hours",
    Reason.WEEKEND: "closed_weekend",
    Reason.HOLIDAY: "closed_holiday",
    Reason.CLOSURE: "closed_closure",
}
REPEAT_KEY = "*"
REPEATS = 3
"""So often all of it can be heard again."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The callback was offered; 1 takes it."""

    name: ClassVar[str] = "closed"
    facts: Facts
    opening: Opening
    at: datetime
    wrong_keys_left: int
    repeats_left: int = REPEATS

    def receive(self, event: Event) -> Turn:
        match event:
            case DigitsEntered(digits="1"):
                return take_callback(self.facts, give_up=_goodbye)
            case DigitsEntered(digits=key) if key == REPEAT_KEY:
                return self._repeat()
            case DigitsEntered(digits=key):
                return self._language_chosen(key) or self._wrong_key()
            case SilenceElapsed():
                return _goodbye()
        raise unexpected(self, event)

    def ask(self, *before: str) -> Turn:
        """Say that we are closed and when we open; at most one question follows."""
        facts, opens = self.facts, self.opening.next_open
        when = () if opens is None else ("next_open", *moment_prompts(facts.config, opens, self.at))
        prompts = (*before, self._why(), *offers(facts), *when, "callback_offer")
        return Turn((Collect(prompts, 1, facts.config.menu.silence_seconds),), self)

    def _why(self) -> str:
        """A closure's own announcement is written in the hotline's own language only.

        A closure that ends today is none of the whole day, which the words for closures say.
        """
        opening = self.opening
        if opening.announcement is not None and self.facts.language is None:
            return closure_prompt(opening.announcement)
        if opening.reason is Reason.CLOSURE and self._opens_today():
            return _WHY[Reason.OUTSIDE_HOURS]
        return _WHY[opening.reason]

    def _opens_today(self) -> bool:
        zone, opens = ZoneInfo(self.facts.config.hotline.timezone), self.opening.next_open
        return opens is not None and opens.astimezone(zone).date() == self.at.astimezone(zone).date()

    def _language_chosen(self, key: str) -> Turn | None:
        """All of it again, in the language of that key; the same words when the key is pressed twice."""
        facts = chosen(self.facts, key)
        if facts is None or facts.language is None:
            pressed_again = key in (one.press for one in self.facts.config.languages)
            return self._repeat() if pressed_again else None
        turn = replace(self, facts=facts).ask(*emergency(facts))
        return replace(turn, effects=(ChooseLanguage(facts.language), *turn.effects))

    def _repeat(self) -> Turn:
        if self.repeats_left == 0:
            return _goodbye()
        return replace(self, repeats_left=self.repeats_left - 1).ask(*emergency(self.facts))

    def _wrong_key(self) -> Turn:
        if self.wrong_keys_left == 0:
            return _goodbye()
        return replace(self, wrong_keys_left=self.wrong_keys_left - 1).ask("wrong_key")


def say_closed(facts: Facts, opening: Opening, at: datetime) -> Turn:
    """Say that we are closed, after the announcement of an emergency; any key may be pressed from the first word on."""
    return Closed(facts, opening, at, facts.config.menu.retries).ask(*emergency(facts))


def _goodbye() -> Turn:
    return end(EndReason.CLOSED)
