"""Decides what the caller wants: one key, and whoever presses none or wrong ones gets a person all the same."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ivr.effects import ChooseLanguage, Collect
from ivr.events import DigitsEntered, Event, SilenceElapsed
from ivr.language import chosen, offers
from ivr.prompts import type_prompt
from ivr.stage import Facts, Turn, emergency, unexpected
from ivr.waiting import join_line

REPEAT_KEY = "*"
REPEATS = 3
"""So often the menu can be heard again; then a person is better help."""


@dataclass(frozen=True, slots=True)
class Menu:
    name: ClassVar[str] = "menu"
    facts: Facts
    wrong_keys_left: int
    repeats_left: int = REPEATS

    def receive(self, event: Event) -> Turn:
        match event:
            case SilenceElapsed():
                return self._to_a_person()
            case DigitsEntered(digits=key) if key == REPEAT_KEY:
                return self._repeat()
            case DigitsEntered(digits=key):
                return self._chosen(key)
        raise unexpected(self, event)

    def _chosen(self, key: str) -> Turn:
        for request in self.facts.config.request_types:
            if request.press == key:
                return join_line(self.facts, request.key)
        if key == self.facts.config.unclear.press:
            return self._to_a_person()
        return self._language_chosen(key) or self._wrong_key()

    def _language_chosen(self, key: str) -> Turn | None:
        """The menu in the language of that key; heard again when the key is pressed twice."""
        facts = chosen(self.facts, key)
        if facts is None or facts.language is None:
            pressed_again = key in (one.press for one in self.facts.config.languages)
            return self._repeat() if pressed_again else None
        turn = Menu(facts, facts.config.menu.retries).ask("data_protection")
        return replace(turn, effects=(ChooseLanguage(facts.language), *turn.effects))

    def _wrong_key(self) -> Turn:
        if self.wrong_keys_left == 0:
            return self._to_a_person()
        return replace(self, wrong_keys_left=self.wrong_keys_left - 1).ask("wrong_key")

    def _repeat(self) -> Turn:
        return replace(self, repeats_left=self.repeats_left - 1).ask() if self.repeats_left else self._to_a_person()

    def _to_a_person(self) -> Turn:
        return join_line(self.facts, self.facts.config.unclear.key, "connecting_unclear")

    def ask(self, *before: str) -> Turn:
        """Play the menu, after the prompts `before`; a key may be pressed at any moment."""
        prompts = (*before, *menu_prompts(self.facts))
        return Turn((Collect(prompts, 1, self.facts.config.menu.silence_seconds),), self)


@dataclass(frozen=True, slots=True)
class Welcome:
    """Greeting and announcements play; a key cuts them off and is already the answer to the menu."""

    name: ClassVar[str] = "welcome"
    facts: Facts

    def receive(self, event: Event) -> Turn:
        match event:
            case SilenceElapsed():
                return self._menu(self.facts).ask("data_protection")
            case DigitsEntered():
                # Perhaps not heard to its end: told again while waiting.
                return self._menu(replace(self.facts, announcement=None, emergency=False)).receive(event)
        raise unexpected(self, event)

    def say(self) -> Turn:
        told = () if self.facts.announcement is None else (self.facts.announcement,)
        prompts = (*emergency(self.facts), "greeting", *offers(self.facts), *told)
        return Turn((Collect(prompts, 1, silence_seconds=0),), self)

    @staticmethod
    def _menu(facts: Facts) -> Menu:
        return Menu(facts, facts.config.menu.retries)


def greet(facts: Facts) -> Turn:
    """The first words to a caller who reaches us within hours; a key pressed at any moment of them counts."""
    if facts.announcement is not None or facts.emergency:
        return Welcome(facts).say()
    return Menu(facts, facts.config.menu.retries).ask("greeting", *offers(facts), "data_protection")


def menu_prompts(facts: Facts) -> tuple[str, ...]:
    """The menu itself, as it is also repeated; with the greeting it lasts at most 30 s."""
    requests = (*facts.config.request_types, facts.config.unclear)
    return ("menu_intro", *(type_prompt(request.key) for request in requests), "menu_repeat")
