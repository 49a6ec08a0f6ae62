"""Decides how a caller comes to another language: the offer, the key, and that all is played in it afterwards."""

from dataclasses import replace

from ivr.effects import Collect, Effect, Play, Wait
from ivr.prompts import LANGUAGE_OFFER, in_language
from ivr.stage import Facts


def offers(facts: Facts) -> tuple[str, ...]:
    """What tells the caller of other languages, each in its own; nothing once one was chosen."""
    if facts.language is not None:
        return ()
    return tuple(in_language(LANGUAGE_OFFER, language.key) for language in facts.config.languages)


def chosen(facts: Facts, key: str) -> Facts | None:
    """The call in the language that this key chooses; None when it chooses none, and once one was chosen."""
    if facts.language is not None:
        return None
    languages = (language.key for language in facts.config.languages if language.press == key)
    return next((replace(facts, language=language) for language in languages), None)


def spoken_in(effect: Effect, language: str | None) -> Effect:
    """The effect with its prompts in this language."""
    match effect:
        case Play() | Collect() | Wait():
            return replace(effect, prompts=tuple(in_language(name, language) for name in effect.prompts))
    return effect
